"""Uploads by signed addresses: straight to the store, and nothing believed of the client."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from .helpers import PART_BYTES, Replica, Room, client_for, wait_until

pytestmark = pytest.mark.integration

PATH = "/api/v1/direct-uploads"


def begin(client: httpx.Client, content: bytes, **more: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"filename": "talk.mp4", "length": len(content), **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def addresses(client: httpx.Client, upload: dict[str, Any], numbers: list[int]) -> list[dict[str, Any]]:
    answer = client.post(f"{PATH}/{upload['upload_id']}/parts", json={"numbers": numbers})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["parts"])


def put(client: httpx.Client, upload: dict[str, Any], content: bytes, numbers: list[int]) -> None:
    """Puts parts to the store, without any key of it."""
    for part in addresses(client, upload, numbers):
        start = (part["number"] - 1) * upload["part_size"]
        answer = httpx.put(part["url"], content=content[start : start + part["size_bytes"]], timeout=60)
        assert answer.status_code == 200, answer.text


def complete(client: httpx.Client, upload: dict[str, Any]) -> httpx.Response:
    return client.post(f"{PATH}/{upload['upload_id']}/complete")


def ended(client: httpx.Client, upload: dict[str, Any]) -> dict[str, Any]:
    """The upload once it is a file, or refused."""
    path = f"{PATH}/{upload['upload_id']}"
    wait_until(lambda: client.get(path).json()["state"] not in ("receiving", "finishing"))
    return dict(client.get(path).json())


def test_parts_straight_to_the_store_resumed_on_another_replica(
    client: httpx.Client, other_client: httpx.Client, room: Room, user_id: UUID, large_video: Path
) -> None:
    content = large_video.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    upload = begin(client, content, sha256=digest)
    assert upload["part_size"] == PART_BYTES
    numbers = list(range(1, upload["part_count"] + 1))
    put(client, upload, content, numbers[1:3])
    early = complete(client, upload)
    assert (early.status_code, early.json()["code"]) == (409, "parts_missing")
    assert early.json()["missing"] == [numbers[0], *numbers[3:]]

    there = other_client.get(f"{PATH}/{upload['upload_id']}").json()
    assert (there["received"], there["state"]) == ([2, 3], "receiving")
    put(other_client, upload, content, [n for n in numbers if n not in there["received"]])
    done = complete(other_client, upload)
    assert (done.status_code, done.json()["state"]) == (202, "finishing")
    assert complete(client, upload).status_code == 202
    status = ended(client, upload)
    assert (status["state"], status["received"]) == ("finished", numbers)
    file = client.get(f"/api/v1/files/{status['file_id']}").json()
    assert (file["sha256"], file["size_bytes"], file["filename"]) == (digest, len(content), "talk.mp4")
    assert file["media"]["duration_seconds"] > 0
    assert hashlib.sha256(room.read(file["storage_path"])).hexdigest() == digest
    assert room.unfinished(user_id) == []
    late = client.post(f"{PATH}/{upload['upload_id']}/parts", json={"numbers": [1]})
    assert (late.status_code, late.json()["code"]) == (409, "upload_not_open")


def test_what_is_no_file_is_refused_and_leaves_nothing(
    client: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    content = video.read_bytes()
    for body, announced, code in [
        (b"no media at all\n" * 1000, None, "not_media"),
        (content, "0" * 64, "digest_mismatch"),
    ]:
        upload = begin(client, body, **({"sha256": announced} if announced else {}))
        put(client, upload, body, [1])
        assert complete(client, upload).status_code == 202
        status = ended(client, upload)
        assert (status["state"], status["problem"]["code"]) == ("rejected", code)
        again = complete(client, upload)
        assert (again.status_code, again.json()["code"]) == (422, code)
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []


def test_a_part_of_another_size_does_not_count(
    client: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    """Not even where a store takes it: here it is put with the store's own key."""
    content = video.read_bytes()
    upload = begin(client, content)
    [row] = room.rows("SELECT multipart_id FROM uploads WHERE upload_id = %s", upload["upload_id"])
    key = f"users/{user_id}/uploads/{upload['upload_id']}"
    room.client()._upload_part(room.bucket, key, content + b"more", None, row["multipart_id"], 1)
    refused = complete(client, upload)
    assert (refused.status_code, refused.json()["missing"]) == (409, [1])
    put(client, upload, content, [1])
    assert complete(client, upload).status_code == 202
    assert ended(client, upload)["state"] == "finished"


def test_bounds(start_replica: Callable[..., Replica]) -> None:
    replica = start_replica(max_open_uploads_per_user=2, max_upload_bytes=1000)
    with client_for(replica, uuid4()) as client:
        for length, status, code in [(0, 422, "empty_file"), (1001, 413, "upload_too_large")]:
            answer = client.post(PATH, json={"filename": "a.mp4", "length": length})
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        upload = begin(client, bytes(1000))
        for numbers, code in [([2], "no_such_part"), ([], "invalid_request"), ([1] * 101, "invalid_request")]:
            answer = client.post(f"{PATH}/{upload['upload_id']}/parts", json={"numbers": numbers})
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
        assert client.post("/api/v1/uploads", headers=tus).status_code == 201
        full = client.post(PATH, json={"filename": "a.mp4", "length": 10})
        assert (full.status_code, full.json()["code"]) == (409, "too_many_open_uploads")
        assert client.delete(f"{PATH}/{upload['upload_id']}").status_code == 204
        begin(client, bytes(10))


def test_uploads_of_others_and_other_ways_do_not_exist(client: httpx.Client, stranger: httpx.Client) -> None:
    path = f"{PATH}/{begin(client, bytes(1000))['upload_id']}"
    for who in (stranger, client):
        at = path if who is stranger else path.replace("direct-uploads", "uploads")
        assert who.get(at).status_code == 404
    assert stranger.post(f"{path}/parts", json={"numbers": [1]}).status_code == 404
    assert stranger.post(f"{path}/complete").status_code == 404
    assert stranger.delete(path).status_code == 404
    assert client.get(path).json()["state"] == "receiving"


def test_an_expired_one_goes_with_its_parts(
    start_replica: Callable[..., Replica], room: Room, large_video: Path
) -> None:
    user_id = uuid4()
    content = large_video.read_bytes()
    with client_for(start_replica(upload_sweep_seconds=0.3), user_id) as client:
        upload = begin(client, content)
        put(client, upload, content, [1])
        room.rows(
            "UPDATE uploads SET expires_at = now() - interval '1 s' WHERE upload_id = %s", upload["upload_id"]
        )
        wait_until(lambda: client.get(f"{PATH}/{upload['upload_id']}").status_code == 404)
    assert room.unfinished(user_id) == []


def test_an_upload_that_was_begun_by_a_process_which_died(
    start_replica: Callable[..., Replica], room: Room
) -> None:
    """Between the row and the id of the store's upload: what expires takes the lost one along."""
    user_id = uuid4()
    with client_for(start_replica(upload_sweep_seconds=0.3), user_id) as client:
        upload = begin(client, bytes(1000))
        room.rows(
            """UPDATE uploads SET multipart_id = NULL, expires_at = now() - interval '1 s'
               WHERE upload_id = %s""",
            upload["upload_id"],
        )
        wait_until(lambda: room.unfinished(user_id) == [])
