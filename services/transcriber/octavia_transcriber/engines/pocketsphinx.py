"""Recognition with pocketsphinx and the US English model that its package brings: offline, on a CPU.

Decoding holds Python's global lock from beginning to end (measured: 2 ticks of a 10 ms timer in
3.5 s), which would starve the event loop and Kafka's heartbeats. So it happens in a process of its
own, which is kept warm between chunks and killed where its work is cancelled or hangs.
"""

import re
import threading
from importlib.metadata import PackageNotFoundError, version

from octavia_common.cancellation import CancelToken
from octavia_common.documents import Word
from octavia_common.errors import EngineUnavailableError, TransientError

from octavia_transcriber.engines.base import Recogniser, Recognition, RecognitionRequest
from octavia_transcriber.engines.pocketsphinx_process import FRAMES_PER_SECOND, DecoderProcess, HeardWord
from octavia_transcriber.engines.utterances import utterances
from octavia_transcriber.planning.features import SAMPLE_RATE

_FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_ALTERNATE = re.compile(r"\(\d+\)$")

_LEAST_LIMIT_SECONDS = 60.0
_LIMIT_TIMES_REAL_TIME = 20.0
"""It runs at 4 to 8 times real time on one core: what takes 20 times as long as the sound hangs."""


class PocketsphinxRecogniser(Recogniser):
    """English only. One chunk at a time, in one process beside this one."""

    name = "pocketsphinx"
    languages = ("en",)
    honours = ("check_speech",)

    def __init__(self) -> None:
        super().__init__()
        self._process: DecoderProcess | None = None

    def load(self) -> None:
        """Start the process and wait for its model. Raises EngineUnavailableError."""
        try:
            self.version = f"{version('pocketsphinx')}-en-us-1"
        except PackageNotFoundError:
            raise EngineUnavailableError(
                "The package pocketsphinx is missing: install octavia-transcriber[pocketsphinx], "
                "or choose another TRANSCRIBER_ENGINE."
            ) from None
        self._process = DecoderProcess.start()

    def unload(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _running_process(self) -> DecoderProcess:
        if self._process is None or not self._process.alive:
            self.unload()
            self._process = DecoderProcess.start()
        return self._process

    def work(self, request: RecognitionRequest, cancel: CancelToken) -> Recognition:
        self.check_language(request.language)
        length = len(request.samples) / SAMPLE_RATE
        stretches = [
            (round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
            for start, end in utterances(request.regions, length)
        ]
        process = self._running_process()
        forget = cancel.on_cancel(process.kill)
        limit = max(_LEAST_LIMIT_SECONDS, _LIMIT_TIMES_REAL_TIME * length)
        watchdog = threading.Timer(limit, process.kill)
        watchdog.start()
        try:
            heard = process.decode([request.samples[a:b].tobytes() for a, b in stretches])
        except (OSError, EOFError) as error:
            process.close()
            cancel.raise_if_cancelled()
            raise TransientError(
                f"The speech recogniser stopped in a chunk of {length:.0f} s (its limit is {limit:.0f} s)."
            ) from error
        finally:
            watchdog.cancel()
            forget()
        words = [
            word
            for (start, _), found in zip(stretches, heard, strict=True)
            for word in _words(found, start / SAMPLE_RATE)
        ]
        return Recognition("en", tuple(words))


def _words(found: list[HeardWord], offset: float) -> list[Word]:
    """Without silences, noises and the numbers of alternate pronunciations (`read(2)`)."""
    return [
        Word(
            text=_ALTERNATE.sub("", word.text),
            start=round(offset + word.first_frame / FRAMES_PER_SECOND, 3),
            end=round(offset + (word.last_frame + 1) / FRAMES_PER_SECOND, 3),
            confidence=round(min(1.0, word.probability), 3),
        )
        for word in found
        if not _FILLER.match(word.text)
    ]
