"""A platform on the three production engines, the model's server being vLLM itself."""

import secrets
from collections.abc import Iterator

import pytest
from octavia_local.own_servers import own_servers
from octavia_local.platform import Platform
from octavia_local.vllm import VllmServer

from .tiny import tiny_language_model, tiny_voice, tiny_whisper


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    """vLLM with a language model of random weights."""
    folder = tmp_path_factory.mktemp("vllm")
    with VllmServer(tiny_language_model(folder / "model"), folder / "vllm.log") as server:
        yield server


@pytest.fixture(scope="session")
def production(vllm: VllmServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service, with the engines that people will really run."""
    folder = tmp_path_factory.mktemp("models")
    settings = {
        "TRANSCRIBER_ENGINE": "faster-whisper",
        "WHISPER_MODEL": str(tiny_whisper(folder / "whisper", language="en")),
        "TRANSLATOR_ENGINE": "vllm",
        "LLM_URL": vllm.url,
        "SYNTHESIZER_ENGINE": "coqui",
        "COQUI_MODELS": str(tiny_voice(folder / "voice")),
        "JWT_SECRET": secrets.token_hex(32),
        "KAFKA_MOST_PARTITIONS": "4",
        "WELCOME_CREDITS": "100",
    }
    logs = tmp_path_factory.mktemp("production-logs")
    with (
        own_servers("engines", quick=True) as servers,
        Platform(logs, {**servers.environment(), **settings}) as platform,
    ):
        yield platform
