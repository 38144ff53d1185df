"""What a renderer is: files and lines in, files out. The stage around it talks to the store."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from octavia_common.cancellation import CancelToken
from octavia_common.documents import Loudness, PlacedSegment, SpokenSegment
from octavia_subtitles.rules import Cue

from octavia_assembler.rendering.kept import Kept, NothingKept

Bring = Callable[[Sequence[str]], Awaitable[None]]
"""Has the sound of some lines, by their ids, where `Assembly.voices` says."""


async def _all_here(_: Sequence[str]) -> None:
    """Nothing is to be brought."""


@dataclass(frozen=True)
class Assembly:
    """One language to put together.

    `segments` are all lines in order; `voices` maps the id of each that was spoken to where its sound lies
    once `bring` was asked for it. `scratch` is an empty folder for whatever the renderer writes, `kept`
    where pieces lie that other renderings left, `source_sha256` the source's digest where it is known.
    """

    source: Path
    source_language: str
    target_language: str
    segments: tuple[SpokenSegment, ...]
    voices: Mapping[str, Path]
    scratch: Path
    seconds: float | None = None
    """Only so much of the source, from its start, is put together; None: all."""
    source_sha256: str = ""
    bring: Bring = _all_here
    kept: Kept = field(default_factory=NothingKept)

    def digest(self, line: SpokenSegment) -> str:
        """The digest of the sound of a line that was spoken."""
        if line.audio is not None:
            return line.audio.sha256
        with self.voices[line.id].open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


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
