"""tus on real servers and real sockets, by an independent client (tuspy) and by hand."""

import base64
import hashlib
from io import BytesIO
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from .helpers import PART_BYTES, Replica, Room
from .tus_steps import BYTES, TUS, assert_whole, create, offset_of, patch

pytestmark = pytest.mark.integration

# -- an independent client ------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_bytes", [3_000_000, PART_BYTES, 8_000_001, 2**40])
def test_tuspy(
    replica: Replica, client: httpx.Client, room: Room, user_id: UUID, large_video: Path, chunk_bytes: int
) -> None:
    tus = TusClient(f"{replica.url}/api/v1/uploads", headers={"Authorization": f"Bearer {user_id}"})
    uploader = tus.uploader(
        str(large_video), chunk_size=chunk_bytes, metadata={"filename": "talk.mp4"}, upload_checksum=True
    )
    uploader.upload()
    path = httpx.URL(uploader.url).path
    file = assert_whole(client, room, path, large_video.read_bytes())
    assert file["filename"] == "talk.mp4"
    assert uploader.request.response_headers["upload-file-id"] == file["file_id"]


def test_tuspy_resumes_on_another_replica(
    replica: Replica,
    other_replica: Replica,
    client: httpx.Client,
    room: Room,
    user_id: UUID,
    large_video: Path,
) -> None:
    headers = {"Authorization": f"Bearer {user_id}"}
    first = TusClient(f"{replica.url}/api/v1/uploads", headers=headers).uploader(
        str(large_video), chunk_size=3_333_333
    )
    first.upload(stop_at=9_999_999)
    path = httpx.URL(first.url).path
    second = TusClient(f"{other_replica.url}/api/v1/uploads", headers=headers).uploader(
        str(large_video), chunk_size=4_444_444, url=f"{other_replica.url}{path}"
    )
    assert second.offset == 9_999_999
    second.upload()
    assert_whole(client, room, path, large_video.read_bytes())


def test_tuspy_is_told_why_a_file_is_refused(replica: Replica, room: Room, user_id: UUID) -> None:
    tus = TusClient(f"{replica.url}/api/v1/uploads", headers={"Authorization": f"Bearer {user_id}"})
    uploader = tus.uploader(file_stream=BytesIO(b"no media at all\n" * 1000), chunk_size=2**30)
    with pytest.raises(TusCommunicationError) as caught:
        uploader.upload()
    assert caught.value.status_code == 422
    assert b"not_media" in caught.value.response_content
    assert room.keys(user_id) == []


# -- the protocol, point by point -----------------------------------------------------------------


def test_discovery_needs_no_account(replica: Replica) -> None:
    answer = httpx.options(f"{replica.url}/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,termination,expiration,checksum"
    assert answer.headers["tus-max-size"] == str(10 * 1024**3)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,md5"


def test_creation_and_offsets(client: httpx.Client, room: Room, video: Path) -> None:
    content = video.read_bytes()
    path = create(client, len(content))
    head = client.head(path, headers=TUS).headers
    assert (head["upload-offset"], head["upload-length"]) == ("0", str(len(content)))
    assert head["upload-metadata"].endswith(",is_draft")
    assert head["tus-resumable"] == "1.0.0"
    assert "upload-expires" in head
    sent = 0
    for size in (1, 1000, 0, 30_000):
        answer = patch(client, path, sent, content[sent : sent + size])
        assert answer.status_code == 204
        sent += size
        assert answer.headers["upload-offset"] == str(sent) == str(offset_of(client, path))
    answer = patch(client, path, sent, content[sent:])
    assert answer.status_code == 204
    file = assert_whole(client, room, path, content)
    assert answer.headers["upload-file-id"] == file["file_id"]
    assert file["filename"] == "bài giảng.mp4"
    again = patch(client, path, len(content), b"")
    assert (again.status_code, again.headers["upload-file-id"]) == (204, file["file_id"])


def test_creation_with_upload(client: httpx.Client, room: Room, video: Path) -> None:
    content = video.read_bytes()
    headers = {**BYTES, "Upload-Length": str(len(content))}
    part = client.post("/api/v1/uploads", headers=headers, content=content[:5000])
    assert (part.status_code, part.headers["upload-offset"]) == (201, "5000")
    assert patch(client, part.headers["location"], 5000, content[5000:]).status_code == 204
    assert_whole(client, room, part.headers["location"], content)
    whole = client.post("/api/v1/uploads", headers=headers, content=content)
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(content)))
    assert (
        assert_whole(client, room, whole.headers["location"], content)["file_id"]
        == (whole.headers["upload-file-id"])
    )


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_wrong_checksum_keeps_nothing(
    client: httpx.Client, room: Room, large_video: Path, algorithm: str
) -> None:
    content = large_video.read_bytes()

    def checksum(data: bytes) -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

    path = create(client, len(content))
    cut = PART_BYTES + 12_345
    spoilt = bytes(12_345) + content[12_345 : 2 * cut]
    first = patch(client, path, 0, content[:1000])
    assert first.status_code == 204
    answer = patch(client, path, 1000, spoilt, **{"Upload-Checksum": checksum(content[1000 : 2 * cut])})
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert offset_of(client, path) == 1000
    good = content[1000 : 2 * cut]
    assert patch(client, path, 1000, good, **{"Upload-Checksum": checksum(good)}).status_code == 204
    assert offset_of(client, path) == 2 * cut
    assert patch(client, path, 2 * cut, content[2 * cut :]).status_code == 204
    assert_whole(client, room, path, content)


def test_what_the_protocol_forbids(client: httpx.Client, video: Path) -> None:
    content = video.read_bytes()
    length = {"Upload-Length": str(len(content))}
    assert client.post("/api/v1/uploads", headers=length).status_code == 412
    other = client.post("/api/v1/uploads", headers={**length, "Tus-Resumable": "0.2.2"})
    assert (other.status_code, other.headers["tus-version"]) == (412, "1.0.0")
    for headers, status in [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": str(11 * 1024**3)}, 413),
        ({**length, "Upload-Metadata": "filename !"}, 400),
        ({**length, "Upload-Metadata": "file_type cHJvZ3JhbQ=="}, 400),
        ({**length, "Content-Type": "video/mp4"}, 415),
    ]:
        answer = client.post("/api/v1/uploads", headers={**TUS, **headers})
        assert answer.status_code == status, (headers, answer.text)
        assert answer.headers["tus-resumable"] == "1.0.0"

    path = create(client, len(content))
    assert client.patch(path, headers={**TUS, "Upload-Offset": "0"}, content=b"x").status_code == 415
    assert client.patch(path, headers=BYTES, content=b"x").status_code == 400
    ahead = patch(client, path, 5, b"x")
    assert (ahead.status_code, ahead.json()["code"]) == (409, "upload_offset_conflict")
    assert patch(client, path, 0, content + b"x").status_code == 413
    assert patch(client, path, 0, iter([content, b"x"])).status_code == 413
    assert patch(client, path, 0, b"x", **{"Upload-Checksum": "crc32 AAAA"}).status_code == 400
    assert client.head(path).status_code == 412


def test_method_override(client: httpx.Client, room: Room, video: Path) -> None:
    content = video.read_bytes()
    path = create(client, len(content))
    answer = client.post(
        path, headers={**BYTES, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}, content=content
    )
    assert answer.status_code == 204
    assert_whole(client, room, path, content)
    assert client.post(path, headers=TUS).status_code == 405


def test_termination(client: httpx.Client, room: Room, user_id: UUID, large_video: Path) -> None:
    content = large_video.read_bytes()
    path = create(client, len(content))
    assert patch(client, path, 0, content[: PART_BYTES + 100]).status_code == 204
    assert room.keys(user_id) != []
    assert client.delete(path, headers=TUS).status_code == 204
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []
    assert client.head(path, headers=TUS).status_code == 404
    assert patch(client, path, PART_BYTES + 100, b"x").status_code == 404
    assert client.delete(path, headers=TUS).status_code == 404


def test_a_finished_upload_can_be_forgotten_and_its_file_stays(
    client: httpx.Client, room: Room, video: Path
) -> None:
    content = video.read_bytes()
    path = create(client, len(content))
    file_id = patch(client, path, 0, content).headers["upload-file-id"]
    assert client.delete(path, headers=TUS).status_code == 204
    file = client.get(f"/api/v1/files/{file_id}").json()
    assert room.read(file["storage_path"]) == content


def test_uploads_of_others_do_not_exist(client: httpx.Client, stranger: httpx.Client) -> None:
    path = create(client, 1000)
    assert stranger.head(path, headers=TUS).status_code == 404
    assert stranger.get(path).status_code == 404
    assert patch(stranger, path, 0, b"x").status_code == 404
    assert stranger.delete(path, headers=TUS).status_code == 404
    assert offset_of(client, path) == 0


def test_a_refused_file_is_refused_again(client: httpx.Client, room: Room, user_id: UUID) -> None:
    content = b"text that is named like a video\n" * 300
    path = create(client, len(content))
    for _ in range(2):
        answer = patch(client, path, 0, content)
        content = b"" if answer.status_code == 422 else content
        assert (answer.status_code, answer.json()["code"]) == (422, "not_media")
    status = client.get(path).json()
    assert (status["state"], status["problem"]["code"]) == ("rejected", "not_media")
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []
