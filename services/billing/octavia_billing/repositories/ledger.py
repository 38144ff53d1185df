"""Writing a plan: one statement a table, whatever the size of the batch."""

from collections.abc import Collection
from datetime import datetime

from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState
from octavia_billing.domain.lines import Line
from octavia_billing.domain.planner import Plan
from octavia_billing.repositories import Connection


class LedgerRepository:
    """Writes plans into the caller's transaction, which holds the locks of their accounts."""

    async def save(self, connection: Connection, plan: Plan, now: datetime) -> None:
        """Write all that `plan` changes; tables it leaves alone cost nothing."""
        if plan.lines:
            await self._insert_lines(connection, plan.lines)
            await self._update_accounts(connection, plan.accounts.values())
        if plan.new_grants:
            await self._insert_grants(connection, plan.new_grants.values(), now)
        if plan.changed_grants:
            await self._update_grants(connection, plan.changed_grants.values())
        if plan.new_holds:
            await self._insert_holds(connection, plan.new_holds.values(), now)
            await self._insert_parts(connection, plan.new_holds.values())
        if plan.resolved_holds:
            await self._resolve_holds(connection, plan.resolved_holds.values(), now)
        if plan.shrunk_holds:
            await connection.execute(
                "DELETE FROM hold_parts WHERE hold_id = ANY($1)", list(plan.shrunk_holds)
            )
            await self._insert_parts(connection, plan.shrunk_holds.values())

    async def _insert_lines(self, connection: Connection, lines: Collection[Line]) -> None:
        await connection.execute(
            """
            INSERT INTO transactions (user_id, seq, kind, credits, reason, job_id, hold_id, grant_id,
                                      balance_after, held_after, posted_at)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::uuid[],
                                 $7::uuid[], $8::uuid[], $9::bigint[], $10::bigint[], $11::timestamptz[])
            """,
            [line.user_id for line in lines],
            [line.seq for line in lines],
            [line.kind for line in lines],
            [line.credits for line in lines],
            [line.reason for line in lines],
            [line.job_id for line in lines],
            [line.hold_id for line in lines],
            [line.grant_id for line in lines],
            [line.balance_after for line in lines],
            [line.held_after for line in lines],
            [line.posted_at for line in lines],
        )
        entries = [(line, entry) for line in lines for entry in line.entries]
        await connection.execute(
            """
            INSERT INTO entries (user_id, seq, book, amount)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
            """,
            [line.user_id for line, _ in entries],
            [line.seq for line, _ in entries],
            [entry.book for _, entry in entries],
            [entry.amount for _, entry in entries],
        )

    async def _update_accounts(self, connection: Connection, accounts: Collection[Account]) -> None:
        await connection.execute(
            """
            UPDATE accounts a SET available = n.available, held = n.held, seq = n.seq
            FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (id, available, held, seq)
            WHERE a.user_id = n.id
            """,
            [account.user_id for account in accounts],
            [account.available for account in accounts],
            [account.held for account in accounts],
            [account.seq for account in accounts],
        )

    async def _insert_grants(self, connection: Connection, grants: Collection[Grant], now: datetime) -> None:
        await connection.execute(
            """
            INSERT INTO grants (id, user_id, source, priority, amount, remaining, age, expires_at, reason,
                                granted_at)
            SELECT n.*, $10::timestamptz
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::bigint[], $6::bigint[],
                        $7::bigint[], $8::timestamptz[], $9::text[]) AS n
            """,
            [grant.id for grant in grants],
            [grant.user_id for grant in grants],
            [grant.source for grant in grants],
            [grant.priority for grant in grants],
            [grant.amount for grant in grants],
            [grant.remaining for grant in grants],
            [grant.age for grant in grants],
            [grant.expires_at for grant in grants],
            [grant.reason for grant in grants],
            now,
        )

    async def _update_grants(self, connection: Connection, grants: Collection[Grant]) -> None:
        await connection.execute(
            """
            UPDATE grants g SET remaining = n.remaining
            FROM unnest($1::uuid[], $2::bigint[]) AS n (id, remaining) WHERE g.id = n.id
            """,
            [grant.id for grant in grants],
            [grant.remaining for grant in grants],
        )

    async def _insert_holds(self, connection: Connection, holds: Collection[Hold], now: datetime) -> None:
        await connection.execute(
            """
            INSERT INTO holds (id, user_id, job_id, amount, captured, state, purpose, deadline_at,
                               created_at, resolved_at)
            SELECT n.*, $9::timestamptz, CASE WHEN n.state <> 'held' THEN $9::timestamptz END
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[],
                        $7::text[], $8::timestamptz[])
                AS n (id, user_id, job_id, amount, captured, state, purpose, deadline_at)
            """,
            [hold.id for hold in holds],
            [hold.user_id for hold in holds],
            [hold.job_id for hold in holds],
            [hold.amount for hold in holds],
            [hold.captured for hold in holds],
            [hold.state for hold in holds],
            [hold.purpose for hold in holds],
            [hold.deadline_at for hold in holds],
            now,
        )

    async def _insert_parts(self, connection: Connection, holds: Collection[Hold]) -> None:
        parts = [(hold, position, part) for hold in holds for position, part in enumerate(hold.parts)]
        if not parts:
            return
        await connection.execute(
            """
            INSERT INTO hold_parts (hold_id, position, grant_id, amount)
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::bigint[])
            """,
            [hold.id for hold, _, _ in parts],
            [position for _, position, _ in parts],
            [part.grant_id for _, _, part in parts],
            [part.amount for _, _, part in parts],
        )

    async def _resolve_holds(self, connection: Connection, holds: Collection[Hold], now: datetime) -> None:
        await connection.execute(
            """
            UPDATE holds h SET state = n.state, captured = n.captured, resolved_at = $4::timestamptz
            FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS n (id, state, captured) WHERE h.id = n.id
            """,
            [hold.id for hold in holds],
            [hold.state for hold in holds],
            [hold.captured for hold in holds],
            now,
        )

    async def count_overdue(self, connection: Connection) -> int:
        """How many open holds are past their job's deadline: the gateway should have ended those jobs."""
        count: int = await connection.fetchval(
            "SELECT count(*) FROM holds WHERE state = $1 AND deadline_at < clock_timestamp()", HoldState.HELD
        )
        return count
