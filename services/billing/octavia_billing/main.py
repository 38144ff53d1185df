"""The composition root of billing."""

import asyncio

from octavia_common import topics
from octavia_common.service import ServiceRuntime

from octavia_billing.background import GrantExpiry, OverdueWatch
from octavia_billing.consumers.grants import GrantHandler, WelcomeHandler
from octavia_billing.consumers.outcome import OutcomeHandler
from octavia_billing.consumers.submitted import SubmittedHandler
from octavia_billing.consumers.videos import VideosHandler
from octavia_billing.domain.prices import load_prices
from octavia_billing.ledger import Ledger
from octavia_billing.price_lists import PriceLists
from octavia_billing.repositories import BY_KEY
from octavia_billing.repositories.ledger import LedgerRepository
from octavia_billing.repositories.previews import PreviewsRepository
from octavia_billing.repositories.prices import PriceRepository
from octavia_billing.repositories.snapshot import SnapshotRepository
from octavia_billing.settings import BillingSettings


async def serve(settings: BillingSettings) -> None:
    """Run billing until it is told to stop."""
    prices = PriceLists(PriceRepository(), load_prices(settings.prices_file))
    repository = LedgerRepository()
    ledger = Ledger(SnapshotRepository(), repository)
    previews = PreviewsRepository()
    runtime = ServiceRuntime("billing", settings, schema="billing", session=BY_KEY)
    consumers = (
        (topics.USERS_REGISTERED, WelcomeHandler(ledger, welcome_credits=settings.welcome_credits), "users"),
        (topics.CREDITS_GRANTS, GrantHandler(ledger), "grants"),
        (topics.JOBS_SUBMITTED, SubmittedHandler(ledger, prices, previews), "submitted"),
        (topics.VIDEOS_SUBMITTED, VideosHandler(ledger, prices), "videos"),
        (topics.JOBS_OUTCOME, OutcomeHandler(ledger, previews), "outcome"),
    )
    for topic, handler, name in consumers:
        runtime.add_transactional({topic: handler}, name=f"billing.{name}", max_batch=settings.billing_batch)
    expiry = GrantExpiry(
        runtime.database, runtime.outbox, ledger, every_seconds=settings.grant_expiry_seconds
    )
    runtime.add_background("grant expiry", expiry.run)
    runtime.add_background("overdue holds", OverdueWatch(runtime.database, repository).run)
    async with runtime:
        await prices.publish(runtime.database, runtime.outbox)
        await runtime.run()


def main() -> None:
    """Entry point of `octavia-billing`."""
    asyncio.run(serve(BillingSettings()))
