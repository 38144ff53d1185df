"""Multipart forms, however their bytes are cut up on the wire."""

from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.errors import MalformedFormError
from octavia_gateway.files.form import open_form_file


async def _chunks(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _encoded(content: bytes, filename: str, fields: dict[str, str]) -> tuple[str, bytes]:
    request = httpx.Request(
        "POST", "http://x/", files={"file": (filename, content, "video/mp4")}, data=fields
    )
    return request.headers["content-type"], request.read()


async def _read(content_type: str, pieces: Iterable[bytes]) -> tuple[str, str, bytes]:
    file = await open_form_file(content_type, _chunks(pieces))
    return file.filename, file.media_type, b"".join([chunk async for chunk in file.chunks])


@given(
    content=st.binary(max_size=2000).map(lambda data: data.replace(b"x", b"\r\n--")),
    cuts=st.lists(st.integers(1, 700), min_size=1, max_size=8),
    fields=st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=50), max_size=2),
)
async def test_any_cut_gives_the_same_bytes(content: bytes, cuts: list[int], fields: dict[str, str]) -> None:
    content_type, body = _encoded(content, "bài giảng.mp4", fields)
    pieces = []
    position = 0
    for index in range(len(body)):
        if position >= len(body):
            break
        size = cuts[index % len(cuts)]
        pieces.append(body[position : position + size])
        position += size
    assert await _read(content_type, pieces) == ("bài giảng.mp4", "video/mp4", content)


async def test_a_form_cut_off_is_refused() -> None:
    content_type, body = _encoded(b"x" * 1000, "talk.mp4", {})
    with pytest.raises(MalformedFormError):
        await _read(content_type, [body[:-10]])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b""),
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"not a form at all"),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
        ),
        # a field that is named file but is not one
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nb\r\n--x--\r\n',
        ),
        # endless headers
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 1000),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 100_000),
        # a field that never ends before the file
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"b" * 70_000,
        ),
        # too many fields
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 40,
        ),
    ],
)
async def test_what_is_no_form_with_a_file(content_type: str | None, body: bytes) -> None:
    with pytest.raises(MalformedFormError) as caught:
        await open_form_file(content_type, _chunks([body]))
    assert caught.value.status == 400


async def test_two_files_are_refused() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n'
    with pytest.raises(MalformedFormError):
        await _read("multipart/form-data; boundary=x", [part, part, b"--x--\r\n"])
