"""The stage of assembly.requested: artifacts in, artifacts out, nothing where they exist already."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_common.artifacts import ArtifactStore, artifact_key
from octavia_common.documents import DubResult, KeptBlocks, Speech, Subtitles
from octavia_common.events import ArtifactRef, AssemblyRequested, CloudEvent, EventData, LanguageAssembled
from octavia_common.messaging.handlers import Work
from octavia_common.together import each
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE, to_srt, to_vtt

from octavia_assembler.rendering.kept import Kept, KeptInStore, NothingKept
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
                **({"seconds": cut} if (cut := request.spec.preview_seconds) is not None else {}),
                **({"report": reporting.VERSION} if output in ("report", "result") else {}),
            },
        )


class AssembleLanguage:
    """Puts one language of a job together. With `keep_blocks` pieces of it are kept for the next time."""

    def __init__(self, store: ArtifactStore, renderer: Renderer, *, keep_blocks: bool = True) -> None:
        self._store = store
        self._renderer = renderer
        self._keep_blocks = keep_blocks

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        request: AssemblyRequested = event.data
        recipe = Recipe(request, self._renderer)
        made = await self._made_before(recipe)
        if made is None:
            kept = KeptInStore(self._store, request.job.user_id)
            assembly = await self._fetch(request, kept if self._keep_blocks else NothingKept(), work)
            rendered = await self._renderer.render(assembly, work.cancel)
            work.cancel.raise_if_cancelled()
            made = await self._keep(recipe, rendered, kept)
        result, ref = made
        blocks = await self._block_keys(result)
        return [
            LanguageAssembled(
                job=request.job,
                target_language=request.target_language,
                media=result.media,
                result=ref,
                made=(*(artifact.key for artifact in artifacts_of(result)), ref.key, *blocks),
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

    async def _block_keys(self, result: DubResult) -> tuple[str, ...]:
        """The pieces that were kept for the next rendering."""
        if result.blocks is None:
            return ()
        return (await self._store.read_document(result.blocks, KeptBlocks)).keys

    async def _fetch(self, request: AssemblyRequested, kept: Kept, work: Work) -> Assembly:
        """The source and the lines; the sound of a line comes when it is asked for."""
        store = self._store

        async def read(ref: ArtifactRef) -> Speech:
            return await store.read_document(ref, Speech)

        source, chunks = await asyncio.gather(
            store.fetch(request.spec.source, work.scratch / "source"),
            each(request.speech, read, at_once=AT_ONCE),
        )
        segments = sorted((line for chunk in chunks for line in chunk.segments), key=lambda line: line.start)
        voices, output = work.scratch / "voices", work.scratch / "output"
        await asyncio.to_thread(voices.mkdir)
        await asyncio.to_thread(output.mkdir)
        sounds = {line.id: line.audio for line in segments if line.audio is not None}
        paths = {line: voices / f"{number}.flac" for number, line in enumerate(sounds)}

        async def fetch(line: str) -> None:
            work.cancel.raise_if_cancelled()
            if not await asyncio.to_thread(paths[line].exists):
                await store.fetch(sounds[line], paths[line])

        async def bring(wanted: Sequence[str]) -> None:
            await each(wanted, fetch, at_once=AT_ONCE)

        return Assembly(
            source=source,
            source_language=request.spec.source_language,
            target_language=request.target_language,
            segments=tuple(segments),
            voices=paths,
            scratch=output,
            source_sha256=request.spec.source.sha256,
            bring=bring,
            kept=kept,
            seconds=request.spec.preview_seconds,
        )

    async def _keep(
        self, recipe: Recipe, rendered: Rendered, kept: KeptInStore
    ) -> tuple[DubResult, ArtifactRef]:
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

        async def keep_block_keys() -> ArtifactRef | None:
            if not kept.keys:
                return None
            document = KeptBlocks(keys=tuple(sorted(kept.keys)))
            return await store.write_document(recipe.key("blocks"), document)

        report = reporting.report_of(
            request.target_language,
            rendered.segments,
            cues=rendered.cues,
            frame_rate=rendered.frame_rate,
            loudness=rendered.loudness,
            voice_gain_db=rendered.voice_gain_db,
        )
        media, speech_only, blocks, subtitles, reported = await asyncio.gather(
            store.write_file(recipe.key("media"), rendered.media, rendered.media_type),
            keep_speech(rendered.speech_only),
            keep_block_keys(),
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
            blocks=blocks,
        )
        ref = await store.write_document(recipe.key("result"), result)
        return result, ref


def artifacts_of(result: DubResult) -> list[ArtifactRef]:
    """All that a result refers to and this stage made."""
    files = [file for each in result.subtitles for file in (each.srt, each.vtt)]
    others = [ref for ref in (result.speech_only, result.report, result.blocks) if ref is not None]
    return [result.media, *others, *files]
