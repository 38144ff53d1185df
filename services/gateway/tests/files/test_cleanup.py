"""The objects of a job go with it; what others share or still work on stays."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from octavia_common.artifacts import upload_key
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.cleanup import BATCH, delete_job_objects

from .helpers import Room

pytestmark = pytest.mark.integration


@pytest.fixture
async def database(room: Room) -> AsyncIterator[GatewayDatabase]:
    pool = Database(room.database_url, schema="gateway", pool_size=2)
    await pool.open()
    yield GatewayDatabase(pool, Outbox("gateway", "gateway"))
    await pool.close()


def job(room: Room, user_id: UUID, keys: list[str], *, status: str = "completed", sha: str = "a") -> UUID:
    job_id = uuid4()
    room.rows(
        """INSERT INTO jobs (job_id, user_id, kind, file_id, spec, quote_credits, price_version, status)
           VALUES (%s, %s, 'video_translate', %s, %s, 1, '1', %s)""",
        job_id,
        user_id,
        uuid4(),
        json.dumps({"source": {"sha256": sha}}),
        status,
    )
    room.rows(
        "INSERT INTO job_artifacts SELECT %s, %s, key FROM unnest(%s::text[]) AS made (key)",
        job_id,
        user_id,
        keys,
    )
    return job_id


async def filled(keys: list[str]) -> FakeArtifactStore:
    store = FakeArtifactStore()
    for key in keys:
        await store.write(key, b"x", "text/plain")
    return store


async def test_all_of_a_job_and_nothing_of_another(
    room: Room, user_id: UUID, database: GatewayDatabase
) -> None:
    own = [f"own-{n:04}" for n in range(2 * BATCH + 3)]
    store = await filled([*own, "shared", "other"])
    doomed = job(room, user_id, [*own, "shared"])
    job(room, user_id, ["shared", "other"])
    assert await delete_job_objects(database, store, user_id, doomed)
    assert sorted(store.objects) == ["other", "shared"]
    assert room.rows("SELECT 1 FROM job_artifacts WHERE job_id = %s", doomed) == []
    assert await delete_job_objects(database, store, user_id, doomed)


async def test_the_last_job_takes_what_was_shared(
    room: Room, user_id: UUID, database: GatewayDatabase
) -> None:
    store = await filled(["shared"])
    first, second = (job(room, user_id, ["shared"]) for _ in range(2))
    assert await delete_job_objects(database, store, user_id, first)
    assert list(store.objects) == ["shared"]
    assert await delete_job_objects(database, store, user_id, second)
    assert store.objects == {}


async def test_an_upload_stays_while_it_is_a_file(
    room: Room, user_id: UUID, database: GatewayDatabase
) -> None:
    kept, gone = uuid4(), uuid4()
    room.rows(
        """INSERT INTO files (file_id, user_id, file_type, filename, media_type, size_bytes, sha256, media)
           VALUES (%s, %s, 'video', 'a.mp4', 'video/mp4', 1, %s, '{}')""",
        kept,
        user_id,
        "0" * 64,
    )
    keys = [upload_key(user_id, kept), upload_key(user_id, gone)]
    store = await filled(keys)
    assert await delete_job_objects(database, store, user_id, job(room, user_id, keys))
    assert list(store.objects) == [keys[0]]


async def test_it_waits_for_a_job_that_may_use_the_same_objects(
    room: Room, user_id: UUID, database: GatewayDatabase
) -> None:
    store = await filled(["key"])
    doomed = job(room, user_id, ["key"])
    # Of another source, which may hold the very same speech.
    at_work = job(room, user_id, [], status="processing", sha="another source")
    assert not await delete_job_objects(database, store, user_id, doomed)
    assert list(store.objects) == ["key"]
    room.rows("UPDATE jobs SET status = 'failed' WHERE job_id = %s", at_work)
    assert await delete_job_objects(database, store, user_id, doomed)
    assert store.objects == {}
