"""What everything that tells speakers apart takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpeechRegion
from octavia_common.engines import Engine

Regions = tuple[SpeechRegion, ...]


@dataclass(frozen=True)
class DiarizationRequest:
    """A whole source: its sound (a file of PCM, 16 kHz, mono, 16 bit), its speech in order, and how many
    speak where its owner knows."""

    pcm: Path
    regions: Sequence[SpeechRegion]
    speakers: int | None = None


class Diarizer(Engine[DiarizationRequest, Regions]):
    """A diarizer implements `work`: the same regions with speakers, cut where one gives way to another.

    Speakers are S1, S2, … in the order in which they are first heard. `tells_apart`: whether more than one is
    ever found.
    """

    kind = "diarizer"
    tells_apart = True

    def params(self) -> Mapping[str, Any]:
        """What else the answer depends on, beside name and version: JSON values for a plan's key."""
        return {}


class OneSpeaker(Diarizer):
    """Does not know voices: everybody is S1, and says so by honouring no number of speakers."""

    name = "one-speaker"
    tells_apart = False

    def work(self, request: DiarizationRequest, cancel: CancelToken) -> Regions:
        return tuple(region.model_copy(update={"speaker": "S1"}) for region in request.regions)
