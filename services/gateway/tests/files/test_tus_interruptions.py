"""Uploads that are broken off, killed, taken over, left alone: what was acknowledged is never lost."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from .helpers import PART_BYTES, Replica, Room, client_for, wait_until
from .tus_steps import TUS, assert_whole, create, offset_of, patch

pytestmark = pytest.mark.integration

IN_SOCKETS = 256 * 1024
"""What a server may have read from a connection that broke, but not taken yet."""


def request_head(path: str, user_id: UUID, *, offset: int, declared: int) -> str:
    return (
        f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user_id}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: {offset}\r\nContent-Length: {declared}\r\n\r\n"
    )


def broken_off(url: str, user_id: UUID, path: str, offset: int, content: bytes, declared: int) -> None:
    """A PATCH whose connection is closed after `content`, before the `declared` bytes."""
    host = httpx.URL(url)
    head = request_head(path, user_id, offset=offset, declared=declared)
    with socket.create_connection((host.host, host.port or 80), timeout=30) as connection:
        connection.sendall(head.encode() + content)


def test_a_connection_that_breaks_loses_nothing(
    client: httpx.Client,
    other_client: httpx.Client,
    replica: Replica,
    other_replica: Replica,
    room: Room,
    user_id: UUID,
    large_video: Path,
) -> None:
    content = large_video.read_bytes()
    path = create(client, len(content))
    reached = 0
    for turn, sent in enumerate((1, 700_000, PART_BYTES, 2 * PART_BYTES + 17)):
        url = (replica, other_replica)[turn % 2].url
        broken_off(url, user_id, path, reached, content[reached : reached + sent], len(content) - reached)
        least = reached + sent - IN_SOCKETS
        wait_until(lambda least=least: offset_of(client, path) >= least)  # type: ignore[misc]
        time.sleep(0.5)
        assert offset_of(client, path) <= reached + sent
        reached = offset_of(client, path)
    assert reached > 3 * PART_BYTES
    assert patch(other_client, path, reached, content[reached:]).status_code == 204
    assert_whole(client, room, path, content)


def test_a_newer_request_takes_the_upload_over(
    client: httpx.Client, other_client: httpx.Client, room: Room, large_video: Path
) -> None:
    """A client that reconnects does not wait for the request that it gave up, nor is it disturbed by it."""
    content = large_video.read_bytes()
    path = create(client, len(content))
    go_on = threading.Event()
    answers: list[httpx.Response] = []

    def slowly() -> Iterator[bytes]:
        yield content[: PART_BYTES + 1000]
        go_on.wait(30)
        for start in range(PART_BYTES + 1000, len(content), 100_000):
            yield content[start : start + 100_000]

    def old_request() -> None:
        answers.append(patch(client, path, 0, slowly()))

    thread = threading.Thread(target=old_request)
    thread.start()
    wait_until(lambda: offset_of(other_client, path) == PART_BYTES)
    new = patch(other_client, path, PART_BYTES, content[PART_BYTES : PART_BYTES + 2_000_000])
    assert new.status_code == 204
    go_on.set()
    thread.join(30)
    assert (answers[0].status_code, answers[0].json()["code"]) == (409, "upload_taken_over")
    reached = offset_of(other_client, path)
    assert reached == PART_BYTES + 2_000_000
    assert patch(other_client, path, reached, content[reached:]).status_code == 204
    assert_whole(client, room, path, content)


def test_finishing_goes_on_after_its_process_died(
    start_replica: Callable[..., Replica], client: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    """The state a replica leaves behind that dies between the last byte and the file."""
    content = video.read_bytes()
    path = create(client, len(content))
    assert patch(client, path, 0, content[:-1]).status_code == 204
    upload_id = path.rsplit("/", 1)[1]
    sweeping = start_replica(upload_sweep_seconds=0.3)
    with client_for(sweeping, user_id) as other:
        assert patch(other, path, len(content) - 1, content[-1:]).status_code == 204
        room.rows("DELETE FROM files WHERE file_id = %s", upload_id)
        room.rows(
            "INSERT INTO upload_parts (upload_id, user_id, number, etag) VALUES (%s, %s, 1, 'gone')",
            upload_id,
            user_id,
        )
        room.rows(
            """UPDATE uploads SET state = 'finishing', writer = gen_random_uuid(),
               writer_until = now() - interval '1 s' WHERE upload_id = %s""",
            upload_id,
        )
        wait_until(lambda: other.get(path).json()["state"] == "finished")
    assert_whole(client, room, path, content)


def test_expired_uploads_go(start_replica: Callable[..., Replica], room: Room, large_video: Path) -> None:
    user_id = uuid4()
    content = large_video.read_bytes()
    with client_for(start_replica(upload_sweep_seconds=0.3), user_id) as client:
        path = create(client, len(content))
        kept = create(client, len(content))
        assert patch(client, path, 0, content[: PART_BYTES + 100]).status_code == 204
        upload_id = path.rsplit("/", 1)[1]
        room.rows("UPDATE uploads SET expires_at = now() - interval '1 s' WHERE upload_id = %s", upload_id)
        wait_until(lambda: client.head(path, headers=TUS).status_code == 404)
        assert client.head(kept, headers=TUS).status_code == 200
    assert room.keys(user_id) == []
    assert len(room.unfinished(user_id)) == 1


def test_too_many_at_once(start_replica: Callable[..., Replica], video: Path) -> None:
    user_id = uuid4()
    replica = start_replica(uploads_at_once=1)
    with client_for(replica, user_id) as client:
        path = create(client, 1000)
        waiting = threading.Event()

        def slowly() -> Iterator[bytes]:
            yield b"x"
            waiting.wait(30)
            yield b"x"

        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(patch(client, path, 0, slowly())))
        thread.start()
        with client_for(replica, user_id) as second:
            other = create(second, 1000)
            wait_until(lambda: patch(second, other, 0, b"").status_code == 503)
            refused = patch(second, other, 0, b"x")
            assert (refused.status_code, refused.json()["code"]) == (503, "too_many_uploads")
            assert int(refused.headers["retry-after"]) > 0
            waiting.set()
            thread.join(30)
            assert answers[0].status_code == 204
            assert patch(second, other, 0, b"x").status_code == 204


def test_a_silent_client_is_dropped(start_replica: Callable[..., Replica], room: Room) -> None:
    user_id = uuid4()
    replica = start_replica(upload_idle_seconds=0.5, uploads_at_once=1)
    with client_for(replica, user_id) as client:
        path = create(client, 1000)
        host = httpx.URL(replica.url)
        head = request_head(path, user_id, offset=0, declared=1000)
        with socket.create_connection((host.host, host.port or 80), timeout=30) as connection:
            connection.sendall(head.encode() + b"seven b")
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert offset_of(client, path) == 7
