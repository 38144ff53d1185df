"""The same stages as one plain script: called one after another, with no Kafka, S3, database or service.

What passes between them lies in memory. One line is spoken at a time, one chunk follows the other.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from octavia_assembler.main import make_renderer
from octavia_assembler.rendering.stage import AssembleLanguage
from octavia_assembler.settings import AssemblerSettings
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.artifacts.keys import upload_key
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan
from octavia_common.events import (
    ArtifactRef,
    AssemblyRequested,
    ChunkReleased,
    CloudEvent,
    CreditsReserved,
    EventData,
    JobKind,
    JobRef,
    JobSpec,
    LanguageAssembled,
)
from octavia_common.messaging.handlers import StageHandler, Work
from octavia_synthesizer.engine import SynthesisEngine
from octavia_synthesizer.engines import make_engine as make_synthesizer
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_synthesizer.settings import SynthesizerSettings
from octavia_transcriber.engines.registry import make_engine as make_recogniser
from octavia_transcriber.recognition import RecognitionStage
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage
from octavia_translator.engine import TranslationEngine
from octavia_translator.engines import make_engine as make_translator
from octavia_translator.handler import TranslateChunk
from octavia_translator.settings import TranslatorSettings


@dataclass(frozen=True)
class Dubbed:
    """What the last stage tells of a dub, and what was recognised, chunk by chunk."""

    made: LanguageAssembled
    transcripts: tuple[ArtifactRef, ...]


@dataclass(frozen=True)
class PlainScript:
    """The stages of one process, their engines started."""

    store: FakeArtifactStore
    translator: TranslationEngine
    synthesizer: SynthesisEngine
    split: StageHandler
    recognise: StageHandler
    translate: StageHandler
    synthesize: StageHandler
    assemble: StageHandler

    async def dub(self, source: Path, *, seconds: float, target: str) -> bytes:
        """Dub a video of so many seconds; the finished file."""
        dubbed = await self.dubbed(source, seconds=seconds, target=target)
        return await self.store.read(dubbed.made.media, max_bytes=1 << 30)

    async def dubbed(self, source: Path, *, seconds: float, target: str) -> Dubbed:
        """Dub a video of so many seconds; all that was made of it."""
        user_id, job_id = uuid4(), uuid4()
        ref = await self.store.write_file(upload_key(user_id, uuid4()), source, "video/mp4")
        job = JobRef(
            job_id=job_id,
            user_id=user_id,
            hold_id=uuid4(),
            deadline_at=datetime.now(UTC) + timedelta(hours=1),
        )
        spec = JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=ref,
            source_filename=source.name,
            duration_seconds=seconds,
            source_language="en",
            target_languages=(target,),
        )
        planned = await _run(self.split, CreditsReserved(job=job, spec=spec, amount=0))
        plan = await self.store.read_document(planned.plan, ChunkPlan)
        speech, transcripts = [], []
        for each in plan.chunks:
            released = ChunkReleased(
                job=job,
                chunk=each.chunk,
                audio=each.audio,
                regions=tuple((region.start, region.end) for region in each.regions),
                source_language=spec.source_language,
                target_languages=spec.target_languages,
            )
            transcribed = await _run(self.recognise, released)
            transcripts.append(transcribed.transcript)
            translated = await _run(self.translate, transcribed)
            speech.append((await _run(self.synthesize, translated)).speech)
        request = AssemblyRequested(
            job=job, spec=spec, target_language=target, plan=planned.plan, speech=tuple(speech)
        )
        return Dubbed(await _run(self.assemble, request), tuple(transcripts))


@asynccontextmanager
async def plain_script() -> AsyncIterator[PlainScript]:
    """A script whose engines are loaded, as the services' are when they are ready."""
    transcriber, assembler = TranscriberSettings(), AssemblerSettings()
    recogniser = make_recogniser(transcriber)
    translator = make_translator(TranslatorSettings())
    synthesizer = make_synthesizer(SynthesizerSettings(synthesizer_threads=1))
    store = FakeArtifactStore()
    engines = (recogniser, translator, synthesizer)
    for engine in engines:
        await engine.start()
    try:
        yield PlainScript(
            store=store,
            translator=translator,
            synthesizer=synthesizer,
            split=SplitStage(store, SilenceCutter(store, transcriber.chunk_rules())),
            recognise=RecognitionStage(store, recogniser),
            translate=TranslateChunk(store, translator),
            synthesize=SynthesizeChunk(store, synthesizer),
            assemble=AssembleLanguage(store, make_renderer(assembler)),
        )
    finally:
        for engine in engines:
            await engine.close()


async def _run(stage: StageHandler, data: EventData) -> Any:
    """The one event that a stage makes of another."""
    with tempfile.TemporaryDirectory(prefix="octavia-plain-") as scratch:
        event = CloudEvent.wrap(data, service="plain-script")
        (made,) = await stage.handle(event, Work(cancel=CancelToken(), scratch=Path(scratch)))
    return made
