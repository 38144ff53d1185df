"""Reading what a batch may touch: lock the accounts in id order, then load what hangs on them.

Two batches never wait for each other in a circle: missing accounts are inserted in id order before
any lock is taken, locks are taken in id order, and nothing else is ever waited for. Statements after
the lock see what the last holder of it committed (READ COMMITTED).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from octavia_common.events import GrantSource

from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState, Part, Snapshot
from octavia_billing.domain.operations import AddGrant, ExpireDue, Operation
from octavia_billing.repositories import Connection


class SnapshotRepository:
    """Locks and loads accounts, their grants and the holds in hand."""

    async def load(
        self, connection: Connection, operations: Sequence[Operation]
    ) -> tuple[Snapshot, datetime]:
        """Everything that `operations` may touch, locked until the transaction ends, and the time now."""
        users = list({operation.user_id for operation in operations})
        await self._open_missing(connection, users)
        accounts = await self._lock(connection, users)
        holds = await self._holds(connection, operations)
        grants = await self._grants(connection, users, operations, holds)
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return Snapshot(accounts, grants, holds), now

    async def load_due(self, connection: Connection, limit: int) -> tuple[Snapshot, datetime]:
        """At most `limit` accounts with a grant whose time is over, but none that another is busy with."""
        users = await connection.fetch(
            """
            SELECT user_id FROM grants WHERE live AND expires_at <= clock_timestamp()
            ORDER BY expires_at LIMIT $1
            """,
            limit,
        )
        rows = await connection.fetch(
            """
            SELECT user_id, available, held, seq FROM accounts WHERE user_id = ANY($1)
            ORDER BY user_id FOR NO KEY UPDATE SKIP LOCKED
            """,
            list({row["user_id"] for row in users}),
        )
        accounts = [Account(**row) for row in rows]
        grants = await self._grants(connection, [account.user_id for account in accounts], (), ())
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return Snapshot(accounts, grants), now

    async def _open_missing(self, connection: Connection, users: list[UUID]) -> None:
        await connection.execute(
            """
            INSERT INTO accounts (user_id)
            SELECT id FROM unnest($1::uuid[]) AS id
            WHERE NOT EXISTS (SELECT FROM accounts WHERE user_id = id) ORDER BY id
            ON CONFLICT DO NOTHING
            """,
            users,
        )

    async def _lock(self, connection: Connection, users: list[UUID]) -> list[Account]:
        rows = await connection.fetch(
            """
            SELECT user_id, available, held, seq FROM accounts WHERE user_id = ANY($1)
            ORDER BY user_id FOR NO KEY UPDATE
            """,
            users,
        )
        return [Account(**row) for row in rows]

    async def _holds(self, connection: Connection, operations: Sequence[Operation]) -> list[Hold]:
        ids = [op.hold_id for op in operations if not isinstance(op, AddGrant | ExpireDue)]
        if not ids:
            return []
        rows = await connection.fetch(
            """
            SELECT id, user_id, job_id, amount, captured, state, purpose, deadline_at
            FROM holds WHERE id = ANY($1)
            """,
            ids,
        )
        holds = {row["id"]: Hold(**{**row, "state": HoldState(row["state"])}) for row in rows}
        still_held = [hold.id for hold in holds.values() if hold.state is HoldState.HELD]
        if still_held:
            # Not a join: the plan of one is only good once the tables are analysed.
            parts = await connection.fetch(
                "SELECT hold_id, grant_id, amount FROM hold_parts WHERE hold_id = ANY($1)"
                " ORDER BY hold_id, position",
                still_held,
            )
            for hold_id, several in groupby(parts, key=lambda row: row["hold_id"]):
                holds[hold_id].parts = tuple(Part(row["grant_id"], row["amount"]) for row in several)
        return list(holds.values())

    async def _grants(
        self,
        connection: Connection,
        users: list[UUID],
        operations: Sequence[Operation],
        holds: Sequence[Hold],
    ) -> list[Grant]:
        named = {op.grant_id for op in operations if isinstance(op, AddGrant)}
        named.update(part.grant_id for hold in holds if hold.state is HoldState.HELD for part in hold.parts)
        rows = await connection.fetch(
            """
            SELECT id, user_id, source, priority, amount, remaining, age, expires_at, reason
            FROM grants WHERE user_id = ANY($1) AND live
            UNION
            SELECT id, user_id, source, priority, amount, remaining, age, expires_at, reason
            FROM grants WHERE id = ANY($2)
            """,
            users,
            list(named),
        )
        return [Grant(**{**row, "source": GrantSource(row["source"])}) for row in rows]
