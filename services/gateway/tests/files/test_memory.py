"""Uploads of any size take bounded memory of the gateway and none of its disk."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from .helpers import Replica, Room, client_for

pytestmark = pytest.mark.integration

MIB = 1024 * 1024
LENGTH = 200 * MIB
GROWTH = 40 * MIB
"""A part of 5 MiB, the windows of the probe and what Python's allocator does not give back."""


def wave_header(length: int) -> bytes:
    """Header of a WAV file of `length` bytes, so that what is made on the fly is true media."""
    data = length - 44
    return (
        b"RIFF" + (length - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        + (1).to_bytes(2, "little") + (2).to_bytes(2, "little") + (48_000).to_bytes(4, "little")
        + (192_000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (16).to_bytes(2, "little")
        + b"data" + data.to_bytes(4, "little")
    )  # fmt: skip


def sound(length: int, digest: "hashlib._Hash") -> Iterator[bytes]:
    """`length` bytes of a WAV of noise, made as they are sent."""
    noise = os.urandom(MIB)
    header = wave_header(length)
    digest.update(header)
    yield header
    left = length - len(header)
    while left:
        piece = noise[: min(left, MIB)]
        digest.update(piece)
        yield piece
        left -= len(piece)


def form(length: int, digest: "hashlib._Hash") -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="noise.wav"\r\n\r\n'
    yield from sound(length, digest)
    yield b"\r\n--x--\r\n"


class Watch:
    """The most memory a replica had while a block ran."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.before = replica.status("VmRSS")
        self.most = self.before
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.02):
            self.most = max(self.most, self.replica.status("VmRSS"))


def upload_by_form(client: httpx.Client, digest: "hashlib._Hash") -> httpx.Response:
    return client.post(
        "/api/v1/upload",
        params={"file_type": "audio"},
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        content=form(LENGTH, digest),
    )


def upload_by_tus(client: httpx.Client, digest: "hashlib._Hash") -> httpx.Response:
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(LENGTH)}
    path = client.post("/api/v1/uploads?file_type=audio", headers=tus).headers["location"]
    answer = client.patch(
        path,
        headers={**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=sound(LENGTH, digest),
    )
    assert answer.status_code == 204, answer.text
    return client.get(f"/api/v1/files/{answer.headers['upload-file-id']}")


@pytest.mark.parametrize("upload", [upload_by_form, upload_by_tus])
def test_a_large_upload(
    start_replica: Callable[..., Replica],
    room: Room,
    video: Path,
    upload: Callable[[httpx.Client, "hashlib._Hash"], httpx.Response],
) -> None:
    replica = start_replica()
    user_id = uuid4()
    with client_for(replica, user_id) as client:
        # Everything that is loaded with the first upload is loaded before it is measured.
        assert client.post("/api/v1/upload", files={"file": video.read_bytes()}).status_code == 201
        written = replica.written_bytes()
        digest = hashlib.sha256()
        with Watch(replica) as watch:
            answer = upload(client, digest)
    assert answer.is_success, answer.text
    body = answer.json()
    assert body["sha256"] == digest.hexdigest()
    assert body["size_bytes"] == LENGTH
    assert body["media"]["duration_seconds"] == pytest.approx((LENGTH - 44) / 192_000, abs=0.01)
    assert watch.most - watch.before <= GROWTH, f"{(watch.most - watch.before) / MIB:.0f} MiB"
    assert replica.written_bytes() - written == 0
    scratch = [path for path in room.directory.rglob("*") if path.is_file()]
    assert scratch == []
    found = hashlib.sha256()
    response = room.client().get_object(room.bucket, body["storage_path"])
    for piece in response.stream(MIB):
        found.update(piece)
    response.close()
    assert found.hexdigest() == digest.hexdigest()


def test_four_at_once(start_replica: Callable[..., Replica], video: Path) -> None:
    """With the parts of 8 MiB that are the default."""
    replica = start_replica(upload_part_bytes=8 * MIB)
    user_id = uuid4()
    answers: list[httpx.Response] = []

    def one() -> None:
        with client_for(replica, user_id) as client:
            answers.append(upload_by_form(client, hashlib.sha256()))

    with client_for(replica, user_id) as client:
        assert client.post("/api/v1/upload", files={"file": video.read_bytes()}).status_code == 201
    written = replica.written_bytes()
    threads = [threading.Thread(target=one) for _ in range(4)]
    with Watch(replica) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert watch.most - watch.before <= 96 * MIB, f"{(watch.most - watch.before) / MIB:.0f} MiB"
    assert replica.written_bytes() == written
