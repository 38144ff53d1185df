"""What administrators look at and set right: people, jobs, queues, providers, dead letters."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from aiokafka.errors import KafkaError
from octavia_common.errors import TransientError
from octavia_common.messaging.kept_letters import describe, read_letters, replay_letters

from octavia_gateway.admin.overview_repository import OverviewRepository
from octavia_gateway.admin.overview_schemas import (
    AdminJobResponse,
    AdminUser,
    DeadLetter,
    ProviderResponse,
    QueueResponse,
)
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.jobs.errors import JobNotFoundError
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.messages import Language
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.videos.errors import VideoNotFoundError

PROVIDER_HOURS = 24
KAFKA_SECONDS = 15.0
STUCK = timedelta(minutes=3)
"""Engines tell of a chunk in seconds; what is silent for so long wants to be looked at."""

T = TypeVar("T")


class DeadLettersUnavailableError(TransientError):
    """Kafka does not answer."""

    code = "dead_letters_unavailable"


class AdminOverview:
    """Reads over all users, and runs what failed once more."""

    def __init__(self, database: GatewayDatabase, settings: GatewaySettings) -> None:
        self._database = database
        self._settings = settings
        self._repository = OverviewRepository()
        self._jobs = JobsRepository()

    async def users(self, text: str, before: tuple[datetime, UUID] | None, limit: int) -> list[AdminUser]:
        """Accounts whose address has `text` in it, newest first."""
        async with self._database.service_transaction() as connection:
            rows = await self._repository.users(connection, text, before, limit)
        administrators = self._settings.administrators()
        return [
            AdminUser(
                id=row["user_id"],
                email=row["email"],
                is_admin=row["is_admin"] or row["email"].casefold() in administrators,
                created_at=row["created_at"],
                available=row["available"],
                held=row["held"],
                jobs=row["jobs"],
                videos=row["videos"],
            )
            for row in rows
        ]

    async def jobs(
        self,
        *,
        statuses: Sequence[str],
        user_id: UUID | None,
        stuck: bool,
        before: tuple[datetime, UUID] | None,
        limit: int,
        language: Language,
    ) -> list[AdminJobResponse]:
        """Jobs of all users, newest first; with `stuck` only those that nothing is heard of."""
        silent_since = datetime.now(UTC) - STUCK
        async with self._database.service_transaction() as connection:
            found = await self._jobs.page_of_all(
                connection,
                statuses=statuses,
                user_id=user_id,
                silent_since=silent_since if stuck else None,
                before=before,
                limit=limit,
            )
            emails = await self._repository.emails(connection, [job.user_id for job in found])
        return [
            AdminJobResponse.described(
                job, emails.get(job.user_id, ""), silent_since=silent_since, language=language
            )
            for job in found
        ]

    async def owner_of_job(self, job_id: UUID) -> UUID:
        """Whose job it is. Raises JobNotFoundError (404)."""
        async with self._database.service_transaction() as connection:
            owner = await self._repository.owner_of_job(connection, job_id)
        if owner is None:
            raise JobNotFoundError(job_id)
        return owner

    async def owner_of_video(self, video_id: UUID) -> UUID:
        """Whose video it is. Raises VideoNotFoundError (404)."""
        async with self._database.service_transaction() as connection:
            owner = await self._repository.owner_of_video(connection, video_id)
        if owner is None:
            raise VideoNotFoundError(video_id)
        return owner

    async def queues(self) -> list[QueueResponse]:
        """What waits or is at work, by sort."""
        now = datetime.now(UTC)
        async with self._database.service_transaction() as connection:
            rows = await self._repository.queues(connection)
        return [
            QueueResponse(
                name=row["name"],
                waiting=row["waiting"],
                oldest_seconds=_age(row["oldest"], now),
                silent_seconds=_age(row["silent"], now),
            )
            for row in rows
        ]

    async def providers(self) -> list[ProviderResponse]:
        """How videos of the last day ended, by provider and model."""
        async with self._database.service_transaction() as connection:
            rows = await self._repository.providers(connection, PROVIDER_HOURS)
        return [
            ProviderResponse(**dict(row), success_rate=_rate(row["succeeded"], row["failed"])) for row in rows
        ]

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The newest, newest first. Raises DeadLettersUnavailableError (503)."""
        letters = await self._from_kafka(read_letters(self._settings, limit))
        return [DeadLetter.model_validate(describe(letter)) for letter in reversed(letters)]

    async def replay(self, offsets: set[int]) -> int:
        """Send letters back to the consumers that gave them up; how many could be.

        Raises DeadLettersUnavailableError (503).
        """
        return await self._from_kafka(replay_letters(self._settings, offsets))

    async def _from_kafka(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(KAFKA_SECONDS):
                return await work
        except (KafkaError, TimeoutError, OSError):
            raise DeadLettersUnavailableError("Kafka does not answer just now. Try again shortly.") from None


def _age(since: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - since).total_seconds()) if since is not None else None


def _rate(succeeded: int, failed: int) -> float | None:
    return round(succeeded / (succeeded + failed), 4) if succeeded + failed else None
