"""The composition root of the assembler."""

import asyncio

from octavia_common import topics
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import AssemblyRequested, ExportRequested
from octavia_common.messaging.transactional import Route
from octavia_common.service import ServiceRuntime

from octavia_assembler.assembling import AssembleByKind
from octavia_assembler.exporting.stage import MakeExport
from octavia_assembler.join.handlers import ForgetRuns, JoinChunks, JoinLanguages, JoinPlans
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.rendering.renderer import Renderer
from octavia_assembler.rendering.stage import AssembleLanguage
from octavia_assembler.rendering.timed import TimedRenderer
from octavia_assembler.separation.base import Separator
from octavia_assembler.separation.registry import make_separator
from octavia_assembler.settings import AssemblerSettings
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.subtitling.stage import WriteLanguage


def make_ducking(settings: AssemblerSettings) -> Ducking:
    """How the background makes way for speech."""
    return Ducking(
        depth_db=settings.assembler_duck_db,
        attack_seconds=settings.assembler_duck_attack_seconds,
        release_seconds=settings.assembler_duck_release_seconds,
    )


def make_renderer(settings: AssemblerSettings, separator: Separator | None = None) -> Renderer:
    """The renderer that the settings ask for; it starts and closes the separator."""
    if settings.assembler_renderer == "timed":
        return TimedRenderer(settings.timed_engine_seconds)
    return DubRenderer(make_ducking(settings), separator)


async def serve(settings: AssemblerSettings) -> None:
    """Join and assemble until told to stop. Raises EngineUnavailableError where ffmpeg is missing."""
    separator = None if settings.assembler_renderer == "timed" else make_separator(settings)
    renderer = make_renderer(settings, separator)
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
        AssembleByKind(
            AssembleLanguage(runtime.store, renderer, keep_blocks=settings.assembler_keep_blocks),
            WriteLanguage(runtime.store),
        ),
        name="assembler",
    )
    runtime.add_stage(
        topics.EXPORTS_REQUESTED,
        ExportRequested,
        MakeExport(
            runtime.store,
            make_ducking(settings),
            separator,
            # Less than the shell allows one piece of work, so that its owner is told why it ended.
            most_seconds=settings.handler_timeout_seconds * 0.9,
        ),
        name="assembler.exports",
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
