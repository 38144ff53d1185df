"""Following a job or video to its end: by its event stream, and by asking where no stream gets through."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from octavia_cli.api import PREFIX, Api, PassingError
from octavia_cli.errors import RefusedError, UnreachableError
from octavia_cli.foreign import plain
from octavia_cli.messages import _

ENDED = frozenset({"completed", "partially_completed", "failed", "cancelled", "expired"})

STREAM_TIMEOUT = httpx.Timeout(10.0, read=60.0)
"""The server says something, if only a comment, several times in this time."""

FRUITLESS_STREAMS = 3
"""After so many streams in a row that brought nothing, it only asks."""

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 180.0
"""How long the server may be away while a job runs."""

Job = dict[str, Any]


@dataclass(frozen=True)
class Followed:
    """What is followed: `kind` is "jobs", "videos" or "batches", as in the address."""

    kind: str
    id: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{PREFIX}/{self.kind}/{self.id}"

    @property
    def command(self) -> str:
        """What shows it later."""
        return "octavia jobs" if self.kind == "batches" else f"octavia {self.kind} {self.id}"


def follow(
    api: Api,
    what: Followed,
    on_update: Callable[[Job], None],
    *,
    until: frozenset[str] = ENDED,
    sleep: Callable[[float], None] = time.sleep,
) -> Job:
    """The job or video once its status is one of `until`; `on_update` gets every state on the way.

    Raises UnreachableError where the server stays away, RefusedError where it is deleted.
    """
    last_id: str | None = None
    fruitless, away_since = 0, None
    while True:
        if fruitless < FRUITLESS_STREAMS:
            fruitless += 1
            try:
                for event_id, state in _stream(api, what, last_id):
                    last_id, fruitless, away_since = event_id or last_id, 0, None
                    on_update(state)
                    if state["status"] in until:
                        return state
            except (PassingError, httpx.TransportError, SSEError):
                pass  # asking, next, finds out whether the server is away
        try:
            job: Job = plain(api.send_once("GET", what.path).json())
        except PassingError as error:
            now = time.monotonic()
            away_since = away_since or now
            if now - away_since > PATIENCE_SECONDS:
                raise UnreachableError(
                    _(
                        "The server is away. The work may go on: `{command}` shows it.",
                        command=what.command,
                    )
                ) from error
            sleep(max(error.wait, POLL_SECONDS))
            fruitless = min(fruitless, FRUITLESS_STREAMS - 1)
            continue
        away_since = None
        on_update(job)
        if job["status"] in until:
            return job
        sleep(POLL_SECONDS if fruitless else 0.1)


def _stream(api: Api, what: Followed, last_id: str | None) -> Iterator[tuple[str, Job]]:
    """Events behind `last_id`: their ids, and what it was then. Ends where the server closes the stream."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with api.open("GET", f"{what.path}/events", headers=headers, timeout=STREAM_TIMEOUT) as answer:
        if answer.status_code == 204:
            return
        for event in EventSource(answer).iter_sse():
            if event.event.endswith(".deleted"):
                raise RefusedError(_("It was deleted meanwhile."), code="deleted")
            try:
                job = plain(json.loads(event.data))
            except ValueError:
                continue
            if isinstance(job, dict) and "status" in job:
                yield event.id, job
