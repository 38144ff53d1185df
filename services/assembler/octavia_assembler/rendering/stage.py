"""The stage of assembly.requested: artifacts in, artifacts out, nothing where they exist already."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_common.artifacts import ArtifactStore, artifact_key
from octavia_common.documents import DubResult, Speech, SpokenSegment, Subtitles
from octavia_common.events import ArtifactRef, AssemblyRequested, CloudEvent, EventData, LanguageAssembled
from octavia_common.messaging.handlers import Work
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE, to_srt, to_vtt

from octavia_assembler.rendering.renderer import Assembly, Rendered, Renderer
from octavia_assembler.reporting import report as reporting

STAGE = "assembler"

AT_ONCE = 8
"""Requests to the store in flight for one assembly."""


@dataclass(frozen=True)
class Recipe:
    """Everything that an assembly is made from; names its artifacts."""

    request: AssemblyRequested
    renderer: Renderer

    def key(self, output: str) -> str:
        """The key of one of its outputs, such as `media` or `srt.es`."""
        request = self.request
        return artifact_key(
            request.job.user_id,
            STAGE,
            inputs=[
                request.spec.source.sha256,
                request.plan.sha256,
                *(speech.sha256 for speech in request.speech),
            ],
            engine=self.renderer.name,
            version=self.renderer.version,
            params={
                **self.renderer.params,
                "source_language": request.spec.source_language,
                "target_language": request.target_language,
                "output": output,
                **({"report": reporting.VERSION} if output in ("report", "result") else {}),
            },
        )


class AssembleLanguage:
    """Puts one language of a job together."""

    def __init__(self, store: ArtifactStore, renderer: Renderer) -> None:
        self._store = store
        self._renderer = renderer

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        request: AssemblyRequested = event.data
        recipe = Recipe(request, self._renderer)
        made = await self._made_before(recipe)
        if made is None:
            rendered = await self._renderer.render(await self._fetch(request, work), work.cancel)
            work.cancel.raise_if_cancelled()
            made = await self._keep(recipe, rendered)
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

    async def _made_before(self, recipe: Recipe) -> tuple[DubResult, ArtifactRef] | None:
        """The result of an earlier run of the same recipe, if all of it is still there."""
        ref = await self._store.stat(recipe.key("result"))
        if ref is None:
            return None
        result = await self._store.read_document(ref, DubResult)
        found = await asyncio.gather(*(self._store.stat(each.key) for each in artifacts_of(result)))
        return (result, ref) if all(found) else None

    async def _fetch(self, request: AssemblyRequested, work: Work) -> Assembly:
        free = asyncio.Semaphore(AT_ONCE)

        async def read(ref: ArtifactRef) -> Speech:
            async with free:
                return await self._store.read_document(ref, Speech)

        async def fetch(segment: SpokenSegment, path: Path) -> tuple[str, Path] | None:
            if segment.audio is None:
                return None
            async with free:
                work.cancel.raise_if_cancelled()
                return segment.id, await self._store.fetch(segment.audio, path)

        source, chunks = await asyncio.gather(
            self._store.fetch(request.spec.source, work.scratch / "source"),
            asyncio.gather(*(read(ref) for ref in request.speech)),
        )
        segments = sorted((line for chunk in chunks for line in chunk.segments), key=lambda line: line.start)
        voices, output = work.scratch / "voices", work.scratch / "output"
        await asyncio.to_thread(voices.mkdir)
        await asyncio.to_thread(output.mkdir)
        try:
            async with asyncio.TaskGroup() as tasks:
                fetching = [
                    tasks.create_task(fetch(segment, voices / f"{number}.flac"))
                    for number, segment in enumerate(segments)
                ]
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # the shell tells kinds of errors apart by type
        return Assembly(
            source=source,
            source_language=request.spec.source_language,
            target_language=request.target_language,
            segments=tuple(segments),
            voices=dict(voice for task in fetching if (voice := task.result()) is not None),
            scratch=output,
        )

    async def _keep(self, recipe: Recipe, rendered: Rendered) -> tuple[DubResult, ArtifactRef]:
        """Write all outputs, the document that names the others last."""
        store, request = self._store, recipe.request

        async def keep_speech(path: Path | None) -> ArtifactRef | None:
            return None if path is None else await store.write_file(recipe.key("speech"), path, "audio/flac")

        async def keep_subtitles(language: str, cues: Sequence[Cue]) -> Subtitles:
            srt, vtt = await asyncio.gather(
                store.write(recipe.key(f"srt.{language}"), to_srt(cues).encode(), SRT_TYPE),
                store.write(recipe.key(f"vtt.{language}"), to_vtt(cues).encode(), VTT_TYPE),
            )
            return Subtitles(language=language, srt=srt, vtt=vtt)

        report = reporting.report_of(
            request.target_language,
            rendered.segments,
            cues=rendered.cues,
            frame_rate=rendered.frame_rate,
            loudness=rendered.loudness,
            voice_gain_db=rendered.voice_gain_db,
        )
        media, speech_only, subtitles, reported = await asyncio.gather(
            store.write_file(recipe.key("media"), rendered.media, rendered.media_type),
            keep_speech(rendered.speech_only),
            asyncio.gather(*(keep_subtitles(*each) for each in rendered.cues.items())),
            store.write_document(recipe.key("report"), report),
        )
        result = DubResult(
            source_language=request.spec.source_language,
            target_language=request.target_language,
            duration_seconds=rendered.duration_seconds,
            media=media,
            speech_only=speech_only,
            segments=rendered.segments,
            subtitles=tuple(subtitles),
            loudness=rendered.loudness,
            notes=rendered.notes,
            plan=request.plan,
            report=reported,
        )
        ref = await store.write_document(recipe.key("result"), result)
        return result, ref


def artifacts_of(result: DubResult) -> list[ArtifactRef]:
    """All that a result refers to and this stage made."""
    files = [file for each in result.subtitles for file in (each.srt, each.vtt)]
    others = [each for each in (result.speech_only, result.report) if each is not None]
    return [result.media, *others, *files]
