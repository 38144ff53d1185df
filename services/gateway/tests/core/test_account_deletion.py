"""An account that is deleted leaves no object, no session and no row behind, wherever its process dies."""

import asyncio
from collections.abc import Iterable

import pytest
from octavia_common.artifacts import user_prefix
from octavia_common.events import EntryKind, JobCancelled, ReleaseReason
from octavia_gateway.erasure.repository import _TABLES

from .conftest import MakeWorld
from .events import JobEvents
from .world import PASSWORD, Member, World

pytestmark = pytest.mark.integration


async def rows_of(world: World, member: Member) -> dict[str, int]:
    """How many rows each table with a `user_id` has of a user."""
    async with world.database.transaction() as connection:
        tables = await connection.fetch(
            """SELECT table_name FROM information_schema.columns
               WHERE table_schema = 'gateway' AND column_name = 'user_id' ORDER BY 1"""
        )
        found = {
            row["table_name"]: await connection.fetchval(
                f"SELECT count(*) FROM {row['table_name']} WHERE user_id = $1", member.user_id
            )
            for row in tables
        }
    return {table: number for table, number in found.items() if number}


async def filled(world: World) -> tuple[Member, JobEvents]:
    """A user with everything that a user can have; one of two jobs is at work."""
    member = await world.register(credits_=1000)
    file = await world.add_file(member)
    await world.store.write(file.artifact.key, b"upload", "video/mp4")
    ended = JobEvents(await world.submit(member, (await world.create_job(member))["id"]))
    await world.tell(ended.planned(), ended.released())
    await world.create_job(member)
    running = JobEvents(await world.submit(member, (await world.create_job(member))["id"]))
    await world.tell(running.planned())
    for name in ("plan", "listed nowhere"):
        await world.store.write(running.artifact(name).key, b"made", "audio/wav")
    answer = await world.client.post("/api/v1/api-keys", json={"name": "robot"}, headers=member.headers)
    member.tokens["api_key"] = answer.json()["key"]
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", **member.headers}
    assert (await world.client.post("/api/v1/uploads", headers=tus)).status_code == 201
    direct = {"filename": "a.mp4", "length": 1000}
    headers = {**member.headers, "Idempotency-Key": "once"}
    answer = await world.client.post("/api/v1/direct-uploads", json=direct, headers=headers)
    assert answer.status_code == 201
    await world.outbox()
    return member, running


async def delete(world: World, member: Member) -> int:
    return (await world.client.delete("/api/v1/me", headers=member.headers)).status_code


async def go_on(world: World, replica: int = 0) -> int:
    return await world.replicas[replica].gateway.resources.erasure.round()


def objects_of(world: World, member: Member) -> list[str]:
    prefix = user_prefix(member.user_id)
    unfinished = [upload.key for upload in world.store.multipart.uploads.values()]
    return [key for key in (*world.store.objects, *unfinished) if key.startswith(prefix)]


async def test_nothing_is_left(make_world: MakeWorld) -> None:
    world = await make_world(retention_unlisted_minutes=0.001, upload_address_minutes=1)
    bystander, _ = await filled(world)
    kept = objects_of(world, bystander), await rows_of(world, bystander)
    member, running = await filled(world)
    assert await delete(world, member) == 202

    # At once: nobody is this user any more, and the address can be used again.
    for credential in (member.tokens["access_token"], member.tokens["api_key"]):
        answer = await world.client.get("/api/v1/me", headers={"Authorization": f"Bearer {credential}"})
        assert answer.status_code == 401
    token = {"refresh_token": member.tokens["refresh_token"]}
    assert (await world.client.post("/api/v1/auth/refresh", json=token)).status_code == 401
    login = {"email": member.email, "password": PASSWORD}
    assert (await world.client.post("/api/v1/auth/login", json=login)).status_code == 401
    assert await delete(world, member) == 401
    async with world.database.transaction() as connection:
        assert not await connection.fetchval("SELECT 1 FROM users WHERE email_key = $1", member.email)

    # The running job is cancelled, and its objects stay until billing has released the hold.
    [cancelled] = [event for event in await world.outbox() if isinstance(event, JobCancelled)]
    assert cancelled.job.job_id == running.job.job_id
    assert await go_on(world) == 0
    assert objects_of(world, member) != []
    assert await world.outbox() == []
    await world.tell(running.released(ReleaseReason.CANCELLED))
    assert await go_on(world) == 1
    assert objects_of(world, member) == []
    assert await rows_of(world, member) == {"account_deletions": 1}

    # What comes late: an object of a worker that was slow to stop, and the ledger's line of the release.
    late = running.artifact("late").key
    await world.store.write(late, b"late", "audio/wav")
    await world.tell(running.planned(), world.line(member.user_id, EntryKind.RELEASE, 10, after=1000))
    assert await rows_of(world, member) == {"account_deletions": 1}
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE account_deletions SET emptied_at = emptied_at - interval '2 hours'")
    assert await go_on(world) == 1
    assert objects_of(world, member) == []
    assert await go_on(world) == 0
    assert (objects_of(world, bystander), await rows_of(world, bystander)) == kept
    again = await world.register(member.email)
    assert again.user_id != member.user_id


async def test_every_table_with_rows_of_users_is_known(world: World) -> None:
    """A new one must be emptied too, or stand here with its reason: auditors, and the fact itself."""
    async with world.database.transaction() as connection:
        tables = await connection.fetch(
            """SELECT table_name FROM information_schema.columns
               WHERE table_schema = 'gateway' AND column_name = 'user_id'"""
        )
    assert {row["table_name"] for row in tables} == {*_TABLES, "admin_grants", "account_deletions"}


class ProcessDiedError(Exception):
    """Stands for the death of the process: nothing after it is done, and its transaction is gone."""


async def test_it_goes_on_wherever_the_process_died(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add_replica()
    member, running = await filled(world)
    assert await delete(world, member) == 202
    await world.tell(running.released(ReleaseReason.CANCELLED))
    real_delete = world.store.delete

    async def half(keys: Iterable[str]) -> None:
        await real_delete(list(keys)[:1])
        raise ProcessDiedError

    before = len(objects_of(world, member))
    monkeypatch.setattr(world.store, "delete", half)
    with pytest.raises(ProcessDiedError):
        await go_on(world)
    assert 0 < len(objects_of(world, member)) < before
    assert "jobs" in await rows_of(world, member)
    monkeypatch.undo()
    world.store.down = True
    assert await go_on(world, 1) == 0
    world.store.down = False
    assert await go_on(world, 1) == 1
    assert objects_of(world, member) == []
    assert await rows_of(world, member) == {"account_deletions": 1}


async def test_asking_again_and_many_at_once_change_nothing(world: World) -> None:
    await world.add_replica()
    member, running = await filled(world)
    erasure = [replica.gateway.resources.erasure for replica in world.replicas]
    await asyncio.gather(*(one.request(member.user_id) for one in (*erasure, *erasure)))
    assert [type(event) for event in await world.outbox()] == [JobCancelled]
    await world.tell(running.released(ReleaseReason.CANCELLED))
    assert sum(await asyncio.gather(*(one.round() for one in erasure))) == 1
    await erasure[0].request(member.user_id)
    assert await rows_of(world, member) == {"account_deletions": 1}
    assert await world.outbox() == []


async def test_a_key_for_machines_is_not_enough(world: World) -> None:
    member, _ = await filled(world)
    headers = {"Authorization": f"Bearer {member.tokens['api_key']}", "Accept-Language": "vi"}
    answer = await world.client.delete("/api/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
    assert "mật khẩu" in answer.json()["detail"]
    assert (await world.client.get("/api/v1/me", headers=member.headers)).status_code == 200
