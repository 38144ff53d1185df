"""Reading what a batch may touch: lock the accounts in id order, then load what hangs on them.

Two batches never wait for each other in a circle: missing accounts are inserted in id order before
any lock is taken, locks are taken in id order, and nothing else is ever waited for. Statements after
the lock see what the last holder of it committed (READ COMMITTED). That is two statements, however
many operations there are, and a third where some may be the first of their account.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from octavia_common.events import GrantSource

from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState, Part, Snapshot
from octavia_billing.domain.operations import (
    AddGrant,
    Capture,
    Operation,
    Release,
    Reserve,
    ReserveAll,
    holds_of,
)
from octavia_billing.repositories import Connection

MOST_REMEMBERED = 200_000
"""Accounts that one process remembers as open, some 100 bytes each; with more it begins anew."""

_GRANT = "ROW(id, user_id, source, priority, amount, remaining, age, expires_at, reason)"

# The rows of each table come as one array, so that one statement reads all. None is a join: the plan of
# one is only good once the tables are analysed.
_LOAD = f"""
    WITH parts AS MATERIALIZED (
        SELECT hold_id, position, grant_id, amount FROM hold_parts WHERE hold_id = ANY($5)
    )
    SELECT clock_timestamp() AS now,
           ARRAY(SELECT {_GRANT} FROM grants WHERE user_id = ANY($1) AND live) AS spendable,
           ARRAY(SELECT {_GRANT} FROM grants
                 WHERE user_id = ANY($2) AND live AND expires_at <= clock_timestamp()) AS due,
           ARRAY(SELECT {_GRANT} FROM grants
                 WHERE id = ANY($3 || ARRAY(SELECT grant_id FROM parts))) AS named,
           ARRAY(SELECT ROW(id, user_id, job_id, amount, state, purpose, deadline_at, captured)
                 FROM holds WHERE id = ANY($4)) AS holds,
           ARRAY(SELECT ROW(hold_id, grant_id, amount) FROM parts ORDER BY hold_id, position) AS parts
"""  # noqa: S608 - made of constants


class SnapshotRepository:
    """Locks and loads accounts, their grants and the holds in hand."""

    def __init__(self) -> None:
        self._open: set[UUID] = set()

    async def load(
        self, connection: Connection, operations: Sequence[Operation]
    ) -> tuple[Snapshot, datetime]:
        """Everything that `operations` may touch, locked until the transaction ends, and the time now."""
        users = list({operation.user_id for operation in operations})
        opened = await self._open_missing(connection, users)
        accounts = await self._lock(connection, users)
        # An account opened here stands only if this transaction does; all others stand for ever.
        self._remember(account.user_id for account in accounts if account.user_id not in opened)
        return await self._load(connection, accounts, operations)

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
        return await self._load(connection, [Account(*row) for row in rows], ())

    async def _open_missing(self, connection: Connection, users: Sequence[UUID]) -> frozenset[UUID]:
        unknown = [user for user in users if user not in self._open]
        if not unknown:
            return frozenset()
        rows = await connection.fetch(
            """
            INSERT INTO accounts (user_id)
            SELECT id FROM unnest($1::uuid[]) AS id
            WHERE NOT EXISTS (SELECT FROM accounts WHERE user_id = id) ORDER BY id
            ON CONFLICT DO NOTHING RETURNING user_id
            """,
            unknown,
        )
        return frozenset(row["user_id"] for row in rows)

    def _remember(self, users: Iterable[UUID]) -> None:
        if len(self._open) > MOST_REMEMBERED:
            self._open.clear()
        self._open.update(users)

    async def _lock(self, connection: Connection, users: Sequence[UUID]) -> list[Account]:
        rows = await connection.fetch(
            """
            SELECT user_id, available, held, seq FROM accounts WHERE user_id = ANY($1)
            ORDER BY user_id FOR NO KEY UPDATE
            """,
            users,
        )
        return [Account(*row) for row in rows]

    async def _load(
        self, connection: Connection, accounts: Sequence[Account], operations: Sequence[Operation]
    ) -> tuple[Snapshot, datetime]:
        """What hangs on locked `accounts` and may matter: most captures need neither grants nor parts."""
        spenders = {op.user_id for op in operations if isinstance(op, Reserve | ReserveAll)}
        row = await connection.fetchrow(
            _LOAD,
            list(spenders),
            [account.user_id for account in accounts if account.user_id not in spenders],
            [op.grant_id for op in operations if isinstance(op, AddGrant)],
            [hold_id for op in operations for hold_id in holds_of(op)],
            [op.hold_id for op in operations if isinstance(op, Capture | Release) and _gives_back(op)],
        )
        assert row is not None
        holds = {
            hold_id: Hold(hold_id, user, job, amount, HoldState(state), *rest)
            for hold_id, user, job, amount, state, *rest in row["holds"]
        }
        for hold_id, grant_id, amount in row["parts"]:
            holds[hold_id].parts += (Part(grant_id, amount),)
        grants = [
            Grant(grant_id, user, GrantSource(source), *rest)
            for found in (row["spendable"], row["due"], row["named"])
            for grant_id, user, source, *rest in found
        ]
        return Snapshot(accounts, grants, holds.values()), row["now"]


def _gives_back(operation: Operation) -> bool:
    """Whether it may return credits to the grants that its hold has drawn on."""
    return isinstance(operation, Release) or (isinstance(operation, Capture) and operation.is_partial)
