"""The SQL of balances, history and prices. Every function works on the caller's connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from octavia_common.events import LedgerPosted
from octavia_common.pricing import PriceList

from octavia_gateway.database import Connection


@dataclass(frozen=True)
class Balance:
    """Credits of one user; `seq` is the newest line of the history in it (0: none yet)."""

    available: int = 0
    held: int = 0
    seq: int = 0


class CreditsRepository:
    """Reads and writes what billing told."""

    async def balance(self, connection: Connection, user_id: UUID) -> Balance:
        """The user's balance as last told; nothing where nothing was told yet."""
        row = await connection.fetchrow(
            "SELECT available, held, seq FROM balances WHERE user_id = $1", user_id
        )
        return Balance(**dict(row)) if row else Balance()

    async def history(
        self,
        connection: Connection,
        user_id: UUID,
        *,
        kinds: Sequence[str] = (),
        before: int | None,
        limit: int,
    ) -> list[asyncpg.Record]:
        """Lines newest first, those with a number below `before`; no kinds are all kinds."""
        return await connection.fetch(
            """
            SELECT * FROM credit_history WHERE user_id = $1 AND ($2::bigint IS NULL OR seq < $2)
              AND (cardinality($4::text[]) = 0 OR kind = ANY($4))
            ORDER BY seq DESC LIMIT $3
            """,
            user_id,
            before,
            limit,
            list(kinds),
        )

    async def prices(self, connection: Connection) -> PriceList | None:
        """The price list in force, or None before billing has published one."""
        found = await connection.fetchval("SELECT prices FROM price_list")
        return PriceList.model_validate(found) if found is not None else None

    async def put_prices(self, connection: Connection, prices: PriceList, *, published_at: datetime) -> None:
        """Keep `prices`, unless a list published later is there."""
        await connection.execute(
            """
            INSERT INTO price_list (prices, published_at) VALUES ($1, $2)
            ON CONFLICT (only_row) DO UPDATE
            SET prices = excluded.prices, published_at = excluded.published_at
            WHERE price_list.published_at <= excluded.published_at
            """,
            prices.model_dump(mode="json"),
            published_at,
        )

    async def add_lines(self, connection: Connection, lines: Sequence[LedgerPosted]) -> None:
        """Add history lines and bring balances up to the newest; known lines change nothing."""
        newest: dict[UUID, LedgerPosted] = {}
        for line in lines:
            if line.user_id not in newest or line.seq > newest[line.user_id].seq:
                newest[line.user_id] = line
        await connection.execute(
            """
            INSERT INTO credit_history (user_id, seq, entry_id, kind, amount, credits, balance_after,
                                        held_after, reason, job_id, posted_at)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::int[], $6::int[],
                                 $7::int[], $8::int[], $9::text[], $10::uuid[], $11::timestamptz[])
                AS line (user_id, seq)
            WHERE NOT EXISTS (SELECT 1 FROM account_deletions gone WHERE gone.user_id = line.user_id)
            ORDER BY user_id, seq
            ON CONFLICT DO NOTHING
            """,
            [line.user_id for line in lines],
            [line.seq for line in lines],
            [line.entry_id for line in lines],
            [line.kind.value for line in lines],
            [line.amount for line in lines],
            [line.credits for line in lines],
            [line.balance_after for line in lines],
            [line.held_after for line in lines],
            [line.reason for line in lines],
            [line.job_id for line in lines],
            [line.posted_at for line in lines],
        )
        last = list(newest.values())
        await connection.execute(
            """
            INSERT INTO balances (user_id, seq, available, held)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[]) AS new (user_id)
            WHERE NOT EXISTS (SELECT 1 FROM account_deletions gone WHERE gone.user_id = new.user_id)
            ORDER BY user_id
            ON CONFLICT (user_id) DO UPDATE
            SET seq = excluded.seq, available = excluded.available, held = excluded.held
            WHERE balances.seq < excluded.seq
            """,
            [line.user_id for line in last],
            [line.seq for line in last],
            [line.balance_after for line in last],
            [line.held_after for line in last],
        )
