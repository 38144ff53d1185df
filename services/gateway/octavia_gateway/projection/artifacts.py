"""Which objects an event says were made for its job, so that deleting the job finds them all."""

from octavia_common.artifacts.keys import user_prefix
from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkSpoken,
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    ChunkWritten,
    ExportMade,
    JobAssembled,
    JobEvent,
    LanguageAssembled,
    MediaPlanned,
    VideoGenerated,
)


def keys_in(event: JobEvent) -> set[str]:
    """Keys of artifacts behind `event`: what it lists as made, and what it refers to.

    Never the upload, and never a key outside the user's own artifacts.
    """
    prefix = f"{user_prefix(event.job.user_id)}artifacts/"
    made: tuple[str, ...] = getattr(event, "made", ())
    return {key for key in (*made, *(ref.key for ref in _refs(event))) if key.startswith(prefix)}


def _refs(event: JobEvent) -> tuple[ArtifactRef, ...]:
    match event:
        case MediaPlanned():
            return (event.plan,)
        case ChunkHeld():
            return tuple(ref for ref in (event.transcript, event.translation) if ref is not None)
        case ChunkTranscribed():
            return (event.transcript,)
        case ChunkTranslated():
            return (event.translation,)
        case ChunkSynthesized() | ChunkWritten():
            return (event.lines,)
        case ChunkSpoken():
            return (event.speech,)
        case LanguageAssembled():
            return (event.media, event.result)
        case ExportMade():
            return (event.media,)
        case VideoGenerated():
            return (event.video, *((event.poster,) if event.poster else ()))
        case JobAssembled():
            return tuple(ref for output in event.outputs for ref in (output.media, output.result))
        case _:
            return ()
