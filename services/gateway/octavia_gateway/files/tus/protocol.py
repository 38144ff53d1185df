"""The words of tus 1.0 (https://tus.io/protocols/resumable-upload): headers in, headers out.

Extensions: creation, creation-with-upload, termination, expiration, checksum.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from octavia_common.errors import PermanentError

from octavia_gateway.files.ranges import http_date

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "termination", "expiration", "checksum")
CHECKSUM_ALGORITHMS = ("sha1", "sha256", "md5")
CONTENT_TYPE = "application/offset+octet-stream"
FILE_ID_HEADER = "Upload-File-Id"
"""Ours, not of the protocol: the file that a finished upload became."""

LONGEST_METADATA_BYTES = 4096
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)  # what a bigint holds
_METADATA_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+", re.ASCII)


class TusVersionError(PermanentError):
    """The client speaks another version of the protocol."""

    code = "tus_version"
    status = 412


class TusHeaderError(PermanentError):
    """A header is missing or malformed."""

    code = "tus_header"
    status = 400


class TusContentTypeError(PermanentError):
    """A PATCH whose body is not declared as tus declares it."""

    code = "tus_content_type"
    status = 415


class OffsetConflictError(PermanentError):
    """The client's offset is not where the upload stands."""

    code = "upload_offset_conflict"
    status = 409


class ChecksumMismatchError(PermanentError):
    """The bytes received are not the ones sent; none of them were kept."""

    code = "checksum_mismatch"
    status = 460


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True)
class Checksum:
    """What the body of one PATCH must digest to."""

    algorithm: str
    digest: bytes

    def hasher(self) -> _Hasher:
        """A fresh hash of the algorithm; transport checks, so MD5 and SHA-1 serve."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def verify(self, hasher: _Hasher) -> None:
        """Raises ChecksumMismatchError where `hasher` saw other bytes."""
        if not hmac.compare_digest(hasher.digest(), self.digest):
            raise ChecksumMismatchError(
                f"The {self.algorithm} checksum of the bytes received differs from Upload-Checksum; "
                "none of them were kept. Send them again from the same offset."
            )


def check_version(header: str | None) -> None:
    """Raises TusVersionError unless the client speaks 1.0.0."""
    if header != VERSION:
        raise TusVersionError(f"This server speaks tus {VERSION}: send the header Tus-Resumable: {VERSION}.")


def check_content_type(header: str | None) -> None:
    """Raises TusContentTypeError unless the body is declared as an upload's bytes."""
    if (header or "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise TusContentTypeError(f"Send the bytes with Content-Type: {CONTENT_TYPE}.")


def parse_number(name: str, header: str | None) -> int:
    """A header that must be a count of bytes.

    Raises:
        TusHeaderError: it is missing or no such number.
    """
    if header is None or not _NUMBER.fullmatch(header.strip()):
        raise TusHeaderError(f"The header {name} must be a number of bytes.", header=name)
    return int(header)


def parse_metadata(header: str | None) -> dict[str, str]:
    """Upload-Metadata: `key base64,key base64,key`; what is not UTF-8 is shown by its replacement.

    Raises:
        TusHeaderError: malformed, too long, or a key comes twice.
    """
    metadata: dict[str, str] = {}
    if header is None or not header.strip():
        return metadata
    if len(header) > LONGEST_METADATA_BYTES:
        raise TusHeaderError(f"Upload-Metadata may have at most {LONGEST_METADATA_BYTES} bytes.")
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if not _METADATA_KEY.fullmatch(key) or key in metadata:
            raise TusHeaderError("Upload-Metadata must be pairs of a unique key and a Base64 value.")
        try:
            metadata[key] = base64.b64decode(value.strip(), validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise TusHeaderError(f"The value of {key!r} in Upload-Metadata is not Base64.") from None
    return metadata


def parse_checksum(header: str | None) -> Checksum | None:
    """Upload-Checksum: `algorithm base64`.

    Raises:
        TusHeaderError: malformed, or an algorithm that is not offered.
    """
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise TusHeaderError(
            f"Upload-Checksum can be checked with {', '.join(CHECKSUM_ALGORITHMS)}, not {algorithm[:32]!r}."
        )
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise TusHeaderError(f"Upload-Checksum does not hold a Base64 {algorithm} digest.")
    return Checksum(algorithm, digest)


def discovery_headers(max_size: int) -> dict[str, str]:
    """What OPTIONS tells about this server."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
    }


def answer_headers(
    *, offset: int | None = None, expires: datetime | None = None, file_id: object = None
) -> dict[str, str]:
    """Headers of every answer about an upload."""
    headers = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
    if offset is not None:
        headers["Upload-Offset"] = str(offset)
    if expires is not None:
        headers["Upload-Expires"] = http_date(expires)
    if file_id is not None:
        headers[FILE_ID_HEADER] = str(file_id)
    return headers
