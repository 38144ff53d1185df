"""Headers of messages: the trace they continue, who made them and, for a retried one, where it stands."""

import math
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

TRACEPARENT = "traceparent"
_FOR = "octavia-for"
_ORIGIN = "octavia-origin"
_ATTEMPT = "octavia-attempt"
_FIRST = "octavia-first-try"
_NOT_BEFORE = "octavia-not-before"
_REASON = "octavia-reason"
_WORKER = "octavia-worker"
_BEGAN = "octavia-began"
_MOST_ATTEMPTS = 1_000_000


@dataclass(frozen=True)
class Made:
    """Which process made what a message tells of, and when it began to (seconds since the epoch)."""

    worker: str
    began: float

    @classmethod
    def here(cls) -> "Made":
        """By this process, from now on. In a cluster the host's name is the pod's."""
        return cls(f"{socket.gethostname()}:{os.getpid()}", time.time())

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> "Made | None":
        """From the headers of a message; None where nobody says so."""
        began = _number(headers.get(_BEGAN), 0.0)
        return cls(headers.get(_WORKER, ""), began) if began else None

    def headers(self) -> dict[str, str]:
        """As headers of a message."""
        return {_WORKER: self.worker, _BEGAN: repr(self.began)}


@dataclass(frozen=True)
class Delivery:
    """Where one message stands in its tries. Times are seconds since the epoch."""

    attempt: int = 1
    first_try: float = 0.0
    meant_for: str = ""
    """The consumer a repeated message is for; others of the topic pass it by. Empty means all."""
    origin: str = ""
    not_before: float = 0.0
    reason: str = ""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> "Delivery":
        """From the headers of a message; what is missing or broken reads as a first try."""
        return cls(
            attempt=int(min(max(_number(headers.get(_ATTEMPT), 1), 1), _MOST_ATTEMPTS)),
            first_try=min(_number(headers.get(_FIRST), time.time()), time.time()),
            meant_for=headers.get(_FOR, ""),
            origin=headers.get(_ORIGIN, ""),
            not_before=_number(headers.get(_NOT_BEFORE), 0.0),
            reason=headers.get(_REASON, ""),
        )

    def headers(self) -> dict[str, str]:
        """As headers of a message."""
        return {
            _FOR: self.meant_for,
            _ORIGIN: self.origin,
            _ATTEMPT: str(self.attempt),
            _FIRST: repr(self.first_try),
            _NOT_BEFORE: repr(self.not_before),
            _REASON: self.reason[:1000],
        }


def _number(text: str | None, default: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if math.isfinite(number) else default
