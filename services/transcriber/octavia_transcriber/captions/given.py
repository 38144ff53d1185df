"""Puts the lines of a subtitle file into the store, as the recogniser puts what it hears."""

import asyncio
from collections.abc import Sequence
from typing import Any

from octavia_common.artifacts.keys import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import PlannedChunk, SpeechRegion, Transcript
from octavia_common.errors import PermanentError
from octavia_common.events import ArtifactRef, JobKind, JobSpec
from octavia_subtitles.reading import UnreadableSubtitlesError, read
from octavia_subtitles.rules import Cue

from octavia_transcriber.captions.lines import VERSION, GivenChunk, chunks_of, lines_of

_TRANSFERS = 4


class UnusableSubtitlesError(PermanentError):
    """The subtitle file is none, or none of its subtitles lies within the source."""

    code = "unusable_subtitles"


class GivenLines:
    """The lines of a job that brings a subtitle file: untrusted text, bounded, and read in a thread."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    def params(self, spec: JobSpec) -> dict[str, Any]:
        """What the plan of such a job depends on beside its source; nothing for other jobs."""
        file = subtitles_of(spec)
        if file is None:
            return {}
        return {
            "subtitles": {
                "file": file.sha256,
                "rules": VERSION,
                "language": spec.source_language,
                "written": spec.kind.written,
                "seconds": spec.worked_seconds,
            }
        }

    async def cues(self, file: ArtifactRef) -> tuple[Cue, ...]:
        """Raises UnusableSubtitlesError."""
        data = await self._store.read(file)
        try:
            return (await asyncio.to_thread(read, data)).cues
        except UnreadableSubtitlesError as error:
            raise UnusableSubtitlesError(str(error)) from None

    async def chunks(
        self, user_id: Any, spec: JobSpec, *, seconds: float, voices: Sequence[SpeechRegion] = ()
    ) -> tuple[PlannedChunk, ...]:
        """The chunks of a source of so many seconds, with their lines. Raises UnusableSubtitlesError."""
        file = subtitles_of(spec)
        assert file is not None
        cues = await self.cues(file)
        lines = await asyncio.to_thread(
            lines_of, cues, seconds=seconds, spoken=not spec.kind.written, voices=voices
        )
        if not lines:
            raise UnusableSubtitlesError(
                "None of the subtitles in the file says anything while the source plays. Choose the file "
                "that belongs to it."
            )
        gate = asyncio.Semaphore(_TRANSFERS)

        async def put(given: GivenChunk) -> PlannedChunk:
            transcript = Transcript(language=spec.source_language, chunk=given.chunk, segments=given.segments)
            who = sorted({segment.speaker for segment in given.segments} - {"S1"})
            key = artifact_key(
                user_id,
                "transcript",
                inputs=[file.sha256],
                engine="captions",
                version=VERSION,
                params={
                    **self.params(spec),
                    "chunk": given.chunk.model_dump(mode="json"),
                    "speakers": [segment.speaker for segment in given.segments] if who else None,
                },
            )
            async with gate:
                return PlannedChunk(
                    chunk=given.chunk, transcript=await self._store.write_document(key, transcript)
                )

        return tuple(await asyncio.gather(*map(put, chunks_of(lines, seconds=seconds))))


def subtitles_of(spec: JobSpec) -> ArtifactRef | None:
    """The subtitle file that a job's lines are taken from; None where they are to be recognised."""
    return spec.source if spec.kind is JobKind.SUBTITLE_TRANSLATE else spec.subtitles
