"""The translator's client and engine against vLLM itself, on the CPU, with a model of random weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from octavia_local.vllm import VllmServer
from octavia_samples.tiny_language_model import write_language_model
from octavia_translator.testing.server_suite import ServerSuite


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    folder = tmp_path_factory.mktemp("vllm")
    with VllmServer(write_language_model(folder / "model"), folder / "vllm.log") as running:
        yield running


@pytest.fixture
def url(server: VllmServer) -> str:
    return server.url


@pytest.fixture
def model(server: VllmServer) -> str:
    return str(server.model)


# It takes a minute or more to start, and longer on a busy machine.
@pytest.mark.timeout(900)
class TestVllm(ServerSuite):
    pass


def test_paths_of_models_are_what_they_are_called_by(server: VllmServer) -> None:
    assert Path(server.model).is_dir()
