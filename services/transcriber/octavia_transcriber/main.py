"""The transcriber's composition root."""

import asyncio
from contextlib import AsyncExitStack

from octavia_common import topics
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import ChunkReleased, ChunkSpoken, CreditsReserved, EnginePublished
from octavia_common.messaging.transactional import Route
from octavia_common.service import ServiceRuntime

from octavia_transcriber.checking.stage import CheckStage
from octavia_transcriber.engines.base import Recogniser
from octavia_transcriber.engines.registry import make_engine
from octavia_transcriber.recognition import RecognitionStage
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.speakers.base import Diarizer
from octavia_transcriber.speakers.registry import make_diarizer
from octavia_transcriber.splitting.cutter import Cutter
from octavia_transcriber.splitting.language import LanguageFinder
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage
from octavia_transcriber.splitting.timed import TimedCutter
from octavia_transcriber.window.capacity import Capacity
from octavia_transcriber.window.handlers import CloseWindow, DropLanguages, MoveWindow, OpenWindow
from octavia_transcriber.window.repository import WindowRepository

NAME = "transcriber"


async def serve(settings: TranscriberSettings) -> None:
    """Run until SIGTERM or SIGINT. Raises EngineUnavailableError where the engine cannot start."""
    engine = make_engine(settings)
    runtime = ServiceRuntime(NAME, settings, schema=NAME)
    store, windows = runtime.store, WindowRepository()
    groups = [f"{settings.kafka_prefix}{group}" for group in topics.CHUNK_STAGES]
    capacity = Capacity(settings.kafka_bootstrap_servers, groups, fixed=settings.chunk_window)
    runtime.add_background("capacity", capacity.run)

    detector = engine.detector()
    languages = LanguageFinder(store, detector, settings.least_language_probability)
    diarizer = make_diarizer(settings)
    split = SplitStage(store, _cutter(settings, store, diarizer), languages)
    runtime.add_stage(topics.CREDITS_RESERVED, CreditsReserved, split, name="transcriber.splitter")
    runtime.add_stage(
        topics.CHUNKS_RELEASED,
        ChunkReleased,
        RecognitionStage(store, engine),
        name="transcriber.recogniser",
        abreast=engine.abreast,
    )
    moving = MoveWindow(windows, capacity)
    runtime.add_stage(
        topics.CHUNKS_SPOKEN,
        ChunkSpoken,
        CheckStage(store, engine, most_error=settings.check_most_error),
        name="transcriber.checker",
        abreast=engine.abreast,
    )
    runtime.add_transactional(
        {
            topics.MEDIA_PLANNED: Route(OpenWindow(store, windows, capacity), skip_ended=True),
            topics.CHUNKS_SYNTHESIZED: Route(moving, skip_ended=True),
            topics.CHUNKS_HELD: Route(moving, skip_ended=True),
            topics.MEDIA_ASSEMBLED: Route(DropLanguages(windows, capacity), skip_ended=True),
            topics.JOBS_OUTCOME: Route(CloseWindow(windows, capacity)),
        },
        name="transcriber.window",
    )

    async with AsyncExitStack() as engines:
        for each in (engine, detector, diarizer):
            if each is not None:
                engines.push_async_callback(each.close)
                await each.start()
        runtime.tell_engine(_published(engine, diarizer))
        async with runtime:
            await runtime.run()


def _published(engine: Recogniser, diarizer: Diarizer) -> EnginePublished:
    """What the recogniser can do, and that a number of speakers is heeded where voices are told apart."""
    told = engine.published()
    return told.model_copy(
        update={"honours": (*told.honours, *(("speakers",) if diarizer.tells_apart else ()))}
    )


def _cutter(settings: TranscriberSettings, store: ArtifactStore, diarizer: Diarizer) -> Cutter:
    if settings.transcriber_splitter == "timed":
        return TimedCutter(settings.timed_chunks, every_seconds=settings.timed_chunk_seconds)
    return SilenceCutter(store, settings.chunk_rules(), diarizer)


def main() -> None:
    """Entry point of the console script `octavia-transcriber`."""
    try:
        asyncio.run(serve(TranscriberSettings()))
    except EngineUnavailableError as error:
        raise SystemExit(f"octavia-transcriber: {error.message}") from None
