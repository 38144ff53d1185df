"""The process that decodes, and the handle to it.

Run as a module it is the child: it reads requests from its standard input and answers on its
standard output until the input ends, so it never outlives the service, not even one that is killed.
A request is a line of JSON, `[bytes of utterance, …]`, and the utterances' PCM; an answer is a line
of JSON, for each utterance a list of `[word, first frame, last frame, probability]`.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any, NamedTuple, Self

from octavia_common.errors import EngineUnavailableError

FRAMES_PER_SECOND = 100
_READY = "ready"
_START_SECONDS = 120.0


class HeardWord(NamedTuple):
    """A word as the decoder reports it; the last frame is part of it."""

    text: str
    first_frame: int
    last_frame: int
    probability: float


class DecoderProcess:
    """A running child. `kill` may be called from any thread and ends a `decode` in progress."""

    def __init__(self, process: "subprocess.Popen[bytes]", stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._process = process
        self._stdin = stdin
        self._stdout = stdout

    @classmethod
    def start(cls) -> Self:
        """Start a child and wait until its model is loaded. Raises EngineUnavailableError."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the service, which then closes this process
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the decoder process has no pipes")
        child = cls(process, process.stdin, process.stdout)
        watchdog = threading.Timer(_START_SECONDS, child.kill)
        watchdog.start()
        greeting = process.stdout.readline().decode().strip()
        watchdog.cancel()
        if greeting != _READY:
            child.close()
            reason = greeting or f"its process ended with status {process.returncode}"
            raise EngineUnavailableError(f"pocketsphinx does not start: {reason}")
        return child

    @property
    def alive(self) -> bool:
        """Whether it can be given work."""
        return self._process.poll() is None

    def decode(self, utterances: Sequence[bytes]) -> list[list[HeardWord]]:
        """The words of each utterance of 16 kHz mono PCM. Raises OSError or EOFError where it dies."""
        self._stdin.write(json.dumps([len(part) for part in utterances]).encode() + b"\n")
        for part in utterances:
            self._stdin.write(part)
        self._stdin.flush()
        answer = self._stdout.readline()
        if not answer.endswith(b"\n"):
            raise EOFError("the decoder process ended")
        return [[HeardWord(*word) for word in words] for words in json.loads(answer)]

    def kill(self) -> None:
        """Make it end; from any thread, without waiting. Calling again changes nothing."""
        self._process.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what was not written yet
            self._stdin.close()
        self._stdout.close()


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    def answer(text: str) -> None:
        answers.write(text.encode() + b"\n")
        answers.flush()

    try:
        from pocketsphinx import Decoder

        decoder = Decoder(samprate=16_000, cmn="batch", loglevel="FATAL")
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must say it in one line
        answer(" ".join(str(error).split()) or type(error).__name__)
        return
    answer(_READY)
    for line in requests:
        parts = [requests.read(size) for size in json.loads(line)]
        answer(json.dumps([_decode(decoder, part) for part in parts]))


def _decode(decoder: Any, pcm: bytes) -> list[tuple[str, int, int, float]]:
    decoder.reinit_feat()  # else the last sample before goes into the first frame: same sound, other words
    decoder.start_utt()
    decoder.process_raw(pcm, False, True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    return [(word.word, word.start_frame, word.end_frame, word.prob) for word in decoder.seg()]


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
