"""Events of exports: other files made of a job's finished results, for which nothing is paid again.

The `hold_id` of their `JobRef` names the export: it is a run of its own, and holds no credits.
"""

from enum import StrEnum
from typing import ClassVar, Literal
from zlib import crc32

from octavia_common.events.base import ArtifactRef, JobError, JobEvent, JobSpec, Value


class ExportKind(StrEnum):
    """What an export is.

    `tracks`: the source with its dubs as sound tracks beside its own; `burnt`: one dub with its subtitles
    in the picture; `background`: the source's sound without its speech; `speech`: what is spoken, alone;
    `audio`: the dub's sound, alone.
    """

    TRACKS = "tracks"
    BURNT = "burnt"
    BACKGROUND = "background"
    SPEECH = "speech"
    AUDIO = "audio"


class ExportSubtitles(Value):
    """Which subtitles an export has, and where they stand when they are burnt in.

    `auto` is the bottom, but the top for a cue while something is burnt in already at the bottom.
    """

    content: Literal["source", "target", "bilingual"] = "target"
    position: Literal["bottom", "top", "auto"] = "bottom"


class ExportRequested(JobEvent):
    """An export is wanted: make it of the job's source and of the `documents.DubResult` of each language.

    `container` is a name of `octavia_common.media.holding`. `subtitles` None: those of all languages as soft
    tracks, and none where tracks have no room.
    """

    TYPE: ClassVar[str] = "octavia.exports.requested.v1"

    spec: JobSpec
    kind: ExportKind
    container: str
    results: tuple[ArtifactRef, ...]
    subtitles: ExportSubtitles | None = None

    def slot(self) -> int | None:
        return crc32(self.job.hold_id.bytes)


class ExportMade(JobEvent):
    """The export is in the store. `notes` are sentences for its owner."""

    TYPE: ClassVar[str] = "octavia.exports.made.v1"

    media: ArtifactRef
    notes: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


class ExportFailed(JobEvent):
    """The export cannot be made; the job and its results are as they were."""

    TYPE: ClassVar[str] = "octavia.exports.failed.v1"

    error: JobError
