"""The adapter for servers of the OpenAI `/v1/videos` shape: pictures as bytes, cancel, no call-backs."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from octavia_videogen.domain.errors import (
    AnswerLostError,
    LookFailedError,
    NoVideoError,
    OrderDeferredError,
    ProviderAccountError,
    ProviderRefusedError,
    ResultGoneError,
    TaskUnknownError,
)
from octavia_videogen.domain.rate import RateLimit
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.providers.base import Order, PictureBy, Record, Sent
from octavia_videogen.providers.http import Answer, Exchange, retry_after
from octavia_videogen.providers.openai_videos.listing import is_past, matching

VIDEOS = "/v1/videos"
CONTENT = "content"
"""The one result of a task: its own content."""

LONGEST_ID = 200

_STATES = {
    "queued": ProviderState.QUEUING,
    "in_progress": ProviderState.GENERATING,
    "completed": ProviderState.SUCCESS,
    "failed": ProviderState.FAIL,
    "cancelled": ProviderState.FAIL,
}
_ACCOUNT = frozenset({401, 402, 403})
_LATER = frozenset({429, 500, 503})
_NO_LIST = frozenset({404, 405, 501})

PAGE, MOST_PAGES = 100, 5
"""Videos of one page of the server's list, and pages that are read in search of a lost order."""


class OpenAIVideosProvider:
    """Tasks of one server."""

    name = "openai-videos"
    picture_by = PictureBy.BYTES
    orders_are_idempotent = False
    results_are_addresses = False
    lost_orders_may_return = False
    """Nobody calls back: an order whose answer was lost is looked for in the server's list."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        most_bytes: int,
        order_limit: RateLimit | None,
    ) -> None:
        self._exchange = exchange
        self._most_bytes = most_bytes
        self.order_limit = order_limit
        self.orders_are_listed = True  # until the server says that it has no list

    async def start(self) -> None:
        """Nothing to load; a server that is away shows at the first order."""

    async def close(self) -> None:
        await self._exchange.close()

    def put_on_record(self, order: Order) -> Sent:
        return Sent(order.form.model, order.form.filled(order.spec))

    async def create(self, order: Order) -> str:
        # Every field is a part of a form: with `files` httpx sends multipart, as these servers want it.
        parts: list[tuple[str, Any]] = [
            (name, (None, str(value).encode())) for name, value in order.form.filled(order.spec).items()
        ]
        parts.append(("model", (None, order.form.model.encode())))
        if order.picture is not None and order.picture.path is not None:
            picture = await asyncio.to_thread(order.picture.path.read_bytes)
            parts.append(("input_reference", ("picture.jpg", picture, "image/jpeg")))
        return _created(await self._exchange.order(VIDEOS, files=parts))

    async def listed(self, sent: Sent, ordered_at: datetime) -> Sequence[str]:
        found: list[str] = []
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = await self._exchange.look(
                "GET", VIDEOS, params={"limit": PAGE, "order": "desc", **after}
            )
            if answer.status in _NO_LIST:
                self.orders_are_listed = False
                return ()
            body = _object(answer)
            videos = body.get("data") if body is not None else None
            if answer.status != 200 or body is None or not isinstance(videos, list):
                raise LookFailedError(f"its videos cannot be listed: {answer.status}")
            found = [*matching(videos, sent, ordered_at), *found]
            last = videos[-1].get("id") if videos and isinstance(videos[-1], dict) else None
            if not body.get("has_more") or not isinstance(last, str) or is_past(videos, ordered_at):
                break
            after = {"after": last}
        return found

    async def look(self, task: str) -> Record:
        answer = await self._exchange.look("GET", f"{VIDEOS}/{_safe(task)}")
        if answer.status == 404:
            raise TaskUnknownError
        body = _object(answer)
        if answer.status != 200 or body is None:
            raise LookFailedError(str(answer.status), retry_after=answer.retry_after)
        state = _STATES.get(str(body.get("status")))
        if state is None:
            raise LookFailedError(f"an unknown status {body.get('status')!r}")
        figure = body.get("progress")
        return Record(
            state=state,
            figure=float(figure) if isinstance(figure, int | float) and 0 <= figure <= 100 else None,
            results=(CONTENT,) if state is ProviderState.SUCCESS else (),
            reason=_said(body) if state is ProviderState.FAIL else "",
        )

    async def cancel(self, task: str) -> bool:
        answer = await self._exchange.look("DELETE", f"{VIDEOS}/{_safe(task)}")
        if answer.status in (200, 202, 204, 404):
            return True
        if answer.status in (405, 501):
            return False
        raise LookFailedError(f"it cannot be deleted: {answer.status}", retry_after=answer.retry_after)

    async def fetch(self, task: str, result: str, path: Path) -> None:
        async with self._exchange.stream(f"{VIDEOS}/{_safe(task)}/content") as response:
            if response.status_code in (404, 410):
                raise ResultGoneError
            if response.status_code != 200:
                raise LookFailedError(str(response.status_code), retry_after=retry_after(response.headers))
            received = 0
            file = await asyncio.to_thread(path.open, "wb")
            try:
                async for piece in response.aiter_bytes(256 * 1024):
                    received += len(piece)
                    if received > self._most_bytes:
                        raise NoVideoError("the file is too large.")
                    await asyncio.to_thread(file.write, piece)
            finally:
                await asyncio.to_thread(file.close)

    async def still_there(self, result: str) -> bool:
        return True


def _created(answer: Answer) -> str:
    body = _object(answer)
    said = _said(body)
    task = body.get("id") if body is not None else None
    if answer.status < 300 and isinstance(task, str) and 0 < len(task) <= LONGEST_ID:
        return task
    if answer.status in _ACCOUNT:
        raise ProviderAccountError(f"{answer.status} {said}")
    if answer.status == 429 or (answer.status in _LATER and body is not None):
        raise OrderDeferredError(
            f"{answer.status} {said}", retry_after=answer.retry_after, limited=answer.status == 429
        )
    if 400 <= answer.status < 500 and answer.status != 408:
        raise ProviderRefusedError(said)
    raise AnswerLostError(f"{answer.status} {said}")


def _object(answer: Answer) -> Mapping[str, Any] | None:
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _said(body: Mapping[str, Any] | None) -> str:
    """The words of an error: OpenAI's shape, FastAPI's, or none."""
    if body is None:
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    for words in (error, body.get("message"), body.get("detail")):
        if isinstance(words, str) and words:
            return words
    return ""


def _safe(task: str) -> str:
    """An id that a server gave, as one part of a path."""
    return quote(task, safe="")
