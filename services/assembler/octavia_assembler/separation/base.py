"""What whatever separates speech from background takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.engines import Engine

from octavia_assembler.sound.ducking import Region


@dataclass(frozen=True)
class SeparationRequest:
    """A source's sound (48 kHz stereo floats, raw), and where in it the voice is wanted by itself.

    The voice is written to `voice` in the same form and length; outside of `regions` it may be silence.
    """

    sound: Path
    voice: Path
    regions: Sequence[Region]


class Separator(Engine[SeparationRequest, None]):
    """A separator implements `work`: it writes the voice, anew at each call. The rest is the background."""

    kind = "separator"

    def params(self) -> Mapping[str, Any]:
        """What else the result depends on, beside name and version: JSON values for an output's key."""
        return {}

    def work(self, request: SeparationRequest, cancel: CancelToken) -> None:
        raise NotImplementedError
