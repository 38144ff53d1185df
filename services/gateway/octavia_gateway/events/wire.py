"""How an event looks on a stream, and in the notice that travels between replicas."""

from dataclasses import dataclass
from uuid import UUID

CHANNEL = "octavia_gateway_events"
"""The PostgreSQL NOTIFY channel."""

MAX_NOTICE_BYTES = 7900
"""PostgreSQL refuses payloads of 8000 bytes; a longer event is fetched from the log instead."""

TERMINAL_KINDS = frozenset(
    {
        *("job.completed", "job.failed", "job.cancelled", "job.deleted"),
        "batch.ended",
        *("video.completed", "video.failed", "video.cancelled", "video.expired", "video.deleted"),
    }
)
"""Events after which the own stream of a job, batch or video ends."""

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body (RFC 9112, 7.1)."""


class Frame:
    """Something to write on many streams, encoded once.

    `body` is what an ASGI server is given; `chunk` is the same as it goes over the socket, as one chunk of
    a chunked body.
    """

    __slots__ = ("body", "chunk")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.chunk = b"%x\r\n%b\r\n" % (len(body), body)


KEEPALIVE = Frame(b": keep-alive\n\n")


@dataclass(frozen=True)
class StreamEvent:
    """One numbered event of one user; `body` is JSON on one line."""

    user_id: UUID
    seq: int
    job_id: UUID
    kind: str
    body: str

    @property
    def terminal(self) -> bool:
        """Whether the job's own stream ends with it."""
        return self.kind in TERMINAL_KINDS

    def frame(self) -> bytes:
        """The event as server-sent event."""
        return f"id: {self.seq}\nevent: {self.kind}\ndata: {self.body}\n\n".encode()


@dataclass(frozen=True)
class Notice:
    """What a replica is woken with. `event` is None where it must be read from the log."""

    user_id: UUID
    seq: int
    event: StreamEvent | None = None

    @property
    def about_credits(self) -> bool:
        """Whether it tells of a balance; such notices have no number."""
        return self.seq == 0


def event_notice(event: StreamEvent) -> str:
    """The notice of a new event, with the event itself where it fits."""
    text = f"{event.user_id}|{event.seq}|{event.job_id}|{event.kind}|{event.body}"
    return text if len(text.encode()) <= MAX_NOTICE_BYTES else f"{event.user_id}|{event.seq}"


def credits_notice(user_id: UUID) -> str:
    """The notice of a changed balance."""
    return f"{user_id}|0"


def read_notice(payload: str) -> Notice:
    """Read what `event_notice` or `credits_notice` wrote. Raises ValueError for anything else."""
    parts = payload.split("|", 4)
    user_id, seq = UUID(parts[0]), int(parts[1])
    if len(parts) == 2:
        return Notice(user_id, seq)
    return Notice(user_id, seq, StreamEvent(user_id, seq, UUID(parts[2]), parts[3], parts[4]))
