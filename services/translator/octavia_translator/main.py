"""The translator's composition root."""

import asyncio

from octavia_common.errors import EngineUnavailableError
from octavia_common.events import ChunkTranscribed
from octavia_common.service import ServiceRuntime
from octavia_common.topics import CHUNKS_TRANSCRIBED

from octavia_translator.engines import make_engine
from octavia_translator.handler import TranslateChunk
from octavia_translator.settings import TranslatorSettings


async def serve(settings: TranslatorSettings) -> None:
    """Translate chunks until told to stop. Raises EngineUnavailableError where the engine can't."""
    engine = make_engine(settings)
    await engine.start()
    try:
        runtime = ServiceRuntime("translator", settings)
        runtime.add_stage(
            CHUNKS_TRANSCRIBED,
            ChunkTranscribed,
            TranslateChunk(runtime.store, engine),
            name="translator",
            abreast=engine.abreast,
        )
        runtime.tell_engine(engine.published())
        async with runtime:
            await runtime.run()
    finally:
        await engine.close()


def main() -> None:
    """Entry point of `octavia-translator`."""
    try:
        asyncio.run(serve(TranslatorSettings()))
    except EngineUnavailableError as error:
        raise SystemExit(f"octavia-translator: {error.message}") from None
