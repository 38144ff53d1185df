"""What the splitting stage asks of whatever cuts a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from octavia_common.errors import MediaError
from octavia_common.events import JobSpec
from octavia_common.messaging.handlers import Work

from octavia_transcriber.planning.chunks import Cut
from octavia_transcriber.planning.features import SAMPLE_RATE


class LongerThanQuotedError(MediaError):
    """The file plays longer than its header says, and than was paid for."""

    code = "longer_than_quoted"

    def __init__(self, actual: float, quoted: float) -> None:
        super().__init__(
            f"The file plays for at least {actual:.0f} s, but says that it is {quoted:.0f} s long, which is "
            "what was quoted. Please export it again, so that it states its real length, and upload it anew.",
            actual_seconds=round(actual, 3),
            quoted_seconds=quoted,
        )


def longest_paid(quoted: float) -> float:
    """How long a source quoted at `quoted` seconds may play: codecs pad, headers round."""
    return quoted * 1.005 + 1.0


@dataclass(frozen=True)
class SampleSpan:
    """A stretch of the source in samples at 16 kHz, the end not part of it."""

    first: int
    last: int

    @classmethod
    def of(cls, cut: Cut) -> "SampleSpan":
        """The samples nearest to the cut's times."""
        return cls(round(cut.start * SAMPLE_RATE), round(cut.end * SAMPLE_RATE))


class CutSource(Protocol):
    """A source that is open and cut; valid while its scratch folder is."""

    @property
    def duration_seconds(self) -> float: ...

    @property
    def frame_rate(self) -> float | None:
        """Frames a second of the picture; None where there is none."""
        ...

    @property
    def cuts(self) -> Sequence[Cut]: ...

    async def audio(self, span: SampleSpan) -> bytes:
        """The samples of a chunk as a WAV file."""
        ...

    async def voices(self) -> Mapping[str, bytes]:
        """Clean speech of each speaker who has enough of it, as WAV files of 24 kHz."""
        ...


class Cutter(Protocol):
    """Opens a source and decides where to cut it.

    `name`, `version` and `params` are all that its result depends on beside the source's bytes.
    """

    name: str
    version: str

    def params(self, spec: JobSpec) -> Mapping[str, Any]:
        """Parameters (JSON values) that change the result."""
        ...

    async def cut(self, spec: JobSpec, work: Work) -> CutSource:
        """Raises a MediaError that says in its owner's words why the source cannot be used."""
        ...
