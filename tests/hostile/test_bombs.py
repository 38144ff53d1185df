"""Heads, bodies, forms and ranges that are far too large, too many, too deep or too slow."""

import asyncio
import gzip
import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from octavia_gateway import bodies, connections

from .doors import Doors, Member
from .sockets import Answer, head, speak

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

MIB = 1024**2


@pytest.fixture
def doors(shared_doors: Doors) -> Doors:
    """One gateway for all bombs: it has to survive them all."""
    return shared_doors


def memory_bytes() -> int:
    """Resident memory of this process, in which the server runs."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def still_well(doors: Doors, member: Member) -> None:
    """The server goes on as if nothing had been."""
    answer = await doors.client.get("/api/v1/jobs", headers=member.headers)
    assert answer.status_code == 200


# Heads


@pytest.mark.parametrize(
    ("what", "statuses"),
    [
        ("a field that never ends", {431, 0}),
        ("a field name that never ends", {431, 400, 0}),
        ("an address that never ends", {414, 431, 0}),
        ("fields without number", {431, 0}),
        ("a request line that never comes", {400, 431, 0}),
    ],
)
async def test_a_head_without_end_is_cut_short(doors: Doors, what: str, statuses: set[int]) -> None:
    member = await doors.member()

    async def endless() -> AsyncIterator[bytes]:
        start = {
            "a field that never ends": b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Bomb: ",
            "a field name that never ends": b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n",
            "an address that never ends": b"GET /",
            "fields without number": b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n",
            "a request line that never comes": b"",
        }[what]
        yield start
        piece = b"x" * 65536
        if what == "fields without number":
            piece = b"A: b\r\n" * 10_000
        for _ in range(2048):  # 128 MiB
            yield piece

    before = memory_bytes()
    answer = await speak(doors.url, endless())
    assert answer.status in statuses
    assert answer.sent < 16 * MIB, "nearly all of it was taken"
    assert memory_bytes() - before < 24 * MIB
    await still_well(doors, member)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([f"X-{number}: y" for number in range(200)], 431),
        (["X-Bomb: " + "y" * (connections.MOST_HEAD_BYTES + 1)], 431),
        (["X-Fine: " + "y" * 8000], 401),
        ([f"X-{number}: y" for number in range(80)], 401),
    ],
)
async def test_a_whole_head_is_measured(doors: Doors, fields: list[str], status: int) -> None:
    answer = await speak(doors.url, [head("GET", "/api/v1/me", *fields)])
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_a_long_address_is_refused_and_many_parameters_are_read(doors: Doors) -> None:
    member = await doors.member()
    token = f"Authorization: Bearer {member.access_token}"
    long = await speak(doors.url, [head("GET", "/api/v1/jobs?cursor=" + "x" * 20_000, token)])
    assert long.status == 414
    many = await speak(doors.url, [head("GET", "/api/v1/jobs?" + "status=failed&" * 1000, token)])
    assert (many.status, many.json()["code"]) == (422, "invalid_request")


async def test_a_head_that_drips_is_hung_up_on(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"GET /api/v1/me HTTP/1.1\r\n"
        while True:
            await asyncio.sleep(0.05)
            yield b"X-A: b\r\n"

    assert (await speak(doors.url, dripping())).status == 408
    assert (await speak(doors.url, [])).status == 408  # a connection that says nothing at all
    # A second request on a connection has its time too, and what came before it is answered.
    whole = head("GET", "/api/v1/me")
    assert (await speak(doors.url, [whole, b"GET /api"])).status == 401


async def test_what_is_no_request_is_refused(doors: Doors) -> None:
    member = await doors.member()
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /api/v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n obs: fold\r\n\r\n",
    ):
        answer = await speak(doors.url, [nonsense])
        assert 400 <= answer.status < 500 or answer.status == 0, (nonsense[:60], answer)
    await still_well(doors, member)


# JSON


def bombs() -> dict[str, bytes]:
    """Bodies for a call that takes {"name": text}."""
    room = bodies.MAX_JSON_BYTES
    return {
        "deep lists": b"[" * (room - 10),
        "deep lists, closed": b"[" * 30_000 + b"]" * 30_000,
        "deep objects": b'{"name":' * 8000,
        "a number of 60,000 digits": b'{"name":' + b"9" * 60_000 + b"}",
        "an exponent": b'{"name":1e999999999}',
        "not a number": b'{"name":NaN}',
        "infinity": b'{"name":-Infinity}',
        "a long string": json.dumps({"name": "x" * 60_000}).encode(),
        "many names": b"{" + b",".join(b'"a%d":1' % n for n in range(6000)) + b"}",
        "one name many times": b'{"name":"x",' * 1 + b",".join([b'"name":"x"'] * 5000) + b"}x",
        "half a character": b'{"name":"\\ud800"}',
        "half a character as a name": b'{"\\ud800":1}',
        "a long name": b'{"' + b"x" * 60_000 + b'":1}',
        "NUL": b'{"name":"a\\u0000b"}',
        "only white space": b" " * 60_000,
        "not UTF-8": b'{"name":"\xff\xfe"}',
        "nothing": b"",
        "an escape cut off": b'{"name":"\\u12',
        "control characters": b'{"name":"\\u001b[2J\\r\\n"}',
        "too large": b" " * (room + 1),
    }


@pytest.mark.parametrize("name", bombs())
async def test_json_bombs_are_refused(doors: Doors, name: str) -> None:
    member = await doors.member()
    for path in ("/api/v1/api-keys", "/api/v1/auth/login", "/api/v1/jobs/video-translate/create"):
        answer = await doors.client.post(
            path, content=bombs()[name], headers={**member.headers, "Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 413, 422), (path, answer.status_code, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 4096, "the answer repeats the bomb"
    await still_well(doors, member)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\x1b[2J", "line\r\nbreak", "\u202egpj.exe"])
async def test_hostile_texts_in_every_field_that_is_kept(doors: Doors, text: str) -> None:
    admin = await doors.administrator()
    raw = json.dumps  # which writes half characters as escapes
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/api/v1/api-keys", {"name": f"n{text}"}),
        ("/api/v1/auth/login", {"email": "a@example.org", "password": f"password{text}"}),
        ("/api/v1/auth/login", {"email": f"a{text}@example.org", "password": "password"}),
        ("/api/v1/auth/register", {"email": f"b{ord(text[1]) if text[1:] else 0}@example.org",
                                   "password": f"long enough {text}"}),
        ("/api/v1/auth/refresh", {"refresh_token": f"octr_{text}"}),
        ("/api/v1/admin/credits/grants", {"email": admin.email, "amount": 1, "reason": f"r{text}"}),
        (
            "/api/v1/jobs/video-translate/create",
            {
                "file_id": "00000000-0000-0000-0000-000000000000",
                "source_language": "en",
                "target_language": "es",
                "storage_path": f"users/{text}",
            },
        ),
    ]  # fmt: skip
    for path, body in calls:
        answer = await doors.client.post(
            path,
            content=raw(body).encode(),
            headers={**admin.headers, "Content-Type": "application/json"},
        )
        assert answer.status_code < 500, (path, body, answer.text[:300])
    listed = (await doors.client.get("/api/v1/api-keys", headers=admin.headers)).json()["items"]
    assert not [key for key in listed if set(key["name"]) & set("\0\x1b\r\n\u202e")]


async def test_compressed_bodies_are_not_unpacked(doors: Doors) -> None:
    member = await doors.member()
    packed = gzip.compress(b" " * (50 * MIB))
    assert len(packed) < bodies.MAX_JSON_BYTES
    for path in ("/api/v1/auth/login", "/api/v1/upload", "/api/v1/uploads"):
        for encoding in ("gzip", "GZIP, identity", "br", "deflate"):
            answer = await doors.client.post(
                path,
                content=packed,
                headers={
                    **member.headers,
                    "Content-Type": "application/json",
                    "Content-Encoding": encoding,
                    "Tus-Resumable": "1.0.0",
                    "Upload-Length": "9",
                },
            )
            assert answer.status_code == 415, (path, encoding)
            assert answer.json()["code"] == "unsupported_encoding"


async def test_a_body_that_drips_is_given_up(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)

    async def dripping() -> AsyncIterator[bytes]:
        yield head(
            "POST", "/api/v1/auth/login", "Content-Type: application/json", "Transfer-Encoding: chunked"
        )
        while True:
            await asyncio.sleep(0.05)
            yield b"1\r\n \r\n"

    answer = await speak(doors.url, dripping())
    assert (answer.status, answer.json()["code"]) == (408, "request_timeout")


# Forms


def form(parts: list[bytes], boundary: bytes = b"b") -> bytes:
    return (
        b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    )


FILE = b'Content-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\nx'


def field(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (form([field(b"a%d" % n, b"x") for n in range(100_000)]), {400}),
        (form([field(b"a", b"x" * (8 * MIB)), FILE]), {400}),
        (form([b"X-Long: " + b"y" * (8 * MIB) + b"\r\n\r\nx"]), {400}),
        (form([b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\nx"]), {400}),
        (form([FILE, FILE]), {400}),
        (form([FILE], boundary=b"c"), {400}),
        (b"x" * (2 * MIB), {400}),
        (b"--b", {400}),
        (b"", {400}),
        (form([FILE.replace(b"x.mp4", b"y" * 5000)]), {400, 422}),
        (form([field(b"file", b"no file name")]), {400}),
        (form([FILE.replace(b"x.mp4", b"\xff\xfe\0.mp4")]), {400, 422}),
    ],
)  # fmt: skip
async def test_form_bombs_are_refused(doors: Doors, content: bytes, status: set[int]) -> None:
    member = await doors.member()
    before = memory_bytes()
    answer = await doors.client.post(
        "/api/v1/upload",
        content=content,
        headers={**member.headers, "Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code in status, answer.text[:300]
    assert memory_bytes() - before < 48 * MIB
    assert not [key for key in doors.store.objects if str(member.user_id) in key]
    await still_well(doors, member)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 5000,
     "multipart/mixed; boundary=b", "text/plain", "multipart/form-data; boundary=\"a\\\"b\""],
)  # fmt: skip
async def test_forms_of_other_kinds_are_refused(doors: Doors, content_type: str) -> None:
    member = await doors.member()
    answer = await doors.client.post(
        "/api/v1/upload", content=form([FILE]), headers={**member.headers, "Content-Type": content_type}
    )
    assert answer.status_code == 400


# Ranges


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("bytes=0-0", 206),
        ("bytes=-3", 206),
        ("bytes=" + ",".join(["0-9"] * 1000), 200),
        ("bytes=" + ",".join(f"{n}-" for n in range(2000)), 200),
        ("bytes=0-,0-,0-,0-", 200),
        ("bytes=5-2", 200),
        ("bytes=-", 200),
        ("bytes=0-" + "9" * 60, 206),
        ("bytes=" + "9" * 60 + "-", 416),
        ("bytes=" + "9" * 5000 + "-", 200),
        ("bytes=-" + "9" * 60, 206),
        ("bytes=-0", 416),
        ("bytes=10-", 416),
        ("bytes=0x0-0x5", 200),
        ("bytes=\u0660-\u0665", 200),
        ("items=0-5", 200),
        ("bytes 0-5", 200),
    ],
)
async def test_range_bombs_give_at_most_the_file(doors: Doors, wanted: str, status: int) -> None:
    owner = await doors.member()
    things = await doors.furnish(owner)
    answer = await doors.client.get(
        f"/api/v1/jobs/{things.job_id}/download", headers={**owner.headers, "Range": wanted.encode()}
    )
    assert answer.status_code == status
    if status != 416:
        assert answer.content in b"0123456789"
        assert len(answer.content) <= 10
        assert "multipart" not in answer.headers["content-type"]
    else:
        assert answer.headers["content-range"] == "bytes */10"


# Streams


@pytest.mark.parametrize("last", ["x" * 5000, "-1", "9" * 100, "1; DROP TABLE jobs", "0x10", "\u0661", "1e3"])
async def test_last_event_ids_of_all_kinds(doors: Doors, last: str) -> None:
    owner = await doors.member()
    things = await doors.furnish(owner)
    answer = await doors.client.get(
        f"/api/v1/jobs/{things.job_id}/events",
        headers={**owner.headers, "Last-Event-ID": last.encode()},
    )
    assert answer.status_code in (200, 204)


async def test_many_bombs_at_once_leave_the_server_well(doors: Doors) -> None:
    member = await doors.member()
    room = b"[" * 60_000

    async def one(number: int) -> Answer:
        fields = ["Content-Type: application/json", f"Content-Length: {len(room)}"]
        if number % 2:
            fields += [f"X-{n}: y" for n in range(200)]
        return await speak(doors.url, [head("POST", "/api/v1/auth/login", *fields), room])

    answers = await asyncio.gather(*(one(number) for number in range(60)))
    assert {answer.status for answer in answers} <= {0, 400, 422, 431}
    await still_well(doors, member)
