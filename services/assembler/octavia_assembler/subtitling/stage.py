"""The stage of assembly.requested for jobs that are only written: translations in, subtitle files out."""

import asyncio
from collections.abc import Sequence
from typing import Any

from octavia_common.artifacts import ArtifactStore, artifact_key
from octavia_common.documents import ChunkPlan, DubResult, Loudness, Subtitles, Translation
from octavia_common.errors import PermanentError
from octavia_common.events import (
    ArtifactRef,
    AssemblyRequested,
    CloudEvent,
    EventData,
    JobKind,
    LanguageAssembled,
)
from octavia_common.messaging.handlers import Work
from octavia_subtitles.reading import UnreadableSubtitlesError, read
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE, to_srt, to_vtt

from octavia_assembler.rendering.stage import artifacts_of
from octavia_assembler.subtitling.files import Writing, Written, retold, subtitled

STAGE = "subtitles"
VERSION = "3"
"""Of how subtitles are made, part of their keys: change it when that changes."""

AT_ONCE = 8
"""Requests to the store in flight for one file."""

SILENT = Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None)


class WriteLanguage:
    """Writes the subtitles of one language of a job. No medium is opened."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        request: AssemblyRequested = event.data
        made = await self._made_before(request)
        if made is None:
            written = await self._write(request)
            work.cancel.raise_if_cancelled()
            made = await self._keep(request, written)
        result, ref = made
        return [
            LanguageAssembled(
                job=request.job,
                target_language=request.target_language,
                media=result.media,
                result=ref,
                made=(*(artifact.key for artifact in artifacts_of(result)), ref.key),
            )
        ]

    async def _made_before(self, request: AssemblyRequested) -> tuple[DubResult, ArtifactRef] | None:
        ref = await self._store.stat(_key(request, "result"))
        if ref is None:
            return None
        result = await self._store.read_document(ref, DubResult)
        found = await asyncio.gather(*(self._store.stat(each.key) for each in artifacts_of(result)))
        return (result, ref) if all(found) else None

    async def _write(self, request: AssemblyRequested) -> Written:
        free = asyncio.Semaphore(AT_ONCE)

        async def read_lines(ref: ArtifactRef) -> Translation:
            async with free:
                return await self._store.read_document(ref, Translation)

        plan, chunks = await asyncio.gather(
            self._store.read_document(request.plan, ChunkPlan),
            asyncio.gather(*map(read_lines, request.speech)),
        )
        lines = (line for chunk in chunks for line in chunk.segments)
        writing = Writing(
            source_language=request.spec.source_language,
            target_language=request.target_language,
            seconds=plan.duration_seconds,
            segments=tuple(sorted(lines, key=lambda line: line.start)),
            frame_rate=plan.frame_rate,
        )
        if request.spec.kind is not JobKind.SUBTITLE_TRANSLATE:
            return await asyncio.to_thread(subtitled, writing)
        data = await self._store.read(request.spec.source)
        try:
            return await asyncio.to_thread(lambda: retold(read(data), writing))
        except UnreadableSubtitlesError as error:
            raise PermanentError(str(error)) from None

    async def _keep(self, request: AssemblyRequested, written: Written) -> tuple[DubResult, ArtifactRef]:
        """Write all files, the document that names the others last."""
        store = self._store

        async def keep(language: str, cues: Sequence[Cue]) -> Subtitles:
            srt, vtt = await asyncio.gather(
                store.write(_key(request, f"srt.{language}"), to_srt(cues).encode(), SRT_TYPE),
                store.write(_key(request, f"vtt.{language}"), to_vtt(cues).encode(), VTT_TYPE),
            )
            return Subtitles(language=language, srt=srt, vtt=vtt)

        media, subtitles = await asyncio.gather(
            store.write(_key(request, "media"), written.media, written.media_type),
            asyncio.gather(*(keep(*each) for each in written.cues.items())),
        )
        result = DubResult(
            source_language=request.spec.source_language,
            target_language=request.target_language,
            duration_seconds=written.seconds,
            media=media,
            segments=written.segments,
            subtitles=tuple(subtitles),
            loudness=SILENT,
            notes=written.notes,
            plan=request.plan,
        )
        return result, await store.write_document(_key(request, "result"), result)


def _key(request: AssemblyRequested, output: str) -> str:
    """The key of one of its outputs, such as `media` or `srt.es`."""
    return artifact_key(
        request.job.user_id,
        STAGE,
        inputs=[request.spec.source.sha256, request.plan.sha256, *(ref.sha256 for ref in request.speech)],
        engine="octavia-subtitles",
        version=VERSION,
        params={
            "kind": request.spec.kind.value,
            "source_language": request.spec.source_language,
            "target_language": request.target_language,
            "output": output,
        },
    )
