"""tus headers: what a client may say, and what it is told."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.tus import protocol


@given(st.dictionaries(st.from_regex(r"[a-zA-Z_.-]{1,20}", fullmatch=True), st.text(max_size=60), max_size=5))
def test_metadata_round_trip(metadata: dict[str, str]) -> None:
    header = ",".join(
        f"{key} {base64.b64encode(value.encode(errors='replace')).decode()}"
        for key, value in metadata.items()
    )
    expected = {key: value.encode(errors="replace").decode() for key, value in metadata.items()}
    assert protocol.parse_metadata(header) == expected


def test_metadata_key_without_value() -> None:
    assert protocol.parse_metadata("is_private,filename dGFsay5tcDQ=") == {
        "is_private": "",
        "filename": "talk.mp4",
    }


@pytest.mark.parametrize("header", ["a b c", "a !!!", "a YQ==,a YQ==", "é YQ==", ",", "a " + "A" * 5000])
def test_metadata_refused(header: str) -> None:
    with pytest.raises(protocol.TusHeaderError):
        protocol.parse_metadata(header)


@given(st.text(max_size=100))
def test_metadata_never_breaks(header: str) -> None:
    with contextlib.suppress(protocol.TusHeaderError):
        assert all(protocol.parse_metadata(header))


@pytest.mark.parametrize("header", [None, "", "-1", "1.5", "٣", "1_000", "9" * 20, " "])
def test_numbers_refused(header: str | None) -> None:
    with pytest.raises(protocol.TusHeaderError):
        protocol.parse_number("Upload-Length", header)


@pytest.mark.parametrize("algorithm", protocol.CHECKSUM_ALGORITHMS)
def test_checksum(algorithm: str) -> None:
    digest = hashlib.new(algorithm, b"hello").digest()
    checksum = protocol.parse_checksum(f"{algorithm} {base64.b64encode(digest).decode()}")
    assert checksum is not None
    right, wrong = checksum.hasher(), checksum.hasher()
    right.update(b"hello")
    wrong.update(b"hellO")
    checksum.verify(right)
    with pytest.raises(protocol.ChecksumMismatchError) as caught:
        checksum.verify(wrong)
    assert caught.value.status == 460


@pytest.mark.parametrize(
    "header", ["crc32 AAAA", "sha1", "sha1 !!", "sha1 AAAA", "md5 " + base64.b64encode(b"x" * 20).decode()]
)
def test_checksum_refused(header: str) -> None:
    with pytest.raises(protocol.TusHeaderError):
        protocol.parse_checksum(header)


def test_version_and_content_type() -> None:
    protocol.check_version("1.0.0")
    protocol.check_content_type("Application/offset+octet-stream; x=y")
    with pytest.raises(protocol.TusVersionError):
        protocol.check_version(None)
    with pytest.raises(protocol.TusContentTypeError):
        protocol.check_content_type("application/octet-stream")
