"""Uploads whose replica is killed, or whose connection is cut, at random offsets, and resumed elsewhere.

What is sent again is counted in parts of the store: the part in hand, and never a second one. The
seed is printed; OCTAVIA_SEED repeats a run.
"""

import contextlib
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from .helpers import PART_BYTES, Replica, Room, client_for, wait_until
from .tus_steps import assert_whole, create, offset_of, patch

pytestmark = pytest.mark.integration

AT_ONCE = 8
"""Uploads that one death interrupts."""

UNREAD_BYTES = 512 * 1024
"""What a client may have handed to its kernel and no replica has read: buffers of both sockets (see
`send_bytes` below and SO_RCVBUF in replica.py; kernels double what is asked for) and of the HTTP server."""


@dataclass
class Sender:
    """One upload's client: sends up to an offset, then waits to be cut off."""

    user_id: UUID
    content: bytes
    path: str
    cuts: list[int]
    sent: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    connection: socket.socket | None = None

    def send(self, replica: Replica, offset: int, until: int) -> None:
        """Begins a PATCH at `offset` that promises all the rest, and sends what comes before `until`."""
        url = httpx.URL(replica.url)
        self.sent = offset
        self.arrived.clear()
        head = (
            f"PATCH {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.user_id}\r\n"
            "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: {offset}\r\nContent-Length: {len(self.content) - offset}\r\n\r\n"
        )
        self.connection = socket.socket()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        self.connection.settimeout(60)
        self.connection.connect((url.host, url.port))
        with contextlib.suppress(OSError):
            self.connection.sendall(head.encode())
        self.go_on(until)
        self.arrived.set()

    def go_on(self, until: int) -> None:
        """Sends what comes before `until`; ends early where the replica does."""
        assert self.connection is not None
        with contextlib.suppress(OSError):
            while self.sent < until:
                self.sent += self.connection.send(self.content[self.sent : min(until, self.sent + 50_000)])

    def cut(self) -> None:
        """Resets the connection, as a network that goes away."""
        assert self.connection is not None
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def media_of(video: bytes, size: int, seed: random.Random) -> bytes:
    """`video` made longer by a box that players skip (`free`, ISO/IEC 14496-12), full of noise."""
    extra = size - len(video)
    return video + struct.pack(">I4s", extra, b"free") + seed.randbytes(extra - 8)


def interrupted(
    uploads: int, seed: random.Random, start_replica: Callable[..., Replica], room: Room, video: bytes
) -> list[int]:
    """Interrupts uploads in groups, each twice, and lets them end; bytes sent again at each cut."""
    again: list[int] = []
    spare = start_replica()
    for first in range(0, uploads, AT_ONCE):
        count = min(AT_ONCE, uploads - first)
        group = [_sender(spare, video, seed) for _ in range(count)]
        for turn in range(2):
            doomed, spare = spare, start_replica()
            killed = seed.random() < 0.7
            again += _interrupt(group, turn, doomed, spare, killed=killed)
            if not killed:
                doomed.kill()
        for sender in group:
            with client_for(spare, sender.user_id) as client:
                reached = offset_of(client, sender.path)
                assert patch(client, sender.path, reached, sender.content[reached:]).status_code == 204
                assert_whole(client, room, sender.path, sender.content)
                for key in room.keys(sender.user_id):
                    room.client().remove_object(room.bucket, key)
    return again


def _sender(replica: Replica, video: bytes, seed: random.Random) -> Sender:
    size = seed.randrange(2 * PART_BYTES + 1, 3 * PART_BYTES)
    content = media_of(video, size, seed)
    user_id = uuid4()
    with client_for(replica, user_id) as client:
        path = create(client, size)
    return Sender(user_id, content, path, sorted(seed.sample(range(1, size), 2)))


def _interrupt(
    group: Sequence[Sender], turn: int, doomed: Replica, spare: Replica, *, killed: bool
) -> list[int]:
    with ThreadPoolExecutor(len(group)) as threads:
        for sender in group:
            with client_for(spare, sender.user_id) as client:
                offset = offset_of(client, sender.path)
            threads.submit(sender.send, doomed, offset, max(offset, sender.cuts[turn]))
        if killed:
            group[0].arrived.wait(60)  # the others are somewhere in the middle
            doomed.kill()
        else:
            for sender in group:
                sender.arrived.wait(60)
                sender.cut()
    return [_sent_again(sender, spare, killed=killed) for sender in group]


def _sent_again(sender: Sender, spare: Replica, *, killed: bool) -> int:
    with client_for(spare, sender.user_id) as client:
        if not killed:  # the replica lives, and keeps what had come
            wait_until(lambda: offset_of(client, sender.path) >= sender.sent - UNREAD_BYTES)
        reached = offset_of(client, sender.path)
    again = max(0, sender.sent - reached)
    assert again <= (PART_BYTES if killed else 0) + UNREAD_BYTES
    return again


def check(uploads: int, start_replica: Callable[..., Replica], room: Room, video: Path) -> None:
    number = int(os.environ.get("OCTAVIA_SEED") or random.SystemRandom().randrange(2**32))
    print(f"OCTAVIA_SEED={number}")
    again = interrupted(uploads, random.Random(number), start_replica, room, video.read_bytes())
    print(f"{uploads} uploads, {len(again)} interruptions, most sent again {max(again)} bytes")
    assert max(again) > 0, "nothing was interrupted"


def test_some_killed_and_resumed(start_replica: Callable[..., Replica], room: Room, video: Path) -> None:
    check(8, start_replica, room, video)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_killed_and_resumed(
    start_replica: Callable[..., Replica], room: Room, video: Path
) -> None:
    check(200, start_replica, room, video)


def test_the_next_part_begins_only_once_the_one_in_hand_is_written_down(
    start_replica: Callable[..., Replica], client: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    """The moment in which most is at stake: a part is whole in the store, and nobody has noted it."""
    content = media_of(video.read_bytes(), 3 * PART_BYTES, random.Random(1))
    path = create(client, len(content))
    upload_id = path.rsplit("/", 1)[1]
    doomed = start_replica()
    sender = Sender(user_id, content, path, [])
    sender.send(doomed, 0, 1_000_000)
    query = "SELECT writer FROM uploads WHERE upload_id = %s"
    wait_until(lambda: room.rows(query, upload_id)[0]["writer"] is not None)
    lock = "SELECT 1 FROM uploads WHERE upload_id = %s FOR UPDATE"
    with room.locked(lock, upload_id) as awaited, ThreadPoolExecutor(1) as threads:
        threads.submit(sender.go_on, len(content))
        wait_until(awaited)
        time.sleep(0.5)
        doomed.kill()
    assert PART_BYTES <= sender.sent <= PART_BYTES + UNREAD_BYTES
    assert offset_of(client, path) == 0
    assert patch(client, path, 0, content).status_code == 204
    assert_whole(client, room, path, content)
