"""Steps of tus by hand, for its tests."""

import base64
import hashlib
from collections.abc import Iterator
from uuid import UUID

import httpx

from .helpers import Room

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


def create(client: httpx.Client, length: int, **headers: str) -> str:
    """Path of a new upload."""
    name = base64.b64encode("bài giảng.mp4".encode()).decode()
    metadata = f"filename {name},is_draft"
    answer = client.post(
        "/api/v1/uploads",
        headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata, **headers},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def patch(
    client: httpx.Client, path: str, offset: int, content: bytes | Iterator[bytes], **headers: str
) -> httpx.Response:
    return client.patch(path, headers={**BYTES, "Upload-Offset": str(offset), **headers}, content=content)


def offset_of(client: httpx.Client, path: str) -> int:
    answer = client.head(path, headers=TUS)
    assert answer.status_code == 200, (answer.status_code, client.get(path).text)
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def assert_whole(client: httpx.Client, room: Room, path: str, content: bytes) -> dict[str, object]:
    """The upload is a file, its bytes are the ones sent, and nothing else is left of it."""
    status = client.get(path).json()
    assert status["state"] == "finished", status
    file = client.get(f"/api/v1/files/{status['file_id']}").json()
    digest = hashlib.sha256(content).hexdigest()
    assert file["sha256"] == digest
    assert hashlib.sha256(room.read(file["storage_path"])).hexdigest() == digest
    user_id = UUID(file["storage_path"].split("/")[1])
    assert [key for key in room.keys(user_id) if ".tail." in key] == []
    assert room.unfinished(user_id) == []
    return dict(file)
