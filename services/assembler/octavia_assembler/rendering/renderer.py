"""What a renderer is: files and lines in, files out. The stage around it talks to the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from octavia_common.cancellation import CancelToken
from octavia_common.documents import Loudness, PlacedSegment, SpokenSegment
from octavia_subtitles.rules import Cue


@dataclass(frozen=True)
class Assembly:
    """One language to put together.

    `segments` are all lines in order; `voices` maps the id of each that was spoken to its sound.
    `scratch` is an empty folder for whatever the renderer writes.
    """

    source: Path
    source_language: str
    target_language: str
    segments: tuple[SpokenSegment, ...]
    voices: Mapping[str, Path]
    scratch: Path


@dataclass(frozen=True)
class Rendered:
    """A finished language: files on disk, and all that is to be told about it."""

    media: Path
    media_type: str
    speech_only: Path | None
    duration_seconds: float
    segments: tuple[PlacedSegment, ...]
    cues: Mapping[str, tuple[Cue, ...]]
    """Subtitles of each language."""
    loudness: Loudness
    notes: tuple[str, ...] = ()
    frame_rate: float | None = None
    """The picture's, by which the subtitles were timed; None for sound alone."""
    voice_gain_db: float | None = None
    """What the spoken lines were amplified by; None where that is not known."""


class Renderer(Protocol):
    """Renders assemblies. What it makes depends on the assembly, `version` and `params` alone."""

    name: str
    version: str

    @property
    def params(self) -> Mapping[str, Any]:
        """Everything set that changes the result."""
        ...

    async def start(self) -> None:
        """Raises EngineUnavailableError, with one clear line, where a program is missing."""
        ...

    async def close(self) -> None:
        """Let go of what `start` took."""
        ...

    async def render(self, assembly: Assembly, cancel: CancelToken) -> Rendered:
        """Make the files. Raises JobCancelledError once `cancel` is cancelled."""
        ...
