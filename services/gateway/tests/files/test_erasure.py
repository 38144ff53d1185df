"""Deleting an account empties a real store: objects, parts of uploads under way, and what nobody lists."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from octavia_common.artifacts import S3ArtifactStore, S3Client, artifact_key
from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.erasure.service import AccountDeletion

from .helpers import PART_BYTES, Room
from .tus_steps import TUS, create, patch

pytestmark = pytest.mark.integration


def store_of(room: Room) -> S3ArtifactStore:
    return S3ArtifactStore(S3Client(room.s3.address, room.s3.access_key, room.s3.secret_key, room.bucket))


async def leave_artifacts(room: Room, user_id: UUID) -> None:
    """One that is whole, and a part of another: no job lists either."""
    store = store_of(room)
    whole, half = (
        artifact_key(user_id, "test", inputs=[name], engine="e", version="1", params={})
        for name in ("whole", "half")
    )
    await store.write(whole, b"x", "text/plain")
    await store.multipart.put_part(half, await store.multipart.create(half, "text/plain"), 1, b"x")
    await store.close()


async def erase(room: Room, user_id: UUID) -> list[bool]:
    """Asks for it, then three rounds: whether each had something to do."""
    pool = Database(room.database_url, schema="gateway", pool_size=2)
    await pool.open()
    store = store_of(room)
    erasure = AccountDeletion(GatewayDatabase(pool, Outbox("gateway", "gateway")), store, grace=timedelta(0))
    await erasure.request(user_id)
    done = [await erasure.go_on(user_id) for _ in range(3)]
    await store.close()
    await pool.close()
    return done


def test_no_object_is_left(
    client: httpx.Client,
    stranger: httpx.Client,
    room: Room,
    user_id: UUID,
    video: Path,
    large_video: Path,
) -> None:
    assert client.post("/api/v1/upload", files={"file": video.read_bytes()}).status_code == 201
    kept = stranger.post("/api/v1/upload", files={"file": video.read_bytes()}).json()["storage_path"]
    content = large_video.read_bytes()
    path = create(client, len(content))
    assert patch(client, path, 0, content[: PART_BYTES + 100]).status_code == 204
    body = {"filename": "a.mp4", "length": len(content)}
    assert client.post("/api/v1/direct-uploads", json=body).status_code == 201
    asyncio.run(leave_artifacts(room, user_id))
    assert (len(room.keys(user_id)), len(room.unfinished(user_id))) == (3, 3)

    # Emptied, then once more for what was on its way; then it is over.
    assert asyncio.run(erase(room, user_id)) == [True, True, False]
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []
    assert client.head(path, headers=TUS).status_code == 404
    assert client.get("/api/v1/files").json()["items"] == []
    assert room.read(kept) == video.read_bytes()
