"""Following a job until it ends: by its event stream, and by asking where a stream does not get through."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from octavia_cli.api import PREFIX, Api, PassingError
from octavia_cli.errors import RefusedError, UnreachableError
from octavia_cli.foreign import plain
from octavia_cli.messages import _

ENDED = frozenset({"completed", "failed", "cancelled"})

STREAM_TIMEOUT = httpx.Timeout(10.0, read=60.0)
"""The server says something, if only a comment, several times in this time."""

FRUITLESS_STREAMS = 3
"""After so many streams in a row that brought nothing, it only asks."""

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 180.0
"""How long the server may be away while a job runs."""

Job = dict[str, Any]


def follow(
    api: Api, job_id: str, on_update: Callable[[Job], None], *, sleep: Callable[[float], None] = time.sleep
) -> Job:
    """The job once it has ended; `on_update` gets every state on the way.

    Raises UnreachableError where the server stays away, RefusedError where the job is deleted.
    """
    last_id: str | None = None
    fruitless, away_since = 0, None
    while True:
        if fruitless < FRUITLESS_STREAMS:
            fruitless += 1
            try:
                for event_id, state in _stream(api, job_id, last_id):
                    last_id, fruitless, away_since = event_id or last_id, 0, None
                    on_update(state)
                    if state["status"] in ENDED:
                        return state
            except (PassingError, httpx.TransportError, SSEError):
                pass  # asking, next, finds out whether the server is away
        try:
            job: Job = plain(api.send_once("GET", f"{PREFIX}/jobs/{job_id}").json())
        except PassingError as error:
            now = time.monotonic()
            away_since = away_since or now
            if now - away_since > PATIENCE_SECONDS:
                raise UnreachableError(
                    _(
                        "The server is away. The job may go on: `octavia jobs {job}` shows it.",
                        job=job_id,
                    )
                ) from error
            sleep(max(error.wait, POLL_SECONDS))
            fruitless = min(fruitless, FRUITLESS_STREAMS - 1)
            continue
        away_since = None
        on_update(job)
        if job["status"] in ENDED:
            return job
        sleep(POLL_SECONDS if fruitless else 0.1)


def _stream(api: Api, job_id: str, last_id: str | None) -> Iterator[tuple[str, Job]]:
    """Events behind `last_id`: their ids and the job as it was. Ends where the server closes the stream."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with api.open("GET", f"{PREFIX}/jobs/{job_id}/events", headers=headers, timeout=STREAM_TIMEOUT) as answer:
        if answer.status_code == 204:
            return
        for event in EventSource(answer).iter_sse():
            if event.event == "job.deleted":
                raise RefusedError(_("The job was deleted."), code="job_not_found")
            try:
                job = plain(json.loads(event.data))
            except ValueError:
                continue
            if isinstance(job, dict) and "status" in job:
                yield event.id, job
