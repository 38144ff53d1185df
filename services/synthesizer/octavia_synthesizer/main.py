"""The synthesizer's composition root."""

import asyncio

from octavia_common.errors import EngineUnavailableError
from octavia_common.events import ChunkTranslated
from octavia_common.service import ServiceRuntime
from octavia_common.topics import CHUNKS_TRANSLATED

from octavia_synthesizer.engines import make_engine
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_synthesizer.settings import SynthesizerSettings


async def serve(settings: SynthesizerSettings) -> None:
    """Speak chunks until told to stop. Raises EngineUnavailableError where the engine can't."""
    engine = make_engine(settings)
    await engine.start()
    try:
        runtime = ServiceRuntime("synthesizer", settings)
        runtime.add_stage(
            CHUNKS_TRANSLATED,
            ChunkTranslated,
            SynthesizeChunk(runtime.store, engine, check=settings.check_speech),
            name="synthesizer",
        )
        runtime.tell_engine(engine.published())
        async with runtime:
            await runtime.run()
    finally:
        await engine.close()


def main() -> None:
    """Entry point of `octavia-synthesizer`."""
    try:
        asyncio.run(serve(SynthesizerSettings()))
    except EngineUnavailableError as error:
        raise SystemExit(f"octavia-synthesizer: {error.message}") from None
