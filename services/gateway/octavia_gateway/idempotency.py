"""Idempotency-Key: a POST that was answered once is answered the same again, and done once.

A route that costs or creates uses `IdempotentRoute`. The first answer is kept, sealed (it may hold a
token), and replayed to the same request with the same key. An error frees the key: nothing was made,
so the caller may put things right and try again.
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from octavia_gateway.auth.user import UnauthenticatedError
from octavia_gateway.bodies import bounded, check_encoding
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.problems import ApiError

HEADER = "Idempotency-Key"
BUSY_SECONDS = 60
"""A first request that has not answered after this long is taken for dead, and its key is free again."""


class InvalidKeyError(ApiError):
    """The header is empty, too long, or not printable."""

    status = 422
    code = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key must have 1 to 255 printable ASCII characters, such as a UUID.")


class KeyReusedError(ApiError):
    """The key belongs to another request."""

    status = 422
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request. Use a new key.")


class InFlightError(ApiError):
    """The first request with this key has not been answered yet."""

    status = 409
    code = "idempotency_in_flight"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key is still at work. Try again shortly.",
            headers={"Retry-After": "1"},
        )


@dataclass(frozen=True)
class Stored:
    """An answer given before."""

    status: int
    body: bytes


class Idempotency:
    """Keeps answers by (scope, key); a scope is a user, or one anonymous request."""

    def __init__(self, database: GatewayDatabase, secret: str, *, lifetime: timedelta) -> None:
        self._database = database
        self._key = OctKey.import_key(hashlib.sha256(b"idempotency|" + secret.encode()).digest())
        self._lifetime = lifetime

    async def begin(self, scope: str, key: str, fingerprint: bytes) -> Stored | None:
        """Claim the key, or get the answer given before.

        Raises KeyReusedError (422), InFlightError (409).
        """
        async with self._database.service_transaction() as connection:
            claimed = await connection.fetchval(
                """
                INSERT INTO idempotency AS held (scope, key, fingerprint, busy_until)
                VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
                ON CONFLICT (scope, key) DO UPDATE
                SET fingerprint = excluded.fingerprint, busy_until = excluded.busy_until, status = NULL,
                    sealed = NULL, created_at = clock_timestamp()
                WHERE held.created_at < clock_timestamp() - make_interval(secs => $5)
                   OR (held.status IS NULL AND held.busy_until < clock_timestamp()
                       AND held.fingerprint = excluded.fingerprint)
                RETURNING true
                """,
                scope,
                key,
                fingerprint,
                float(BUSY_SECONDS),
                self._lifetime.total_seconds(),
            )
            if claimed:
                return None
            row = await connection.fetchrow(
                "SELECT fingerprint, status, sealed FROM idempotency WHERE scope = $1 AND key = $2",
                scope,
                key,
            )
        if row is None:  # freed by an error in this very moment
            raise InFlightError
        if row["fingerprint"] != fingerprint:
            raise KeyReusedError
        if row["status"] is None:
            raise InFlightError
        return Stored(row["status"], self._open(row["sealed"]))

    async def finish(self, scope: str, key: str, answer: Stored) -> None:
        """Keep the answer."""
        async with self._database.service_transaction() as connection:
            await connection.execute(
                "UPDATE idempotency SET status = $3, sealed = $4 WHERE scope = $1 AND key = $2",
                scope,
                key,
                answer.status,
                self._seal(answer.body),
            )

    async def free(self, scope: str, key: str) -> None:
        """Give the key back: the request made nothing."""
        async with self._database.service_transaction() as connection:
            await connection.execute(
                "DELETE FROM idempotency WHERE scope = $1 AND key = $2 AND status IS NULL", scope, key
            )

    async def prune(self, connection: Connection) -> None:
        """Forget answers past their time."""
        await connection.execute(
            "DELETE FROM idempotency WHERE created_at < clock_timestamp() - make_interval(secs => $1)",
            self._lifetime.total_seconds(),
        )

    def _seal(self, body: bytes) -> str:
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, body, self._key)

    def _open(self, sealed: str) -> bytes:
        try:
            return jwe.decrypt_compact(sealed, self._key).plaintext or b""
        except JoseError:  # the secret was changed since: the answer cannot be read any more
            raise KeyReusedError from None


class IdempotentRoute(APIRoute):
    """A route of the JSON API: its body is bounded, and its POSTs honour Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the key looked at first."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            check_encoding(request)
            request = self.prepared(request)
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
                raise InvalidKeyError
            return await _once(request, key, hashlib.sha256(await self.identity(request)).digest(), handle)

        return handle_once

    def prepared(self, request: Request) -> Request:
        """The request as the handler gets it."""
        return bounded(request)

    async def identity(self, request: Request) -> bytes:
        """What makes two requests the same one."""
        return b"\0".join((request.method.encode(), request.url.path.encode(), await request.body()))


async def _once(
    request: Request,
    key: str,
    fingerprint: bytes,
    handle: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Response:
    idempotency: Idempotency = request.app.state.resources.idempotency
    scope = await _scope(request, fingerprint)
    stored = await idempotency.begin(scope, key, fingerprint)
    if stored is not None:
        headers = {"Idempotent-Replayed": "true"}
        return Response(stored.body, stored.status, headers=headers, media_type="application/json")
    try:
        response = await handle(request)
    except BaseException:
        await idempotency.free(scope, key)
        raise
    if response.status_code < 300:
        await idempotency.finish(scope, key, Stored(response.status_code, bytes(response.body)))
    else:
        await idempotency.free(scope, key)
    return response


async def _scope(request: Request, fingerprint: bytes) -> str:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        try:
            user = await request.app.state.resources.authenticator.authenticate(credential.strip())
        except UnauthenticatedError:
            pass  # the endpoint refuses it in its own words; nobody else's answer is shown
        else:
            return f"user:{user.user_id}"
    # Without an account only the very same request, its password included, gets the answer again.
    return f"anonymous:{fingerprint.hex()}"
