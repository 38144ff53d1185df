"""Upload by form, on real servers: what is taken, what is refused, what is left behind."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from . import media
from .helpers import PART_BYTES, Replica, Room, client_for, wait_until

pytestmark = pytest.mark.integration

FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def upload(client: httpx.Client, name: str, content: bytes, file_type: str = "video") -> httpx.Response:
    return client.post(
        "/api/v1/upload", params={"file_type": file_type}, files={"file": (name, content, "video/mp4")}
    )


def assert_nothing_left(room: Room, user_id: UUID) -> None:
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []
    assert room.rows("SELECT * FROM uploads WHERE user_id = %s", user_id) == []
    assert room.rows("SELECT * FROM files WHERE user_id = %s", user_id) == []


def test_a_small_video(client: httpx.Client, room: Room, user_id: UUID, video: Path) -> None:
    content = video.read_bytes()
    answer = upload(client, "Bài giảng.mp4", content)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["filename"] == "Bài giảng.mp4"
    assert body["size_bytes"] == len(content)
    assert body["sha256"] == hashlib.sha256(content).hexdigest()
    assert body["media_type"] == "video/mp4"
    assert body["media"]["duration_seconds"] == pytest.approx(4.0, abs=0.1)
    assert body["media"]["video"] == {
        "codec": "h264",
        "width": 320,
        "height": 240,
        "frames_per_second": 25.0,
    }
    assert [track["codec"] for track in body["media"]["audio"]] == ["aac"]
    assert room.keys(user_id) == [body["storage_path"]]
    assert room.read(body["storage_path"]) == content
    assert client.get(f"/api/v1/files/{body['file_id']}").json() == body


@pytest.fixture(scope="module")
def containers(large_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("containers")
    media.remuxed(large_video, folder / "front.mp4", "-movflags", "+faststart")
    media.remuxed(large_video, folder / "fragmented.mp4", "-movflags", "frag_keyframe+empty_moov")
    media.remuxed(large_video, folder / "talk.mkv")
    media.remuxed(large_video, folder / "talk.avi")
    media.remuxed(large_video, folder / "talk.ts")
    media.remuxed(large_video, folder / "talk.mov")
    (folder / "end.mp4").write_bytes(large_video.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("end.mp4", "video/mp4"),
        ("front.mp4", "video/mp4"),
        ("fragmented.mp4", "video/mp4"),
        ("talk.mov", "video/quicktime"),
        ("talk.mkv", "video/x-matroska"),
        ("talk.avi", "video/x-msvideo"),
        ("talk.ts", "video/mp2t"),
    ],
)
def test_large_files_of_every_container(
    client: httpx.Client, room: Room, containers: Path, name: str, media_type: str
) -> None:
    content = (containers / name).read_bytes()
    assert len(content) > 4 * PART_BYTES
    answer = upload(client, name, content)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["media_type"] == media_type
    assert body["media"]["duration_seconds"] == pytest.approx(12.0, abs=0.3)
    assert body["sha256"] == hashlib.sha256(content).hexdigest()
    assert hashlib.sha256(room.read(body["storage_path"])).hexdigest() == body["sha256"]


@pytest.mark.parametrize("name", ["end.mp4", "front.mp4", "talk.mkv", "talk.avi", "talk.mov"])
def test_a_large_file_cut_off_in_the_middle(
    client: httpx.Client, room: Room, user_id: UUID, containers: Path, name: str
) -> None:
    content = (containers / name).read_bytes()
    answer = upload(client, name, content[: len(content) * 7 // 10])
    assert (answer.status_code, answer.json()["code"]) == (422, "truncated"), answer.text
    assert_nothing_left(room, user_id)


def _bad(video: Path, folder: Path) -> Iterator[tuple[str, str, bytes, str]]:
    whole = video.read_bytes()
    yield "empty.mp4", "video", b"", "empty_file"
    yield "text.mp4", "video", b"this is a text and no video at all\n" * 100, "not_media"
    yield "torso.mp4", "video", whole[: len(whole) // 2], "truncated"
    yield "playlist.mp4", "video", media.PLAYLIST, "forbidden_format"
    yield "concat.mp4", "video", media.CONCAT, "forbidden_format"
    yield "bomb.avi", "video", media.pixel_bomb(folder / "bomb.avi").read_bytes(), "picture_too_large"
    yield "talk.mp4", "subtitle", whole, "no_subtitles"
    yield "days.srt", "subtitle", b"1\n13:00:00,000 --> 13:00:01,000\nToo late.\n", "media_too_long"
    yield "many.srt", "subtitle", b"00:00:01,000 --> 00:00:02,000\n" * 110_000, "no_subtitles"
    yield "talk.mp4", "image", whole, "forbidden_format"
    yield "text.srt", "subtitle", b"no cue in here\n" * 10, "no_subtitles"
    yield "silent.mp4", "audio", media.video(folder / "s.mp4", sound=False).read_bytes(), "no_audio"
    media.ffmpeg("-f", "lavfi", "-i", "sine=duration=2", folder / "tone.wav")
    yield "tone.wav", "video", (folder / "tone.wav").read_bytes(), "wrong_file_type"
    yield "huge.png", "image", media.png(60_000, 60_000), "picture_too_large"


def test_what_is_no_usable_file(
    client: httpx.Client, room: Room, user_id: UUID, video: Path, tmp_path: Path
) -> None:
    for name, file_type, content, code in _bad(video, tmp_path):
        answer = upload(client, name, content, file_type)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert (answer.status_code, answer.json()["code"]) == (422, code), (name, answer.text)
        assert len(answer.json()["detail"]) > 20
    assert_nothing_left(room, user_id)


def test_audio_subtitles_and_images(client: httpx.Client, tmp_path: Path) -> None:
    media.ffmpeg("-f", "lavfi", "-i", "sine=duration=3", tmp_path / "tone.mp3")
    sound = upload(client, "tone.mp3", (tmp_path / "tone.mp3").read_bytes(), "audio").json()
    assert sound["media_type"] == "audio/mpeg"
    assert sound["media"]["duration_seconds"] == pytest.approx(3.0, abs=0.1)
    text = upload(client, "talk.srt", media.SRT, "subtitle").json()
    assert (text["media_type"], text["media"]["container"]) == ("application/x-subrip", "srt")
    for encoding in ("utf-16", "cp1251", "utf-8-sig"):
        words = "1\n00:00:01,000 --> 00:00:02,500\nДоброе утро, друзья мои.\n\n" * 3
        text = upload(client, "talk.srt", words.encode(encoding), "subtitle").json()
        assert (text["media_type"], text["media"]["duration_seconds"]) == ("application/x-subrip", 2.5)
    vtt = upload(client, "talk.txt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n", "subtitle").json()
    assert (vtt["media_type"], vtt["media"]["container"]) == ("text/vtt", "webvtt")
    media.ffmpeg("-f", "lavfi", "-i", "testsrc=64x48", "-frames:v", "1", tmp_path / "a.png")
    picture = upload(client, "a.png", (tmp_path / "a.png").read_bytes(), "image").json()
    assert picture["media_type"] == "image/png"
    assert (picture["media"]["video"]["width"], picture["media"]["video"]["height"]) == (64, 48)


def test_a_silent_video_is_taken(client: httpx.Client, tmp_path: Path) -> None:
    content = media.video(tmp_path / "silent.mp4", sound=False).read_bytes()
    body = upload(client, "silent.mp4", content).json()
    assert body["media"]["audio"] == []


def test_too_large_by_its_own_word(client: httpx.Client, room: Room, user_id: UUID) -> None:
    head = (
        f"POST /api/v1/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user_id}\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: {11 * 1024**3}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = ""
        # Head and body may arrive apart.
        while "upload_too_large" not in answer and (part := connection.recv(65536)):
            answer += part.decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "upload_too_large" in answer
    assert_nothing_left(room, user_id)


def test_too_large_without_a_word(
    start_replica,
    room: Room,
    user_id: UUID,  # type: ignore[no-untyped-def]
) -> None:
    replica: Replica = start_replica(max_upload_bytes=12_000_000)

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(200):
            yield bytes(65536)

    with client_for(replica, user_id) as client:
        answer = client.post("/api/v1/upload", headers=FORM, content=body())
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert_nothing_left(room, user_id)


def test_a_connection_that_breaks_leaves_nothing(
    client: httpx.Client, replica: Replica, room: Room, user_id: UUID
) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(200):
            yield bytes(65536)
        wait_until(lambda: room.unfinished(user_id) != [])  # what was sent is not yet what was taken
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        client.post("/api/v1/upload", headers=FORM, content=body())
    wait_until(lambda: room.rows("SELECT 1 FROM uploads WHERE user_id = %s", user_id) == [])
    assert_nothing_left(room, user_id)


def test_files_are_listed_and_deleted_by_their_owner_only(
    client: httpx.Client, stranger: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    made = [upload(client, f"{n}.mp4", video.read_bytes()).json() for n in range(3)]
    first = client.get("/api/v1/files", params={"limit": 2}).json()
    assert [each["filename"] for each in first["items"]] == ["2.mp4", "1.mp4"]
    rest = client.get("/api/v1/files", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["filename"] for each in rest["items"]] == ["0.mp4"]
    assert rest["next_cursor"] is None

    path = f"/api/v1/files/{made[0]['file_id']}"
    for answer in (stranger.get(path), stranger.delete(path)):
        assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")
    assert stranger.get("/api/v1/files").json()["items"] == []
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert made[0]["storage_path"] not in room.keys(user_id)
    assert len(room.keys(user_id)) == 2


def test_a_file_in_use_stays(client: httpx.Client, room: Room, user_id: UUID, video: Path) -> None:
    file_id = upload(client, "a.mp4", video.read_bytes()).json()["file_id"]
    room.rows(
        """INSERT INTO jobs (job_id, user_id, kind, file_id, spec, quote_credits, price_version, status)
           VALUES (gen_random_uuid(), %s, 'video_translate', %s, '{}', 10, '1', 'processing')""",
        user_id,
        file_id,
    )
    answer = client.delete(f"/api/v1/files/{file_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "file_in_use")
    assert client.get(f"/api/v1/files/{file_id}").status_code == 200
    room.rows("UPDATE jobs SET status = 'failed' WHERE file_id = %s", file_id)
    assert client.delete(f"/api/v1/files/{file_id}").status_code == 204
    assert room.keys(user_id) == []


def test_a_full_store(start_replica, user_id: UUID, video: Path) -> None:  # type: ignore[no-untyped-def]
    size = video.stat().st_size
    with client_for(start_replica(max_user_storage_bytes=size + 10_000), user_id) as client:
        assert upload(client, "a.mp4", video.read_bytes()).status_code == 201
        answer = upload(client, "b.mp4", video.read_bytes())
        assert (answer.status_code, answer.json()["code"]) == (413, "storage_full")
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)}
        assert client.post("/api/v1/uploads", headers=tus).json()["code"] == "storage_full"


def test_a_form_without_a_file(client: httpx.Client, room: Room, user_id: UUID) -> None:
    answer = client.post("/api/v1/upload", files={"other": ("a", b"b")})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_form")
    assert client.post("/api/v1/upload", params={"file_type": "program"}).status_code == 422
    assert_nothing_left(room, user_id)


def test_an_idempotency_key_makes_one_file(
    client: httpx.Client, room: Room, user_id: UUID, video: Path
) -> None:
    def once(key: str, name: str = "a.mp4") -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return client.post("/api/v1/upload", headers=headers, files={"file": (name, video.read_bytes())})

    first, again, other = once("one"), once("one"), once("two")
    assert [answer.status_code for answer in (first, again, other)] == [201, 201, 201]
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["file_id"] != first.json()["file_id"]
    assert len(room.keys(user_id)) == 2
    reused = once("one", "a longer name.mp4")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_without_an_account(replica: Replica) -> None:
    answer = httpx.post(f"{replica.url}/api/v1/upload", files={"file": ("a.mp4", b"x" * 100_000)})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
