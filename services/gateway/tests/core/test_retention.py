"""What expires goes, object and row together; what is in use stays, whatever its age."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from octavia_common.artifacts import artifact_key, upload_key
from octavia_common.events import JobRef
from octavia_gateway.retention.in_use import nothing_in_use
from octavia_gateway.retention.policy import Policy
from octavia_gateway.retention.service import Retention

from .conftest import MakeWorld
from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration

OLD = timedelta(days=31)


def key_of(member: Member, name: str) -> str:
    return artifact_key(member.user_id, "test", inputs=[name], engine="e", version="1", params={})


async def put(world: World, *keys: str) -> None:
    for key in keys:
        await world.store.write(key, b"x", "text/plain")


async def listed(world: World, job: JobRef | str, *keys: str) -> None:
    """As the projection does for what an event says was made."""
    job_id = job.job_id if isinstance(job, JobRef) else UUID(job)
    async with world.database.transaction() as connection:
        await connection.execute(
            """INSERT INTO job_artifacts SELECT job_id, user_id, key FROM jobs, unnest($2::text[]) AS k (key)
               WHERE job_id = $1""",
            job_id,
            list(keys),
        )


async def aged(world: World, table: str, column: str, key: str, value: Any, age: timedelta = OLD) -> None:
    async with world.database.transaction() as connection:
        await connection.execute(
            f"UPDATE {table} SET {column} = clock_timestamp() - $2::interval WHERE {key} = $1", value, age
        )


async def count(world: World, table: str, member: Member) -> int:
    async with world.database.transaction() as connection:
        return int(
            await connection.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", member.user_id)
        )


async def ended_job(world: World, member: Member, *keys: str, age: timedelta = OLD) -> JobRef:
    """A completed job that lists `keys`, which are in the store, and ended `age` ago."""
    job = await world.submit(member, (await world.create_job(member))["id"])
    await world.tell(JobEvents(job).released())
    await put(world, *keys)
    await listed(world, job, *keys)
    await aged(world, "jobs", "finished_at", "job_id", job.job_id, age)
    return job


async def round_of(world: World) -> None:
    await world.replicas[0].gateway.housekeeping.round()


async def test_results_expire_with_their_objects_and_their_owner_is_told(world: World) -> None:
    member = await world.register(credits_=1000)
    old = await ended_job(world, member, "old", "shared")
    young = await ended_job(world, member, "young", "shared", age=timedelta(days=29))
    pending = await world.create_job(member)
    await aged(world, "jobs", "created_at", "job_id", UUID(pending["id"]))
    await round_of(world)
    assert sorted(world.store.objects) == ["shared", "young"]
    gone = await world.client.get(f"/api/v1/jobs/{old.job_id}", headers=member.headers)
    assert gone.status_code == 404
    left = await world.client.get("/api/v1/jobs", headers=member.headers)
    assert [job["id"] for job in left.json()["items"]] == [str(young.job_id)]
    async with world.database.transaction() as connection:
        told = await connection.fetch("SELECT job_id FROM job_events WHERE kind = 'job.deleted'")
    assert {row["job_id"] for row in told} == {old.job_id, UUID(pending["id"])}
    # The rows go once no event can tell of them any more.
    await aged(world, "jobs", "deleted_at", "job_id", old.job_id, timedelta(days=8))
    await round_of(world)
    async with world.database.transaction() as connection:
        assert not await connection.fetchval("SELECT 1 FROM jobs WHERE job_id = $1", old.job_id)


async def test_uploads_expire_once_no_job_used_them_for_long(world: World) -> None:
    member = await world.register(credits_=1000)
    unused, used, waiting, at_work = [await world.add_file(member) for _ in range(4)]
    for file in (unused, used, waiting, at_work):
        await put(world, file.artifact.key)
        await aged(world, "files", "created_at", "file_id", file.file_id)
    for file in (used, waiting, at_work):
        body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es"}
        answer = await world.client.post(
            "/api/v1/jobs/video-translate/create", json=body, headers=member.headers
        )
        if file is not waiting:
            job = await world.submit(member, answer.json()["id"])
            if file is used:
                await world.tell(JobEvents(job).released())
    await round_of(world)
    assert sorted(world.store.objects) == sorted(file.artifact.key for file in (used, waiting, at_work))
    assert await count(world, "files", member) == 3
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE jobs SET finished_at = finished_at - interval '31 days'")
        await connection.execute("UPDATE jobs SET created_at = created_at - interval '31 days'")
    await round_of(world)  # a pending job of that age is deleted, and does not need its file any more
    assert list(world.store.objects) == [at_work.artifact.key]


async def test_nothing_of_a_user_goes_while_a_job_of_theirs_is_at_work(world: World) -> None:
    """It may have found by its address what another job made, and not have said so yet."""
    member = await world.register(credits_=1000)
    await ended_job(world, member, "made")
    busy = await world.submit(member, (await world.create_job(member))["id"])
    other = await world.register(credits_=1000)
    await ended_job(world, other, "others")
    await round_of(world)
    assert list(world.store.objects) == ["made"]
    await listed(world, busy, "made")
    await world.tell(JobEvents(busy).released())
    await round_of(world)
    assert list(world.store.objects) == ["made"]


async def test_no_job_begins_while_objects_are_removed(world: World) -> None:
    member = await world.register(credits_=1000)
    job = await world.create_job(member)
    async with world.database.transaction() as connection:
        assert await nothing_in_use(connection, member.user_id)
        beginning = asyncio.create_task(world.submit(member, job["id"]))
        await asyncio.sleep(0.3)
        assert (await world.job(member, job["id"]))["status"] == "pending"
    await beginning
    async with world.database.transaction() as connection:
        assert not await nothing_in_use(connection, member.user_id)


async def test_what_a_cancelled_stage_left_unlisted_goes(world: World) -> None:
    member = await world.register(credits_=1000)
    kept, lost = key_of(member, "kept"), key_of(member, "lost")
    upload = upload_key(member.user_id, member.user_id)
    job = await ended_job(world, member, kept, age=timedelta(minutes=30))
    await put(world, lost, upload)
    part = await world.store.multipart.create(key_of(member, "half"), "video/mp4")
    await round_of(world)
    assert sorted(world.store.objects) == sorted([kept, lost, upload])  # it may still be at work
    await aged(world, "jobs", "finished_at", "job_id", job.job_id, timedelta(minutes=61))
    await round_of(world)
    assert sorted(world.store.objects) == sorted([kept, upload])
    assert part not in world.store.multipart.uploads
    # Not looked at again before another job has ended.
    await put(world, lost)
    await round_of(world)
    assert lost in world.store.objects
    again = await world.submit(member, (await world.create_job(member))["id"])
    await world.tell(JobEvents(again).released())
    await aged(world, "jobs", "finished_at", "job_id", again.job_id, timedelta(minutes=62))
    await round_of(world)
    assert lost not in world.store.objects


async def test_a_store_that_is_away_is_waited_for(world: World) -> None:
    member = await world.register(credits_=1000)
    await ended_job(world, member, "old")
    file = await world.add_file(member)
    await put(world, file.artifact.key)
    await aged(world, "files", "created_at", "file_id", file.file_id)
    world.store.down = True
    await round_of(world)
    assert await count(world, "files", member) == 2
    world.store.down = False
    await round_of(world)
    assert world.store.objects == {}


async def test_zero_days_are_for_ever(make_world: MakeWorld) -> None:
    world = await make_world(retention_result_days=0, retention_upload_days=0)
    member = await world.register(credits_=1000)
    await ended_job(world, member, "old", age=timedelta(days=4000))
    file = await world.add_file(member)
    await put(world, file.artifact.key)
    await aged(world, "files", "created_at", "file_id", file.file_id, timedelta(days=4000))
    await round_of(world)
    assert sorted(world.store.objects) == sorted(["old", file.artifact.key])


async def test_two_replicas_expire_each_once(world: World) -> None:
    await world.add_replica()
    member = await world.register(credits_=1000)
    for number in range(5):
        await ended_job(world, member, f"old-{number}")
    policy = Policy(results=timedelta(days=30), uploads=None, unlisted=timedelta(hours=1))
    both = [Retention(replica.gateway.resources.database, world.store, policy) for replica in world.replicas]
    assert sum(await asyncio.gather(*(one.expire_results() for one in both))) == 5
    await asyncio.gather(*(one.round() for one in both))
    assert world.store.objects == {}
