"""vLLM's OpenAI-compatible server as a process of this machine: `make vllm`, and the same for tests."""

import json
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from octavia_local import engines
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.ports import LOOPBACK, free_port, http_status
from octavia_local.processes import Process

DEFAULT_MODEL = "Qwen/Qwen3-4B-Instruct-2507"
"""Apache-2.0, more than a hundred languages, 8 GB: fits beside the other engines on a GPU of 24 GB."""

DEFAULT_URL = "http://127.0.0.1:8000/v1"
"""As the translator's LLM_URL has it."""

_MODULE = "vllm.entrypoints.openai.api_server"  # `vllm serve` asks for the version of a package `vllm`
_STRUCTURED = {"backend": "xgrammar", "disable_any_whitespace": True}
_POLL_SECONDS = 0.5


def command(python: Path, model: str, host: str, port: int, more: Sequence[str] = ()) -> list[str]:
    """How vLLM is started for the translator; `more` goes last and wins.

    Answers follow a JSON schema without blanks (a model that has lost its way could go on so for ever),
    and what begins alike is computed once. The model's own taste in sampling is left out: the translator says
    what it wants.
    """
    return [
        *(str(python), "-m", _MODULE, "--model", model, "--host", host, "--port", str(port)),
        *("--max-model-len", "8192", "--enable-prefix-caching", "--generation-config", "vllm"),
        *("--structured-outputs-config", json.dumps(_STRUCTURED)),
        *more,
    ]


def environment(given: Mapping[str, str], *, gpu: bool) -> dict[str, str]:
    """What vLLM is told besides: to send no statistics, and to cache in 4 GiB where it has only a CPU."""
    own = {"VLLM_NO_USAGE_STATS": "1"}
    if not gpu:
        own["VLLM_CPU_KVCACHE_SPACE"] = "4"
    if given.get("LLM_API_KEY"):
        own["VLLM_API_KEY"] = given["LLM_API_KEY"]
    return {**own, **given}


def serve(layout: Layout, given: Mapping[str, str]) -> None:
    """Become vLLM, in the foreground: LLM_MODEL (a name or a path) at LLM_URL, with VLLM_ARGS if any.

    Raises:
        LocalError: its environment has not been made, or LLM_URL is of another machine.
    """
    python = engines.engine("vllm").python(layout)
    if not python.exists():
        raise LocalError("vLLM is not installed: run `make vllm`.")
    address = urlsplit(given.get("LLM_URL") or DEFAULT_URL)
    if address.hostname not in (LOOPBACK, "localhost", "0.0.0.0"):
        raise LocalError(f"LLM_URL is {address.geturl()}: that server is not started from here.")
    gpu = engines.has_gpu()
    # A part of the GPU for the model: the recogniser and the voices need the rest.
    more = [*(("--gpu-memory-utilization", "0.6") if gpu else ()), *shlex.split(given.get("VLLM_ARGS", ""))]
    model = given.get("LLM_MODEL") or DEFAULT_MODEL
    line = command(python, model, address.hostname, address.port or 80, more)
    print(f"vLLM serves {model} at {address.geturl()}; a model that is not here is fetched first", flush=True)
    os.execve(line[0], line, environment(given, gpu=gpu))


class VllmServer:
    """vLLM for tests: a model given by path, called by that path, on a free port.

    Args:
        log: what it writes.
        start_seconds: how long it may take to start; on a busy machine it takes minutes.
    """

    def __init__(self, model: Path, log: Path, *, start_seconds: float = 840.0) -> None:
        python = engines.engine("vllm").python(Layout.default())
        if not python.exists():
            raise LocalError("vLLM is not installed: run `make engines ENGINES=vllm`.")
        self.model = model
        self._port = free_port()
        self._start_seconds = start_seconds
        more = ["--dtype", "float32", "--enforce-eager", "--max-model-len", "16384", "--max-num-seqs", "8"]
        own = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
        self.process = Process(
            "vLLM",
            command(python, str(model), LOOPBACK, self._port, more),
            environment=environment({**os.environ, **own}, gpu=False),
            log=log,
        )

    @property
    def url(self) -> str:
        """What LLM_URL is to be."""
        return f"http://{LOOPBACK}:{self._port}/v1"

    def __enter__(self) -> Self:
        self.process.start()
        deadline = time.monotonic() + self._start_seconds
        while http_status(self._port, "/v1/models") != 200:
            if not self.process.running or time.monotonic() > deadline:
                tail = self.process.log_tail()
                self.process.kill()
                raise LocalError(f"vLLM does not start: see {self.process.log}\n{tail}")
            time.sleep(_POLL_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop(20.0)
