"""Which topic is projected by what."""

from typing import TYPE_CHECKING

from octavia_common import topics
from octavia_common.messaging.handlers import TransactionalHandler

from octavia_gateway.capabilities.repository import EnginesRepository
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.events.log import EventLog
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.projection.credits import LedgerProjection, PricesProjection
from octavia_gateway.projection.engines import EnginesProjection
from octavia_gateway.projection.jobs import JobProjection
from octavia_gateway.projection.work import WorkProjection
from octavia_gateway.videos.catalogue_repository import CatalogueRepository
from octavia_gateway.videos.projection import CatalogueProjection, VideoProjection
from octavia_gateway.videos.repository import VideosRepository

if TYPE_CHECKING:
    from octavia_common.service import ServiceRuntime

WORK_TOPICS = (
    topics.JOBS_OUTCOME,
    topics.CREDITS_RESERVED,
    topics.CREDITS_RESOLVED,
    topics.MEDIA_PLANNED,
    topics.CHUNKS_TRANSCRIBED,
    topics.CHUNKS_TRANSLATED,
    topics.CHUNKS_SPOKEN,
    topics.CHUNKS_SYNTHESIZED,
    topics.CHUNKS_HELD,
    topics.MEDIA_ASSEMBLED,
    topics.EXPORTS_MADE,
    topics.VIDEOS_RESERVED,
    topics.VIDEOS_PROGRESS,
)
"""Of jobs and of videos: those of billing, and of failures, tell of both."""

ACCOUNT_TOPICS = (
    topics.CREDITS_LEDGER,
    topics.CREDITS_PRICES,
    topics.VIDEOS_MODELS,
    topics.ENGINES_PUBLISHED,
)
"""Of credits, and of what they can be spent on."""

MOST_AT_ONCE = 500
"""Events of one transaction: its statements are a handful however many they are, so more means faster."""


def projections() -> dict[topics.Topic, TransactionalHandler]:
    """Every topic that shows in the read model, and what projects it."""
    log, credits_ = EventLog(), CreditsRepository()
    videos = VideosRepository()
    work = WorkProjection(JobProjection(JobsRepository()), VideoProjection(videos), log)
    return {
        **dict.fromkeys(WORK_TOPICS, work),
        topics.CREDITS_LEDGER: LedgerProjection(credits_, log),
        topics.CREDITS_PRICES: PricesProjection(credits_),
        topics.VIDEOS_MODELS: CatalogueProjection(CatalogueRepository()),
        topics.ENGINES_PUBLISHED: EnginesProjection(EnginesRepository()),
    }


def attach(runtime: "ServiceRuntime") -> None:
    """Have the runtime consume them: what tells of work together, and what tells of accounts.

    Together because a batch of a job's events, whatever their topics, then locks and announces it once.
    """
    every = projections()
    runtime.add_transactional(
        {topic: every[topic] for topic in WORK_TOPICS}, name="gateway.jobs", max_batch=MOST_AT_ONCE
    )
    runtime.add_transactional({topic: every[topic] for topic in ACCOUNT_TOPICS}, name="gateway.credits")
