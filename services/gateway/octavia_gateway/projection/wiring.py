"""Which topic is projected by what."""

from typing import TYPE_CHECKING

from octavia_common import topics
from octavia_common.messaging.handlers import TransactionalHandler

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.events.log import EventLog
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.projection.credits import LedgerProjection, PricesProjection
from octavia_gateway.projection.jobs import JobProjection

if TYPE_CHECKING:
    from octavia_common.service import ServiceRuntime

JOB_TOPICS = (
    topics.JOBS_OUTCOME,
    topics.CREDITS_RESERVED,
    topics.CREDITS_RESOLVED,
    topics.MEDIA_PLANNED,
    topics.CHUNKS_TRANSCRIBED,
    topics.CHUNKS_TRANSLATED,
    topics.CHUNKS_SYNTHESIZED,
    topics.MEDIA_ASSEMBLED,
)


CREDIT_TOPICS = (topics.CREDITS_LEDGER, topics.CREDITS_PRICES)

VIDEO_TOPICS = (topics.VIDEOS_RESERVED, topics.VIDEOS_PROGRESS, topics.VIDEOS_MODELS)


MOST_AT_ONCE = 500
"""Events of one transaction: its statements are a handful however many they are, so more means faster."""


def projections() -> dict[topics.Topic, TransactionalHandler]:
    """Every topic that shows in the read model, and what projects it."""
    log, credits_ = EventLog(), CreditsRepository()
    jobs = JobProjection(JobsRepository(), log)
    ledger, prices = CREDIT_TOPICS
    return {
        **dict.fromkeys(JOB_TOPICS, jobs),
        ledger: LedgerProjection(credits_, log),
        prices: PricesProjection(credits_),
    }


def attach(runtime: "ServiceRuntime") -> None:
    """Have the runtime consume them: what tells of jobs together, and what tells of credits.

    Together because a batch of a job's events, whatever their topics, then locks and announces it once.
    """
    every = projections()
    runtime.add_transactional(
        {topic: every[topic] for topic in JOB_TOPICS}, name="gateway.jobs", max_batch=MOST_AT_ONCE
    )
    runtime.add_transactional({topic: every[topic] for topic in CREDIT_TOPICS}, name="gateway.credits")
