"""The composition root of videogen."""

import asyncio
from datetime import UTC, datetime

from octavia_common import topics
from octavia_common.errors import EngineUnavailableError
from octavia_common.service import ServiceRuntime

from octavia_videogen.consumers import EndVideos, HeedCallbacks, TakeVideos
from octavia_videogen.domain.schedule import PollSchedule
from octavia_videogen.domain.steps import Rules
from octavia_videogen.pictures import Pictures
from octavia_videogen.providers.local.workers import RenderWorkers
from octavia_videogen.providers.registry import catalogue_of, make_provider
from octavia_videogen.repositories.tasks import TaskRepository
from octavia_videogen.results.bringing_home import BringingHome
from octavia_videogen.settings import VideogenSettings
from octavia_videogen.workers.fetching import FetchLoop, KeptLoop
from octavia_videogen.workers.housekeeping import Housekeeping
from octavia_videogen.workers.looking import LookLoop
from octavia_videogen.workers.lost_orders import LostOrderLoop
from octavia_videogen.workers.ordering import Callbacks, OrderLoop
from octavia_videogen.workers.settlement import Settlement
from octavia_videogen.workers.wakeups import Wakeups


def rules_of(settings: VideogenSettings) -> Rules:
    """How patient the settings say the service is."""
    return Rules(
        PollSchedule(
            settings.video_poll_seconds,
            settings.video_poll_slower_after_seconds,
            settings.video_poll_longest_seconds,
        ),
        patience=settings.video_patience_seconds,
        late=settings.video_late_seconds,
        kept=settings.video_kept_check_seconds,
    )


async def serve(settings: VideogenSettings) -> None:
    """Make videos until told to stop. Raises EngineUnavailableError where the provider cannot work."""
    catalogue, rules = catalogue_of(settings), rules_of(settings)
    runtime = ServiceRuntime("videogen", settings, schema="videogen")
    database, stopping = runtime.database, runtime.stopping
    callbacks = Callbacks(settings.video_callback_url, settings.video_callback_secret.get_secret_value())
    settlement = Settlement(database, runtime.outbox, runtime.relay)
    renderers = RenderWorkers(
        database,
        runtime.store,
        lambda hold_id: TaskRepository().hint(database.pool, hold_id, None),
        at_once=settings.video_local_renders,
        scratch=settings.scratch_dir,
    )
    provider = make_provider(
        settings, catalogue, database, runtime.store, renderers, called_back=callbacks.wanted
    )
    await provider.start()
    bringing = BringingHome(
        provider,
        runtime.store,
        kept_by_provider=settings.video_keep == "provider",
        scratch=settings.scratch_dir,
    )
    loops = (
        OrderLoop(
            database, stopping, settlement, runtime.outbox, runtime.relay, provider, catalogue,
            Pictures(runtime.store, scratch=settings.scratch_dir), callbacks, rules,
            drain_seconds=settings.shutdown_grace_seconds,
        ),
        LostOrderLoop(database, stopping, settlement, provider, rules),
        LookLoop(
            database, stopping, settlement, provider, catalogue, callbacks, rules,
            looks_per_second=settings.video_looks_per_second,
        ),
        FetchLoop(
            database, stopping, settlement, provider, bringing, rules, at_once=settings.video_fetches_at_once
        ),
        KeptLoop(database, stopping, settlement, provider, rules),
    )  # fmt: skip
    runtime.add_transactional(
        {
            topics.VIDEOS_RESERVED: TakeVideos(),
            topics.JOBS_OUTCOME: EndVideos(),
            topics.VIDEOS_CALLBACKS: HeedCallbacks(),
        },
        name="videogen",
    )
    for loop in loops:
        runtime.add_background(f"stage {loop.stage}", loop.run)
    runtime.add_background("wake-ups", Wakeups(database, {loop.stage.value: loop for loop in loops}).run)
    runtime.add_background("housekeeping", Housekeeping(database).run)
    if settings.video_provider == "local":
        runtime.add_background("renderers", renderers.run)
    try:
        async with runtime:
            async with database.transaction() as connection:
                # At each start: a configuration that comes back is news, though its content is not.
                told = catalogue.published(provider.name)
                told = told.model_copy(update={"published_at": datetime.now(UTC)})
                await runtime.outbox.add(connection, [told])
            await runtime.run()
    finally:
        await provider.close()


def main() -> None:
    """Entry point of `octavia-videogen`."""
    try:
        asyncio.run(serve(VideogenSettings()))
    except EngineUnavailableError as error:
        raise SystemExit(f"octavia-videogen: {error.message}") from None
