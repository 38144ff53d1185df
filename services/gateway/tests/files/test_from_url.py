"""A video given by URL comes as it lies there, or is refused in words; bounded in all it takes."""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .helpers import Replica, Room, client_for, wait_until
from .media import PLAYLIST
from .origin import Origin, Talk, drip, origin, page
from .test_memory import GROWTH, LENGTH, MIB, Watch, sound

pytestmark = pytest.mark.integration

NAMED = "Content-Disposition: attachment; filename*=UTF-8''b%C3%A0i%2F..%2Fn%C3%B3i.mp4"
FROM_URL = "/api/v1/upload/from-url"


@pytest.fixture(scope="module")
def far(video: Path) -> Iterator[Origin]:
    with origin() as server:
        whole = video.read_bytes()
        server.pages |= {
            "/talk.mp4": page("200 OK", "Content-Type: video/mp4", body=whole),
            "/named": page(
                "200 OK",
                "Content-Disposition: attachment; filename*=UTF-8''b%C3%A0i%2F..%2Fn%C3%B3i.mp4",
                body=whole,
            ),
            "/page": page("200 OK", "Content-Type: text/html; charset=utf-8", body=b"<html>"),
            "/list.mp4": page("200 OK", body=PLAYLIST),
            "/nothing.mp4": page("200 OK"),
            "/gone": page("410 Gone"),
            "/secret": page("403 Forbidden", body=b"the name of a machine inside"),
            "/packed": page("200 OK", "Content-Encoding: gzip", body=b"\x1f\x8b"),
            "/away": page("302 Found", "Location: http://10.0.0.5/"),
            "/once": page("302 Found", "Location: /talk.mp4?signature=1"),
            "/drip": drip,
        }
        yield server


@pytest.fixture(scope="module")
def settings(far: Origin) -> dict[str, Any]:
    """What lets a replica fetch from the server of these tests, and from nowhere else inside."""
    return {
        "remote_upload_networks": "127.0.0.1/32",
        "remote_upload_ports": f"80,443,{far.port}",
        "upload_idle_seconds": 3,
        "max_upload_bytes": 300 * MIB,
    }


@pytest.fixture(scope="module")
def fetching(start_replica: Callable[..., Replica], settings: dict[str, Any]) -> Replica:
    return start_replica(**settings)


@pytest.fixture
def fetch(fetching: Replica, user_id: uuid.UUID) -> Iterator[httpx.Client]:
    with client_for(fetching, user_id) as client:
        yield client


def begin(client: httpx.Client, url: str, **more: Any) -> str:
    answer = client.post(FROM_URL, json={"url": url, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{FROM_URL}/{answer.json()['fetch_id']}"
    return str(answer.headers["location"])


def ended(client: httpx.Client, path: str, seconds: float = 40, **headers: str) -> dict[str, Any]:
    limit = time.monotonic() + seconds
    while True:
        answer: dict[str, Any] = client.get(path, headers=headers).json()
        if answer["state"] in ("finished", "rejected"):
            return answer
        assert time.monotonic() < limit, answer
        time.sleep(0.1)


def test_a_file_comes_as_it_lies_there(fetch: httpx.Client, far: Origin, video: Path) -> None:
    done = ended(fetch, begin(fetch, far.url("/talk.mp4?token=abc#t=1")))
    assert done["state"] == "finished", done
    assert done["url"] == far.url("/talk.mp4")
    assert done["received_bytes"] == done["length"] == video.stat().st_size
    file = fetch.get(f"/api/v1/files/{done['file_id']}").json()
    assert file["filename"] == "talk.mp4"
    assert file["sha256"] == hashlib.sha256(video.read_bytes()).hexdigest()
    assert file["media"]["video"]["codec"] == "h264"
    head = far.heads["/talk.mp4?token=abc"]
    assert f"Host: 127.0.0.1:{far.port}\r\n" in head
    assert not {"cookie", "authorization", "proxy-authorization"} & set(
        head.lower().replace(":", " ").split()
    )


def test_the_secret_in_a_url_is_not_kept(fetch: httpx.Client, far: Origin, room: Room) -> None:
    path = begin(fetch, far.url("/talk.mp4?token=very-secret"))
    ended(fetch, path)
    rows = room.rows("SELECT * FROM remote_uploads WHERE upload_id = %s", path.rpartition("/")[2])
    assert "very-secret" not in str(rows)


def test_the_servers_name_for_it_is_made_harmless(fetch: httpx.Client, far: Origin) -> None:
    assert ended(fetch, begin(fetch, far.url("/named")))["filename"] == "nói.mp4"
    assert ended(fetch, begin(fetch, far.url("/named"), filename="../a.mp4"))["filename"] == "a.mp4"


def test_a_redirect_is_followed(fetch: httpx.Client, far: Origin) -> None:
    assert ended(fetch, begin(fetch, far.url("/once")))["state"] == "finished"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/page", "remote_not_media"),
        ("/list.mp4", "forbidden_format"),
        ("/nothing.mp4", "empty_file"),
        ("/gone", "remote_refused"),
        ("/secret", "remote_refused"),
        ("/packed", "remote_protocol"),
        ("/away", "forbidden_address"),
        ("/drip", "remote_too_slow"),
    ],
)
def test_what_is_no_file_is_refused(
    fetch: httpx.Client, far: Origin, room: Room, user_id: uuid.UUID, path: str, code: str
) -> None:
    place = begin(fetch, far.url(path))
    done = ended(fetch, place)
    assert done["state"] == "rejected"
    assert done["file_id"] is None
    assert done["problem"]["code"] == code
    assert "machine inside" not in str(done)
    vietnamese = ended(fetch, place, **{"Accept-Language": "vi"})["problem"]
    assert vietnamese["title"] != done["problem"]["title"]
    assert vietnamese["detail"] != done["problem"]["detail"]
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []
    assert fetch.get("/api/v1/files").json()["items"] == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.5/talk.mp4", "forbidden_address"),
        ("http://[::1]/talk.mp4", "forbidden_address"),
        ("http://localhost/talk.mp4", "forbidden_address"),
        ("http://you:secret@example.org/talk.mp4", "invalid_url"),
        ("ftp://example.org/talk.mp4", "invalid_url"),
        ("http://example.org:22/talk.mp4", "invalid_url"),
        ("talk.mp4", "invalid_url"),
    ],
)
def test_what_can_be_seen_from_the_url_is_said_at_once(fetch: httpx.Client, url: str, code: str) -> None:
    for language in ("en", "vi"):
        answer = fetch.post(FROM_URL, json={"url": url}, headers={"Accept-Language": language})
        assert answer.status_code == 422
        assert answer.json()["code"] == code
        assert answer.headers["content-language"] == language


@pytest.mark.parametrize("told", [True, False])
def test_more_than_an_upload_may_have(
    start_replica: Callable[..., Replica], settings: dict[str, Any], far: Origin, room: Room, told: bool
) -> None:
    def endless(talk: Talk) -> None:
        if told:
            talk.begin(f"Content-Length: {40 * MIB}")
            talk.connection.sendall(bytes(MIB))
            talk.connection.recv(1)
            return
        talk.begin("Transfer-Encoding: chunked")
        while True:
            talk.chunk(bytes(MIB))

    far.pages["/endless.mp4"] = endless
    user_id = uuid.uuid4()
    replica = start_replica(**{**settings, "max_upload_bytes": 20 * MIB})
    with client_for(replica, user_id) as client:
        done = ended(client, begin(client, far.url("/endless.mp4")))
    assert done["problem"]["code"] == "upload_too_large"
    assert done["received_bytes"] <= (0 if told else 24 * MIB)
    assert room.keys(user_id) == []
    assert room.unfinished(user_id) == []


def test_a_large_one_takes_bounded_memory_and_no_disk(
    start_replica: Callable[..., Replica], settings: dict[str, Any], far: Origin, room: Room
) -> None:
    digest = hashlib.sha256()

    def large(talk: Talk) -> None:
        talk.begin("Transfer-Encoding: chunked")
        for piece in sound(LENGTH, digest):
            talk.chunk(piece)
        talk.chunk(b"")

    far.pages["/large.wav"] = large
    replica = start_replica(**settings)
    with client_for(replica, uuid.uuid4()) as client:
        assert ended(client, begin(client, far.url("/talk.mp4")))["state"] == "finished"
        written = replica.written_bytes()
        with Watch(replica) as watch:
            done = ended(client, begin(client, far.url("/large.wav"), file_type="audio"), seconds=90)
        assert done["state"] == "finished", done
        file = client.get(f"/api/v1/files/{done['file_id']}").json()
    assert file["sha256"] == digest.hexdigest()
    assert file["size_bytes"] == LENGTH
    assert watch.most - watch.before <= GROWTH, f"{(watch.most - watch.before) / MIB:.0f} MiB"
    assert replica.written_bytes() == written


def test_a_broken_line_is_tried_again(fetch: httpx.Client, far: Origin, video: Path) -> None:
    whole = video.read_bytes()

    def breaks_once(talk: Talk) -> None:
        talk.begin(f"Content-Length: {len(whole)}")
        talk.connection.sendall(whole if talk.turn > 1 else whole[: len(whole) // 2])

    far.pages["/breaks.mp4"] = breaks_once
    done = ended(fetch, begin(fetch, far.url("/breaks.mp4")))
    assert done["state"] == "finished", done
    assert far.asked["/breaks.mp4"] == 2
    assert len(fetch.get("/api/v1/files").json()["items"]) == 1


def waits(talk: Talk) -> None:
    """Half of a file, then nothing but a byte now and then, until nobody listens."""
    talk.begin("Content-Length: 100000000")
    while True:
        talk.connection.sendall(bytes(MIB))
        time.sleep(0.5)


def test_one_that_is_given_up_leaves_nothing(
    fetch: httpx.Client, far: Origin, room: Room, user_id: uuid.UUID
) -> None:
    far.pages["/waits.mp4"] = waits
    path = begin(fetch, far.url("/waits.mp4"))
    wait_until(lambda: fetch.get(path).json()["received_bytes"] > 6 * MIB)
    assert fetch.delete(path).status_code == 204
    assert fetch.get(path).status_code == 404
    wait_until(lambda: not room.keys(user_id) and not room.unfinished(user_id))
    wait_until(lambda: not room.rows("SELECT 1 FROM uploads WHERE user_id = %s", user_id))


def test_another_replica_goes_on_for_one_that_died(
    start_replica: Callable[..., Replica], settings: dict[str, Any], far: Origin, room: Room, video: Path
) -> None:
    whole = video.read_bytes()

    def stalls_once(talk: Talk) -> None:
        if talk.turn == 1:
            waits(talk)
        talk.begin(f"Content-Length: {len(whole)}")
        talk.connection.sendall(whole)

    far.pages["/stalls.mp4"] = stalls_once
    user_id = uuid.uuid4()
    dies = start_replica(**settings)
    with client_for(dies, user_id) as client:
        path = begin(client, far.url("/stalls.mp4"))
        wait_until(lambda: far.asked["/stalls.mp4"] == 1)
    dies.kill()
    room.rows(
        "UPDATE remote_uploads SET leased_until = now() WHERE upload_id = %s AND state = 'receiving'",
        path.rpartition("/")[2],
    )
    lives = start_replica(**settings)
    with client_for(lives, user_id) as client:
        assert ended(client, path)["state"] == "finished"
        assert len(client.get("/api/v1/files").json()["items"]) == 1


def test_nobody_elses(fetch: httpx.Client, far: Origin, fetching: Replica) -> None:
    path = begin(fetch, far.url("/talk.mp4"))
    with client_for(fetching, uuid.uuid4()) as stranger:
        assert stranger.get(path).status_code == 404
        assert stranger.delete(path).status_code == 404
    assert ended(fetch, path)["state"] == "finished"


def test_so_many_at_a_time_and_no_more(
    start_replica: Callable[..., Replica], settings: dict[str, Any], far: Origin
) -> None:
    far.pages["/waits.mp4"] = waits
    replica = start_replica(**settings, remote_uploads_per_user=2)
    with client_for(replica, uuid.uuid4()) as client:
        paths = [begin(client, far.url("/waits.mp4")) for _ in range(2)]
        answer = client.post(FROM_URL, json={"url": far.url("/talk.mp4")})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_remote_uploads")
        for path in paths:
            assert client.delete(path).status_code == 204
        assert ended(client, begin(client, far.url("/talk.mp4")))["state"] == "finished"


def test_an_operator_can_switch_it_off(start_replica: Callable[..., Replica], far: Origin) -> None:
    replica = start_replica(remote_uploads="false")
    with client_for(replica, uuid.uuid4()) as client:
        answer = client.post(FROM_URL, json={"url": far.url("/talk.mp4")})
    assert (answer.status_code, answer.json()["code"]) == (403, "remote_uploads_off")
