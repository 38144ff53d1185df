"""The composition root of the assembler."""

import asyncio

from octavia_common import topics
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import AssemblyRequested
from octavia_common.messaging.transactional import Route
from octavia_common.service import ServiceRuntime

from octavia_assembler.assembling import AssembleByKind
from octavia_assembler.join.handlers import ForgetRuns, JoinChunks, JoinLanguages, JoinPlans
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.rendering.renderer import Renderer
from octavia_assembler.rendering.stage import AssembleLanguage
from octavia_assembler.rendering.timed import TimedRenderer
from octavia_assembler.separation.registry import make_separator
from octavia_assembler.settings import AssemblerSettings
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.subtitling.stage import WriteLanguage


def make_renderer(settings: AssemblerSettings) -> Renderer:
    """The renderer that the settings ask for."""
    if settings.assembler_renderer == "timed":
        return TimedRenderer(settings.timed_engine_seconds)
    return DubRenderer(
        Ducking(
            depth_db=settings.assembler_duck_db,
            attack_seconds=settings.assembler_duck_attack_seconds,
            release_seconds=settings.assembler_duck_release_seconds,
        ),
        make_separator(settings),
    )


async def serve(settings: AssemblerSettings) -> None:
    """Join and assemble until told to stop. Raises EngineUnavailableError where ffmpeg is missing."""
    renderer = make_renderer(settings)
    runtime = ServiceRuntime("assembler", settings, schema="assembler")
    runtime.add_transactional(
        {
            topics.MEDIA_PLANNED: Route(JoinPlans(), skip_ended=True),
            topics.CHUNKS_SYNTHESIZED: Route(JoinChunks(), skip_ended=True),
            topics.MEDIA_ASSEMBLED: Route(JoinLanguages(), skip_ended=True),
            topics.CREDITS_RESOLVED: Route(ForgetRuns()),
        },
        name="assembler.join",
    )
    runtime.add_stage(
        topics.ASSEMBLY_REQUESTED,
        AssemblyRequested,
        AssembleByKind(AssembleLanguage(runtime.store, renderer), WriteLanguage(runtime.store)),
        name="assembler",
    )
    try:
        await renderer.start()
        async with runtime:
            await runtime.run()
    finally:
        await renderer.close()


def main() -> None:
    """Entry point of `octavia-assembler`."""
    try:
        asyncio.run(serve(AssemblerSettings()))
    except EngineUnavailableError as error:
        raise SystemExit(f"octavia-assembler: {error.message}") from None
