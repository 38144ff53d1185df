"""The translator's client and engine against vLLM itself, on the CPU, with a model of random weights."""

import re
from collections.abc import Iterator

import httpx
import pytest
from octavia_common.cancellation import CancelToken
from octavia_local.vllm import VllmServer
from octavia_samples.tiny_language_model import write_language_model
from octavia_translator.engine import Line, TranslationRequest
from octavia_translator.engines.llm import prompt
from octavia_translator.engines.llm.client import LlmClient
from octavia_translator.testing.server_suite import ServerSuite, question


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


def prefix_hits(server: VllmServer) -> float:
    """How many tokens vLLM did not have to compute, because it had seen what stands before them."""
    told = httpx.get(f"{server.url.removesuffix('/v1')}/metrics", timeout=10).text
    found = re.findall(r"^vllm:prefix_cache_hits_total{[^}]*} ([0-9.e+]+)", told, re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.timeout(900)
def test_what_chunks_of_a_job_share_is_computed_once(server: VllmServer, url: str, model: str) -> None:
    client = LlmClient(url, timeout_seconds=60.0)
    client.ask(model, question(), CancelToken())
    before = prefix_hits(server)
    other = Line("1-0", "Nothing of this was said before.", seconds=3.0)
    client.ask(model, question(other), CancelToken())
    shared = len(prompt.opening(TranslationRequest("en", "es", (other,)), (other,))[0]["content"].encode())
    assert prefix_hits(server) - before >= shared * 0.9, "a token is a byte here, kept in blocks"
    client.close()
