"""The SQL of limits. Each use is one statement, which is a transaction by itself.

The database's clock alone counts, so replicas need not agree on the time.
"""

import hashlib
from dataclasses import dataclass

from octavia_gateway.database import Connection
from octavia_gateway.rate_limits.rates import Rate

_TAKE = """
WITH moment AS (SELECT extract(epoch FROM statement_timestamp())::float8 AS at)
INSERT INTO rate_limits AS held (bucket, full_at, granted)
SELECT $1, moment.at + $2::int * $3::float8, $2::int FROM moment
ON CONFLICT (bucket) DO UPDATE SET (full_at, granted) = (
    SELECT greatest(held.full_at, moment.at) + took.tokens * $3::float8, took.tokens
    FROM moment, LATERAL (
        -- A hundredth of a token is forgiven to floating point.
        SELECT greatest(0, least($2::int, floor(
            (moment.at + $4::float8 - greatest(held.full_at, moment.at)) / $3::float8 + 0.01)))::int AS tokens
    ) AS took
)
RETURNING granted, full_at - extract(epoch FROM statement_timestamp())::float8 AS full_in
"""

_TRY = """
WITH moment AS (SELECT extract(epoch FROM statement_timestamp())::float8 AS at)
INSERT INTO login_tries AS held (pair, tries, free_at, tried_at)
SELECT $1, 1, moment.at, moment.at FROM moment
ON CONFLICT (pair) DO UPDATE SET (tries, free_at, tried_at) = (
    SELECT now.tries,
           moment.at + CASE WHEN now.tries < $2::int THEN 0
                            ELSE least($3::float8, $5::float8 * 2.0 ^ least(now.tries - $2::int, 30)) END,
           moment.at
    FROM moment, LATERAL (
        SELECT CASE WHEN held.tried_at < moment.at - $4::float8 THEN 1 ELSE held.tries + 1 END AS tries
    ) AS now
)
WHERE held.free_at <= extract(epoch FROM statement_timestamp())::float8
RETURNING tries
"""


@dataclass(frozen=True)
class Taken:
    """Tokens got (0 to what was asked for), and in how many seconds the bucket is full again."""

    tokens: int
    full_in: float


class LimitsRepository:
    """Reads and writes `rate_limits` and `login_tries`."""

    async def take(self, connection: Connection, rate: Rate, who: str, tokens: int) -> Taken:
        """Take as many of `tokens` as the caller's bucket holds."""
        row = await connection.fetchrow(
            _TAKE, _digest(rate.name, who), min(tokens, rate.amount), rate.interval, float(rate.seconds)
        )
        assert row is not None
        return Taken(row["granted"], max(0.0, row["full_in"]))

    async def give_back(self, connection: Connection, rate: Rate, who: str, tokens: int) -> None:
        """Put tokens back that were taken and not used."""
        await connection.execute(
            "UPDATE rate_limits SET full_at = full_at - $2::float8 WHERE bucket = $1",
            _digest(rate.name, who),
            tokens * rate.interval,
        )

    async def count_try(
        self, connection: Connection, pair: str, *, free: int, first: float, longest: float, forget: float
    ) -> float:
        """Count a try before it is made; 0, or the seconds for which none is let through.

        From the `free`-th on each try closes the door for `first` seconds, twice that, and so on, at most
        `longest`; `forget` seconds after the last try all are forgotten.
        """
        key = _digest("login", pair)
        if await connection.fetchval(_TRY, key, free, longest, forget, first) is not None:
            return 0.0
        left = await connection.fetchval(
            "SELECT free_at - extract(epoch FROM statement_timestamp())::float8 FROM login_tries "
            "WHERE pair = $1",
            key,
        )
        return max(0.05, left or 0.0)  # at least a moment: the door was shut just now

    async def forget_tries(self, connection: Connection, pair: str) -> None:
        """The password was right."""
        await connection.execute("DELETE FROM login_tries WHERE pair = $1", _digest("login", pair))

    async def prune(self, connection: Connection, *, forget: float, limit: int = 10_000) -> None:
        """Forget at most `limit` buckets of each kind that say nothing any more."""
        await connection.execute(
            "DELETE FROM rate_limits WHERE bucket IN (SELECT bucket FROM rate_limits "
            "WHERE full_at < extract(epoch FROM statement_timestamp())::float8 "
            "LIMIT $1 FOR UPDATE SKIP LOCKED)",
            limit,
        )
        await connection.execute(
            "DELETE FROM login_tries WHERE pair IN (SELECT pair FROM login_tries "
            "WHERE tried_at < extract(epoch FROM statement_timestamp())::float8 - $2::float8 "
            "LIMIT $1 FOR UPDATE SKIP LOCKED)",
            limit,
            forget,
        )


def _digest(kind: str, who: str) -> bytes:
    return hashlib.blake2b(f"{kind}\0{who}".encode(errors="replace"), digest_size=16).digest()
