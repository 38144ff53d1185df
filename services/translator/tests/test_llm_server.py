"""The fake server passes what the real one passes (engine_tests/test_vllm.py)."""

from collections.abc import Iterator

import pytest
from octavia_translator.testing.fake_server import FakeServer
from octavia_translator.testing.server_suite import ServerSuite


@pytest.fixture
def url() -> Iterator[str]:
    with FakeServer() as server:
        yield server.url


@pytest.fixture
def model() -> str:
    return "fake"


class TestFakeServer(ServerSuite):
    pass
