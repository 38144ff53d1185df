"""A running Apertium pipeline: text in, translation out, thousands of times.

Starting Apertium costs 0.2 s a pair, most of it for loading dictionaries; a line through a running
pipeline costs 2 to 5 ms. So pipelines are kept, in Apertium's null-flush mode (as its own web
service does): every program of the pipe answers a text that ends in a zero byte with one that does,
and forgets it. What runs is the pair's own mode file, made null-flushing by `apertium-wblank-mode`;
the `apertium` script itself cannot be used for this, its awk wrapper waits for the end of input.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octavia_common.cancellation import CancelToken
from octavia_common.errors import TransientError

MAX_LINE_BYTES = 32 * 1024
"""Less than a pipe holds (64 KiB), so that writing a line to a running pipeline never blocks."""

MAX_USES = 5000
"""After so many lines a pipeline is replaced, in case one of its programs leaks."""

_ESCAPED = re.compile(r"([\\\[\]{}^$/@<>])")
_UNESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BLANK = re.compile(r"(?<!\\)\[(?:[^\\\[\]]|\\.)*\]")
_SENTENCE_END = ".[]"


class PipelineError(TransientError):
    """A pipeline ended or fell silent; a new one is started for the next try."""

    code = "translation_pipeline_failed"


def deformat(text: str) -> str:
    """A line in Apertium's stream format, ended as a sentence (what `apertium-destxt` makes)."""
    return _ESCAPED.sub(r"\\\1", text.replace("\0", " ")) + _SENTENCE_END


def reformat(stream: str) -> str:
    """A line out of the stream format (what `apertium-retxt` makes)."""
    stream = stream.rstrip()
    if stream.endswith(_SENTENCE_END):
        stream = stream.removesuffix(_SENTENCE_END)
    return _UNESCAPED.sub(r"\1", _BLANK.sub("", stream)).strip()


class Pipeline:
    """One mode's programs, in a session of their own so that they end together."""

    def __init__(self, script: str, mode: str) -> None:
        self.mode = mode
        self.uses = 0
        self._process = subprocess.Popen(
            ["bash", "-c", script, "apertium", "-g"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    @property
    def alive(self) -> bool:
        """Whether its programs still run."""
        return self._process.poll() is None

    def ask(self, text: str, cancel: CancelToken, *, timeout: float) -> str:
        """The translation of one line; words it does not know are marked (`*word`).

        Raises JobCancelledError, or PipelineError after `timeout` seconds or where a program died;
        after any of them the pipeline is of no more use and must be closed.
        """
        data = deformat(text).encode()
        if len(data) > MAX_LINE_BYTES:
            raise ValueError(
                f"a line of {len(data)} bytes is more than the {MAX_LINE_BYTES} that are allowed"
            )
        forget = cancel.on_cancel(self.kill)
        try:
            return self._exchange(data + b"\0", cancel, time.monotonic() + timeout)
        finally:
            forget()

    def _exchange(self, data: bytes, cancel: CancelToken, deadline: float) -> str:
        self.uses += 1
        answer = b""
        try:
            self._stdin.write(data)
            while not answer.endswith(b"\0"):
                wait = deadline - time.monotonic()
                if wait <= 0 or not select.select([self._stdout], [], [], wait)[0]:
                    raise PipelineError("Apertium took too long over a line.", mode=self.mode)
                piece = os.read(self._stdout.fileno(), MAX_LINE_BYTES)
                if not piece:
                    raise BrokenPipeError
                answer += piece
        except BrokenPipeError:
            cancel.raise_if_cancelled()
            raise PipelineError(
                f"Apertium's pipeline ended. `echo test | apertium {self.mode}` shows why.", mode=self.mode
            ) from None
        if answer.count(b"\0") != 1:
            raise PipelineError("Apertium answered one line more than once.", mode=self.mode)
        return reformat(answer[:-1].decode(errors="replace"))

    def kill(self) -> None:
        """End all programs of the pipeline at once. Harmless when they are gone; any thread may."""
        if self._process.returncode is not None:
            return  # reaped: its number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the programs and give back their pipes."""
        self.kill()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


class PipelinePool:
    """Running pipelines, at most `limit` of them idle; the one unused for longest goes first."""

    def __init__(self, data_dir: Path, *, limit: int) -> None:
        self._data_dir = data_dir
        self._limit = limit
        self._lock = threading.Lock()
        self._idle: OrderedDict[int, Pipeline] = OrderedDict()
        self._scripts: dict[str, str] = {}

    def script(self, mode: str) -> str:
        """The mode's programs as a shell pipeline with null flush."""
        with self._lock:
            known = self._scripts.get(mode)
        if known is None:
            known = self._compile(mode)
            with self._lock:
                self._scripts[mode] = known
        return known

    def _compile(self, mode: str) -> str:
        path = self._data_dir / "modes" / f"{mode}.mode"
        if not path.is_file():
            raise PipelineError(f"Apertium's mode {mode} is missing: {path}", mode=mode)
        try:
            made = subprocess.run(
                ["apertium-wblank-mode", "-z", str(path)],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PipelineError(f"Apertium's mode {mode} cannot be read: {error}", mode=mode) from None
        return made.stdout

    @contextmanager
    def borrow(self, mode: str) -> Iterator[Pipeline]:
        """A pipeline for one thread's use; one that failed in it is closed, not given back."""
        pipeline = self._take(mode) or Pipeline(self.script(mode), mode)
        try:
            yield pipeline
        except BaseException:
            pipeline.close()
            raise
        self._give_back(pipeline)

    def _take(self, mode: str) -> Pipeline | None:
        with self._lock:
            for key, pipeline in reversed(list(self._idle.items())):
                if pipeline.mode == mode:
                    del self._idle[key]
                    if pipeline.alive:
                        return pipeline
                    pipeline.close()
        return None

    def _give_back(self, pipeline: Pipeline) -> None:
        with self._lock:
            if pipeline.uses < MAX_USES:
                self._idle[id(pipeline)] = pipeline
                surplus = [self._idle.popitem(last=False)[1]] if len(self._idle) > self._limit else []
            else:
                surplus = [pipeline]
        for closed in surplus:
            closed.close()

    def close(self) -> None:
        """End all idle pipelines."""
        with self._lock:
            idle, self._idle = list(self._idle.values()), OrderedDict()
        for pipeline in idle:
            pipeline.close()
