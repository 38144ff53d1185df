"""Takes call-backs: checked, noted once, answered; videogen works on them afterwards."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import Request
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from octavia_gateway.bodies import bounded, check_encoding
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.rate_limits.http import address_of
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.rate_limits.rates import Rate
from octavia_gateway.videos.callbacks import (
    CallbackError,
    CallbackKeys,
    Refusal,
    check_type,
    read_hint,
)

log = structlog.get_logger(__name__)

CALLBACKS = Counter(
    "octavia_video_callbacks_total",
    "Call-backs of providers: taken, repeated, or why they were refused.",
    ["outcome"],
)
TAKEN, REPEATED = "taken", "repeated"
for _outcome in (TAKEN, REPEATED, *Refusal):
    CALLBACKS.labels(str(_outcome))  # shown from the start, so that an alert can tell 0 from nothing

FORGET_HOURS = 24
"""How long a repetition is recognised. A signature is too old after minutes, a token is of one run."""


class CallbackDoor:
    """Lets hints in."""

    def __init__(
        self,
        database: GatewayDatabase,
        limiter: RateLimiter,
        rate: Rate,
        keys: CallbackKeys,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._limiter = limiter
        self._rate = rate
        self._keys = keys
        self._clock = clock

    async def take(self, request: Request, token: str | None) -> bool:
        """Note a call-back; False where it was noted before.

        Refused ones count against the address, those that are right against nobody: a provider calls for all
        users from one address. Raises CallbackError (401, 404, 415, 422), RateLimitedError (429).
        """
        try:
            taken = await self._take(request, token)
        except (CallbackError, HTTPException) as error:
            refusal = error.refusal if isinstance(error, CallbackError) else _refusal_of(error)
            CALLBACKS.labels(refusal).inc()
            log.warning("call-back refused", reason=str(refusal), address=address_of(request))
            await self._limiter.hit(self._rate, address_of(request))
            raise
        CALLBACKS.labels(TAKEN if taken else REPEATED).inc()
        return taken

    async def _take(self, request: Request, token: str | None) -> bool:
        hold_id = self._keys.hold_of(token)  # before a byte of the body is read
        check_encoding(request)
        check_type(request.headers.get("content-type"))
        hint = read_hint(await bounded(request).body(), hold_id)
        self._keys.check_signature(hint.task_id, request.headers, self._clock())
        async with self._database.service_transaction() as connection:
            new = await connection.fetchval(
                "INSERT INTO video_callbacks (event_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true",
                hint.event_id(),
            )
            if new:
                await self._database.add_events(connection, [hint])
        return bool(new)


async def prune_callbacks(connection: Any, *, limit: int = 5000) -> None:
    """Forget at most `limit` call-backs that were noted long ago."""
    await connection.execute(
        """
        DELETE FROM video_callbacks WHERE event_id IN (
            SELECT event_id FROM video_callbacks
            WHERE received_at < clock_timestamp() - make_interval(hours => $1)
            LIMIT $2 FOR UPDATE SKIP LOCKED)
        """,
        FORGET_HOURS,
        limit,
    )


def _refusal_of(error: HTTPException) -> Refusal:
    return {413: Refusal.SIZE, 415: Refusal.TYPE}.get(error.status_code, Refusal.MALFORMED)
