"""How vLLM is started, without starting it (services/translator/engine_tests does)."""

import os
from pathlib import Path

import pytest
from octavia_local import engines, vllm
from octavia_local.errors import LocalError
from octavia_local.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path, tmp_path / ".octavia")
    python = engines.engine("vllm").python(made)
    python.parent.mkdir(parents=True)
    python.touch()
    return made


class Executed(Exception):  # noqa: N818 - stands for becoming another program
    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.command = command
        self.environment = environment


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def execve(_: str, command: list[str], environment: dict[str, str]) -> None:
        raise Executed(command, environment)

    monkeypatch.setattr(os, "execve", execve)


def serve(layout: Layout, **given: str) -> Executed:
    with pytest.raises(Executed) as become:
        vllm.serve(layout, given)
    return become.value


def option(command: list[str], name: str) -> str:
    """The value that counts: the last one."""
    return command[len(command) - command[::-1].index(name)]


@pytest.mark.usefixtures("executed")
def test_it_serves_where_the_translator_looks_for_it(layout: Layout) -> None:
    command = serve(layout).command
    assert command[0] == str(engines.engine("vllm").python(layout))
    assert (option(command, "--host"), option(command, "--port")) == ("127.0.0.1", "8000")
    assert option(command, "--model") == vllm.DEFAULT_MODEL
    command = serve(layout, LLM_URL="http://localhost:8123/v1", LLM_MODEL="/models/mine").command
    assert (option(command, "--port"), option(command, "--model")) == ("8123", "/models/mine")


@pytest.mark.usefixtures("executed")
def test_a_person_has_the_last_word_and_a_key_is_no_argument(layout: Layout) -> None:
    become = serve(layout, VLLM_ARGS="--max-model-len 4096 --dtype float16", LLM_API_KEY="secret-key")
    assert option(become.command, "--max-model-len") == "4096"
    assert option(become.command, "--dtype") == "float16"
    assert "secret-key" not in " ".join(become.command)
    assert become.environment["VLLM_API_KEY"] == "secret-key"
    assert become.environment["VLLM_NO_USAGE_STATS"] == "1"


@pytest.mark.usefixtures("executed")
@pytest.mark.parametrize("gpu", [True, False])
def test_a_gpu_is_shared_and_a_cpu_has_a_cache(
    layout: Layout, gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "has_gpu", lambda: gpu)
    become = serve(layout)
    assert ("--gpu-memory-utilization" in become.command) is gpu
    assert ("VLLM_CPU_KVCACHE_SPACE" in become.environment) is not gpu


def test_a_server_elsewhere_is_not_started_here(layout: Layout) -> None:
    with pytest.raises(LocalError, match="not started from here"):
        vllm.serve(layout, {"LLM_URL": "https://llm.example.org/v1"})


def test_without_its_environment_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="make vllm"):
        vllm.serve(Layout(tmp_path, tmp_path), {})
