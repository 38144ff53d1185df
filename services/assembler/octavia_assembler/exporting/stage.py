"""The stage of exports.requested: a source and results in, one file out, nothing where it exists already."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from octavia_common.artifacts import ArtifactStore, artifact_key
from octavia_common.cancellation import CancelToken
from octavia_common.documents import DubResult, Export
from octavia_common.events import (
    ArtifactRef,
    CloudEvent,
    EventData,
    ExportKind,
    ExportMade,
    ExportRequested,
)
from octavia_common.media import probe
from octavia_common.media.holding import MEDIA_TYPES
from octavia_common.messaging.handlers import Work
from octavia_subtitles.reading import UnreadableSubtitlesError, read
from octavia_subtitles.rules import Cue

from octavia_assembler.exporting.burning import burn
from octavia_assembler.exporting.order import Dub, Exported, ExportImpossibleError, Order
from octavia_assembler.exporting.stems import make_audio, make_background, make_speech
from octavia_assembler.exporting.tracks import make_tracks
from octavia_assembler.rendering.containers import NAMED
from octavia_assembler.separation.base import Separator
from octavia_assembler.sound.ducking import Ducking

STAGE = "exports"
VERSION = "1"

Maker = Callable[[Order, CancelToken], Awaitable[Exported]]

_NEEDS_SOURCE = frozenset({ExportKind.TRACKS, ExportKind.BURNT, ExportKind.BACKGROUND})
_NEEDS_DUBS = frozenset({ExportKind.TRACKS, ExportKind.BURNT, ExportKind.AUDIO})


class MakeExport:
    """Makes exports. The separator is started and closed by whoever owns it."""

    def __init__(
        self,
        store: ArtifactStore,
        ducking: Ducking,
        separator: Separator | None = None,
        *,
        most_seconds: float,
    ) -> None:
        """`most_seconds` is how long a picture may be encoded."""
        self._store = store
        self._ducking = ducking
        self._separator = separator
        self._most_seconds = most_seconds

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        request: ExportRequested = event.data
        key = self._key(request, "export")
        found = await self._store.stat(key)
        export = None if found is None else await self._store.read_document(found, Export)
        if found is None or export is None or await self._store.stat(export.media.key) is None:
            export, found = await self._make(request, work, key)
        made = (export.media.key, found.key)
        return [ExportMade(job=request.job, media=export.media, notes=export.notes, made=made)]

    async def _make(self, request: ExportRequested, work: Work, key: str) -> tuple[Export, ArtifactRef]:
        order = await self._fetch(request, work)
        exported = await self._maker(request.kind)(order, work.cancel)
        work.cancel.raise_if_cancelled()
        media = await self._store.write_file(
            self._key(request, "media"), exported.path, MEDIA_TYPES[request.container]
        )
        export = Export(media=media, notes=exported.notes)
        return export, await self._store.write_document(key, export)

    def _maker(self, kind: ExportKind) -> Maker:
        match kind:
            case ExportKind.TRACKS:
                return make_tracks
            case ExportKind.BURNT:
                return lambda order, cancel: burn(order, cancel, most_seconds=self._most_seconds)
            case ExportKind.BACKGROUND:
                return lambda order, cancel: make_background(
                    order, cancel, ducking=self._ducking, separator=self._separator
                )
            case ExportKind.SPEECH:
                return make_speech
            case ExportKind.AUDIO:
                return make_audio

    def _key(self, request: ExportRequested, output: str) -> str:
        """The key of one of its objects: everything that it is made of."""
        asked = request.subtitles
        return artifact_key(
            request.job.user_id,
            STAGE,
            inputs=[request.spec.source.sha256, *(result.sha256 for result in request.results)],
            engine="exporter",
            version=VERSION,
            params={
                "kind": request.kind,
                "container": request.container,
                "subtitles": asked.model_dump() if asked else None,
                "seconds": request.spec.preview_seconds,
                "background": self._background_params() if request.kind is ExportKind.BACKGROUND else None,
                "output": output,
            },
        )

    def _background_params(self) -> Mapping[str, Any]:
        separator = self._separator
        if separator is None:
            return asdict(self._ducking)
        how = {"engine": separator.name, "version": separator.version, **separator.params()}
        return {**asdict(self._ducking), "separator": how}

    async def _fetch(self, request: ExportRequested, work: Work) -> Order:
        """Everything that the export needs, on disk. Raises ExportImpossibleError, MediaError."""
        container = NAMED.get(request.container)
        if container is None:
            raise ExportImpossibleError(f"There is no container {request.container[:20]}.")
        results = [await self._store.read_document(ref, DubResult) for ref in request.results]
        dubs = [
            await self._fetch_dub(request.kind, result, work.scratch / f"dub{place}")
            for place, result in enumerate(results)
        ]
        source = info = None
        if request.kind in _NEEDS_SOURCE:
            source = await self._store.fetch(request.spec.source, work.scratch / "source")
            info = (await probe(source, cancel=work.cancel)).first(request.spec.preview_seconds)
        scratch = work.scratch / "output"
        await asyncio.to_thread(scratch.mkdir)
        return Order(request.kind, container, request.subtitles, source, info, dubs, scratch)

    async def _fetch_dub(self, kind: ExportKind, result: DubResult, path: Path) -> Dub:
        media = speech = None
        # A job that writes subtitles alone has them for its media.
        if kind in _NEEDS_DUBS and result.media.media_type.startswith(("video/", "audio/")):
            media = await self._store.fetch(result.media, path)
        if kind is ExportKind.SPEECH and result.speech_only is not None:
            speech = await self._store.fetch(result.speech_only, path.with_suffix(".flac"))
        cues = {track.language: await self._cues(track.srt) for track in result.subtitles}
        return Dub(result, media, speech, cues)

    async def _cues(self, srt: ArtifactRef) -> tuple[Cue, ...]:
        data = await self._store.read(srt)
        try:
            return (await asyncio.to_thread(read, data)).cues
        except UnreadableSubtitlesError:  # what nobody speaks in has no cues
            return ()
