"""The base of every AI engine: it owns threads, retry, metrics and cancellation.

An engine implements `work`, a plain synchronous call, and where it needs to, `load` and `unload`.
Shape after livekit-agents' plug-ins: the base is the only place that knows how an engine is run.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from octavia_common.cancellation import CancelToken
from octavia_common.errors import TransientError
from octavia_common.telemetry.metrics import ENGINE_SECONDS

log = structlog.get_logger(__name__)

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True)
class EngineOffer:
    """The engines of one kind that a service can run; entry points of the group `octavia.engines`.

    `names` are what its setting may be, `chosen` what it is; `make` an engine of a name, not yet started.
    `gently` are settings under which a start neither fetches a model nor waits for a server.
    """

    kind: str
    names: tuple[str, ...]
    chosen: Callable[[], str]
    make: Callable[[str], "Engine[Any, Any]"]
    gently: Mapping[str, str]


class Engine(ABC, Generic[Request, Result]):
    """An engine of one kind. `name` and `version` are part of the keys of what it makes.

    `threads` bounds how many requests of one process are worked on at once.
    """

    name: ClassVar[str]
    version: str = "1"
    kind: ClassVar[str] = "engine"
    threads: int = 1
    attempts: int = 3

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Load and warm up. Raises EngineUnavailableError with one clear line where it can't."""
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix=f"{self.kind}-{self.name}")
        await asyncio.get_running_loop().run_in_executor(self._pool, self.load)

    async def close(self) -> None:
        """Let go of what `load` took."""
        if self._pool is not None:
            await asyncio.get_running_loop().run_in_executor(self._pool, self.unload)
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def run(self, request: Request, cancel: CancelToken) -> Result:
        """Answer one request off the event loop.

        Transient errors are tried again `attempts` times with jittered backoff; the last one is
        raised. Raises JobCancelledError where `cancel` says so between tries.
        """
        if self._pool is None:
            raise RuntimeError(f"engine {self.name} was not started")
        loop = asyncio.get_running_loop()
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self.attempts),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            reraise=True,
        ):
            with attempt:
                cancel.raise_if_cancelled()
                # Which chunk of which job it is for stands in the context of the log.
                log.info("engine call", kind=self.kind, engine=self.name)
                started = time.perf_counter()
                outcome = "failed"
                try:
                    result = await loop.run_in_executor(self._pool, self.work, request, cancel)
                    outcome = "ok"
                    return result
                finally:
                    ENGINE_SECONDS.labels(self.kind, self.name, outcome).observe(
                        time.perf_counter() - started
                    )
        raise AssertionError("unreachable: tenacity re-raises the last error")

    def load(self) -> None:
        """Check and load packages, programs and models (runs in a thread)."""

    def unload(self) -> None:
        """Give back what `load` took (runs in a thread)."""

    @abstractmethod
    def work(self, request: Request, cancel: CancelToken) -> Result:
        """Answer one request; looks at `cancel` when it takes long. Runs in a thread."""
