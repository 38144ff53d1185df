"""Byte ranges of RFC 9110, section 14: one range an answer, never many.

Several ranges in one header are answered with the whole object, as the RFC allows: nobody who
plays or resumes a file asks for them, and they are how a small request becomes a large answer.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from octavia_gateway.files.errors import UnsatisfiableRangeError

_SINGLE = re.compile(
    r"bytes[ \t]*=[ \t]*([0-9]{0,64})[ \t]*-[ \t]*([0-9]{0,64})[ \t]*", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class ByteRange:
    """`length` bytes from `start`; always inside the object and never empty."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        """The Content-Range header for an object of `size` bytes."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range asked of an object of `size` bytes, or None for the whole of it.

    A header that is not one well-formed range of bytes is ignored (RFC 9110, 14.2).

    Raises:
        UnsatisfiableRangeError: the range is well formed but no byte of the object lies in it.
    """
    match = _SINGLE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        if last and int(last) < start:
            return None
        end = min(int(last), size - 1) if last else size - 1
        length = end - start + 1
    if length <= 0:
        raise UnsatisfiableRangeError(size)
    return ByteRange(start, length)


def etag_of(sha256: str) -> str:
    """A strong entity tag: equal tags mean equal bytes."""
    return f'"{sha256}"'


def http_date(moment: datetime) -> str:
    """`moment` as an HTTP date (whole seconds, GMT)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def if_range_holds(header: str | None, *, etag: str, modified: datetime | None) -> bool:
    """Whether a Range may be honoured under the If-Range header (RFC 9110, 13.1.5).

    Only a strong tag or the exact date counts; anything else means that the client holds some other
    version, so it gets the whole object.
    """
    if header is None:
        return True
    validator = header.strip()
    if validator.startswith(('"', "W/")):
        return validator == etag
    try:
        date = parsedate_to_datetime(validator)
    except (ValueError, TypeError, IndexError):
        return False
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return modified is not None and date == modified.replace(microsecond=0)


def none_match(header: str | None, etag: str) -> bool:
    """Whether If-None-Match lets the answer have a body (False means 304)."""
    if header is None:
        return True
    if header.strip() == "*":
        return False
    tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
    return etag not in tags
