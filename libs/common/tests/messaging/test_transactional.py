"""Effects once: inbox, effect and outbox as one transaction, on real Kafka and PostgreSQL."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from octavia_common import topics
from octavia_common.database import Database
from octavia_common.events import CloudEvent, EventData, JobCancelled, JobFailed, JobRef, UserRegistered
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay
from octavia_common.service import ServiceRuntime
from octavia_common.settings import ServiceSettings

from .conftest import Kafka, seen_ids

pytestmark = pytest.mark.integration


class Tally:
    """Counts cancellations in a table and says each one on as a failure event."""

    def __init__(self, poison: set[str] | None = None) -> None:
        self.poison = poison or set()
        self.batches: list[int] = []

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        self.batches.append(len(events))
        for event in events:
            if event.subject in self.poison:
                raise ValueError("poison")
            await connection.execute("INSERT INTO tally (job_id) VALUES ($1)", event.data.job.job_id)
        return [UserRegistered(user_id=event.data.job.user_id) for event in events]


async def _runtime(settings: ServiceSettings, handler: Tally) -> ServiceRuntime:
    database = Database(settings.database_url.get_secret_value(), schema="testing")
    await database.open()
    await database.pool.execute("CREATE TABLE IF NOT EXISTS tally (job_id uuid NOT NULL)")
    await database.close()
    made = ServiceRuntime("tester", settings, schema="testing")
    made.add_transactional({topics.JOBS_OUTCOME: handler}, name="tester.outcome")
    return made


async def test_every_event_twice_has_its_effect_once(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    jobs = [new_job() for _ in range(40)]
    await kafka.send(*(JobCancelled(job=job) for job in jobs), times=2)
    handler = Tally()
    async with await _runtime(settings, handler) as running:
        events = await kafka.read(topics.USERS_REGISTERED, count=40)
        await kafka.send(*(JobCancelled(job=job) for job in jobs))
        await kafka.send(JobCancelled(job=new_job()))
        await kafka.read(topics.USERS_REGISTERED, count=41)
        assert await running.database.pool.fetchval("SELECT count(*) FROM tally") == 41
        # Deleted a moment after it was sent.
        while await running.database.pool.fetchval("SELECT count(*) FROM outbox"):
            await asyncio.sleep(0.05)
    assert len(seen_ids(events)) == 40
    assert max(handler.batches) > 1, "what was buffered should have gone in batches"


async def test_a_poisoned_event_alone_becomes_a_dead_letter_and_its_job_fails(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    jobs = [new_job() for _ in range(10)]
    poisoned = jobs[4]
    await kafka.send(*(JobCancelled(job=job) for job in jobs))
    await kafka.send_raw(topics.JOBS_OUTCOME, b"rubbish")
    async with await _runtime(settings, Tally({str(poisoned.job_id)})) as running:
        await kafka.read(topics.USERS_REGISTERED, count=9)
        letters = await kafka.read_raw(topics.DEAD_LETTERS, count=2)
        assert await running.database.pool.fetchval("SELECT count(*) FROM tally") == 9
    assert {letter.value for letter in letters} >= {b"rubbish"}
    records = await kafka.read_raw(topics.JOBS_OUTCOME, count=12)
    failed = [record for record in records if JobFailed.TYPE.encode() in (record.value or b"")]
    assert len(failed) == 1
    assert str(poisoned.job_id).encode() in failed[0].value


async def test_the_effect_and_its_event_stand_or_fall_together(settings: ServiceSettings) -> None:
    database = Database(settings.database_url.get_secret_value(), schema="testing")
    await database.open()
    try:
        outbox = Outbox("tester", "testing")

        async def effect_that_fails() -> None:
            async with database.transaction() as connection:
                await outbox.add(connection, [UserRegistered(user_id=uuid4())])
                raise RuntimeError("the effect failed")

        with pytest.raises(RuntimeError):
            await effect_that_fails()
        assert await database.pool.fetchval("SELECT count(*) FROM outbox") == 0
    finally:
        await database.close()


async def test_what_a_killed_relay_had_claimed_is_sent_when_its_lease_runs_out(
    settings: ServiceSettings, kafka: Kafka
) -> None:
    async with ServiceRuntime("tester", settings, schema="testing") as running:
        pool = running.database.pool
        async with running.database.transaction() as connection:
            # Claimed by a relay that is no more.
            await running.outbox.add(connection, [UserRegistered(user_id=uuid4())])
            await connection.execute(
                "UPDATE outbox SET lease = gen_random_uuid(),"
                " leased_until = clock_timestamp() + interval '1 hour'"
            )
        assert await running.relay.send_batch() == 0
        await pool.execute("UPDATE outbox SET leased_until = clock_timestamp()")
        await kafka.read(topics.USERS_REGISTERED, count=1)


async def test_two_relays_send_each_event_once(settings: ServiceSettings, kafka: Kafka) -> None:
    async with ServiceRuntime("tester", settings, schema="testing") as running:
        second = Relay(running.database, running.outbox, running.publisher)
        other = asyncio.create_task(second.run())
        try:
            for _ in range(30):
                async with running.database.transaction() as connection:
                    await running.outbox.add(connection, [UserRegistered(user_id=uuid4()) for _ in range(10)])
            await kafka.read(topics.USERS_REGISTERED, count=300)
        finally:
            other.cancel()
    assert await kafka.count(topics.USERS_REGISTERED) == 300
