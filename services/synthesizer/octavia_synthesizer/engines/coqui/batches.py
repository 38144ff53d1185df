"""Lines of several callers spoken together, for a GPU speaks eight in little more than the time of one."""

import queue
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from octavia_common.cancellation import CancelToken
from octavia_common.errors import TransientError

log = structlog.get_logger(__name__)

Line = TypeVar("Line")
Spoken = TypeVar("Spoken")

GATHER_SECONDS = 0.02
"""How long the first line of a batch waits for others: little against what a line takes to speak."""

LOOK_SECONDS = 0.1
"""How often who waits looks whether the job was cancelled."""


class NobodySpeaksError(TransientError):
    """The thread that speaks has ended: the process is about to."""

    code = "speech_ended"


class DeviceMemoryError(TransientError):
    """Not even one line fits into the memory of the device; it may when others have left it."""

    code = "device_out_of_memory"


@dataclass(eq=False)
class _Asked(Generic[Line, Spoken]):
    line: Line
    kind: Hashable
    answer: "Future[Spoken]" = field(default_factory=Future)


class Batcher(Generic[Line, Spoken]):
    """One thread that speaks; callers wait for their own line. Lines of one `kind` can go together.

    Where the device's memory runs out the batch is halved, for good, and spoken in parts; one line that a
    batch fails on does not fail the others.
    """

    def __init__(
        self,
        speak: Callable[[Sequence[Line]], Sequence[Spoken]],
        *,
        most: int,
        out_of_memory: Callable[[BaseException], bool],
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """`forget` gives memory back that the device keeps in reserve."""
        self.most = most
        self._speak = speak
        self._out_of_memory = out_of_memory
        self._forget = forget
        # As many wait as the engine has threads: each brings one line at a time.
        self._asked: queue.SimpleQueue[_Asked[Line, Spoken] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="speech-batches", daemon=True)
        self._thread.start()

    def spoken(self, line: Line, kind: Hashable, cancel: CancelToken) -> Spoken:
        """The line as it was spoken. Raises what speaking raised, and JobCancelledError."""
        asked: _Asked[Line, Spoken] = _Asked(line, kind)
        self._asked.put(asked)
        while True:
            try:
                return asked.answer.result(LOOK_SECONDS)
            except StillWaiting:
                if asked.answer.done():  # the model's own time-out, not ours
                    raise
                if cancel.cancelled:
                    asked.answer.cancel()
                cancel.raise_if_cancelled()
                if not self._thread.is_alive():
                    raise NobodySpeaksError("The thread that speaks has ended.") from None

    def close(self) -> None:
        """End the thread, once it has spoken what it has in hand."""
        self._asked.put(None)
        self._thread.join(30)

    def _work(self) -> None:
        waiting: list[_Asked[Line, Spoken]] = []
        while True:
            if not waiting:
                first = self._asked.get()
                if first is None:
                    return
                waiting.append(first)
            ended = self._gather(waiting)
            kind = waiting[0].kind
            batch = [asked for asked in waiting if asked.kind == kind][: self.most]
            waiting = [asked for asked in waiting if asked not in batch]
            self._answer([asked for asked in batch if asked.answer.set_running_or_notify_cancel()])
            if ended and not waiting:
                return

    def _gather(self, waiting: list[_Asked[Line, Spoken]]) -> bool:
        """Take what comes in a moment; True at the end of all."""
        until = time.monotonic() + GATHER_SECONDS
        while len(waiting) < self.most:
            try:
                asked = self._asked.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return False
            if asked is None:
                self._asked.put(None)
                return True
            waiting.append(asked)
        return False

    def _answer(self, batch: Sequence[_Asked[Line, Spoken]]) -> None:
        if not batch:
            return
        try:
            answers = self._speak([asked.line for asked in batch])
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            if not self._out_of_memory(error):
                self._one_by_one(batch, error)
                return
            trouble = str(error)[:300]
        else:
            for asked, answer in zip(batch, answers, strict=True):
                asked.answer.set_result(answer)
            return
        # Outside of the handler: the error held on to the frames, and these to the memory.
        self._forget()
        if len(batch) == 1:
            batch[0].answer.set_exception(
                DeviceMemoryError(f"One line does not fit into the memory of the device: {trouble}")
            )
            return
        half = len(batch) // 2
        self.most = min(self.most, half)
        log.warning("out of memory: speaking fewer lines at once", lines=self.most)
        self._answer(batch[:half])
        self._answer(batch[half:])

    def _one_by_one(self, batch: Sequence[_Asked[Line, Spoken]], error: Exception) -> None:
        if len(batch) == 1:
            batch[0].answer.set_exception(error)
            return
        for asked in batch:
            self._answer([asked])
