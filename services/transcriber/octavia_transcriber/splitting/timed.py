"""Cuts by the clock alone and opens no media: to measure the plumbing around it."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octavia_common.documents import SpeechRegion
from octavia_common.events import JobSpec
from octavia_common.messaging.handlers import Work

from octavia_transcriber.planning.chunks import Cut
from octavia_transcriber.splitting.cutter import SampleSpan
from octavia_transcriber.wav import to_wav

_PAUSE_SECONDS = 0.5
_SAMPLES = 160


@dataclass(frozen=True)
class TimedSource:
    """Chunks of equal length, each with 10 ms of sound that differs from every other's of any source."""

    duration_seconds: float
    cuts: Sequence[Cut]
    mark: bytes
    """8 bytes of the source's digest."""
    frame_rate: float | None = None

    async def audio(self, span: SampleSpan) -> bytes:
        """A few samples that stand for the chunk's."""
        return to_wav((self.mark + struct.pack("<q", span.first)) * (2 * _SAMPLES // 16))

    async def voices(self) -> Mapping[str, bytes]:
        """Nobody is heard, so nobody has a voice."""
        return {}


class TimedCutter:
    """Makes a fixed number of chunks of any source, or one of every so many seconds of its quoted length."""

    name = "timed"
    version = "2"

    def __init__(self, chunks: int, *, every_seconds: float = 0.0) -> None:
        self._chunks = chunks
        self._every_seconds = every_seconds

    def params(self, spec: JobSpec) -> Mapping[str, Any]:
        return {"chunks": self._count(spec), "duration": spec.worked_seconds}

    async def cut(self, spec: JobSpec, work: Work) -> TimedSource:
        mark = bytes.fromhex(spec.source.sha256)[:8]
        count = self._count(spec)
        duration = max(spec.worked_seconds, 2 * _PAUSE_SECONDS * count)
        if not count:
            return TimedSource(duration, (), mark)
        step = duration / count
        cuts = []
        for number in range(count):
            start, end = number * step, (number + 1) * step
            speech = SpeechRegion(start=start, end=end - _PAUSE_SECONDS)
            cuts.append(Cut(start, end, end, (speech,)))
        return TimedSource(duration, cuts, mark)

    def _count(self, spec: JobSpec) -> int:
        if not self._every_seconds:
            return self._chunks
        return max(1, round(spec.worked_seconds / self._every_seconds))
