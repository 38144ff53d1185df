"""Writing a plan: one statement, whatever the size of the batch and however many tables it changes."""

from datetime import datetime

from octavia_billing.domain.accounts import HoldState
from octavia_billing.domain.lines import MOVES
from octavia_billing.domain.planner import Plan
from octavia_billing.repositories import Connection
from octavia_billing.repositories.arrays import numbers, texts, uuids

# The guards of the tables look when the statement ends, so the order within it does not matter. A table that
# the plan leaves alone is given empty columns, which cost next to nothing.
_SAVE = """
    WITH posted AS (
        SELECT * FROM unnest(
            $2::text::uuid[], $3::text::bigint[], $4::text::text[], $5::text::bigint[], $6::text::text[],
            $7::text::uuid[], $8::text::uuid[], $9::text::uuid[], $10::text::bigint[], $11::text::bigint[],
            $12::text::text[], $13::text::text[]
        ) AS n (user_id, seq, kind, credits, reason, job_id, hold_id, grant_id, balance_after, held_after,
                source, destination)
    ), lines AS (
        INSERT INTO transactions (user_id, seq, kind, credits, reason, job_id, hold_id, grant_id,
                                  balance_after, held_after, posted_at)
        SELECT user_id, seq, kind, credits, reason, job_id, hold_id, grant_id, balance_after, held_after, $1
        FROM posted
    ), sides AS (
        INSERT INTO entries (user_id, seq, book, amount)
        SELECT user_id, seq, book, amount
        FROM posted, LATERAL (VALUES (source, -credits), (destination, credits)) AS side (book, amount)
    ), balances AS (
        UPDATE accounts a SET available = n.available, held = n.held, seq = n.seq
        FROM unnest(
            $14::text::uuid[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[]
        ) AS n (id, available, held, seq)
        WHERE a.user_id = n.id
    ), opened AS (
        INSERT INTO holds (id, user_id, job_id, amount, captured, state, purpose, deadline_at, created_at,
                           resolved_at)
        SELECT n.*, $1, CASE WHEN n.state <> 'held' THEN $1 END
        FROM unnest(
            $18::text::uuid[], $19::text::uuid[], $20::text::uuid[], $21::text::bigint[],
            $22::text::bigint[], $23::text::text[], $24::text::text[], $25::timestamptz[]
        ) AS n (id, user_id, job_id, amount, captured, state, purpose, deadline_at)
    ), resolved AS (
        UPDATE holds h SET state = n.state, captured = n.captured, resolved_at = $1
        FROM unnest($26::text::uuid[], $27::text::text[], $28::text::bigint[]) AS n (id, state, captured)
        WHERE h.id = n.id
    ), drawn AS (
        INSERT INTO hold_parts (hold_id, position, grant_id, amount)
        SELECT * FROM unnest(
            $29::text::uuid[], $30::text::integer[], $31::text::uuid[], $32::text::bigint[]
        )
    )
    UPDATE grants g SET remaining = n.remaining
    FROM unnest($33::text::uuid[], $34::text::bigint[]) AS n (id, remaining) WHERE g.id = n.id
"""


class LedgerRepository:
    """Writes plans into the caller's transaction, which holds the locks of their accounts."""

    async def save(self, connection: Connection, plan: Plan, now: datetime) -> None:
        """Write all that `plan` changes."""
        if plan.new_grants:
            await self._insert_grants(connection, plan, now)
        if plan.shrunk_holds:
            # By a statement of its own: what it removes is written anew in the same places.
            await connection.execute(
                "DELETE FROM hold_parts WHERE hold_id = ANY($1)", list(plan.shrunk_holds)
            )
        if plan.lines or plan.new_holds or plan.resolved_holds:
            await self._save(connection, plan, now)

    async def _save(self, connection: Connection, plan: Plan, now: datetime) -> None:
        lines, accounts, grants = plan.lines, plan.accounts.values(), plan.changed_grants.values()
        opened, resolved = plan.new_holds.values(), plan.resolved_holds.values()
        parts = [
            (hold.id, position, part)
            for hold in (*opened, *plan.shrunk_holds.values())
            for position, part in enumerate(hold.parts)
        ]
        await connection.execute(
            _SAVE,
            now,
            uuids(line.user_id for line in lines),
            numbers(line.seq for line in lines),
            texts(line.kind for line in lines),
            numbers(line.credits for line in lines),
            texts(line.reason for line in lines),
            uuids(line.job_id for line in lines),
            uuids(line.hold_id for line in lines),
            uuids(line.grant_id for line in lines),
            numbers(line.balance_after for line in lines),
            numbers(line.held_after for line in lines),
            texts(MOVES[line.kind][0] for line in lines),
            texts(MOVES[line.kind][1] for line in lines),
            uuids(account.user_id for account in accounts),
            numbers(account.available for account in accounts),
            numbers(account.held for account in accounts),
            numbers(account.seq for account in accounts),
            uuids(hold.id for hold in opened),
            uuids(hold.user_id for hold in opened),
            uuids(hold.job_id for hold in opened),
            numbers(hold.amount for hold in opened),
            numbers(hold.captured for hold in opened),
            texts(hold.state for hold in opened),
            texts(hold.purpose for hold in opened),
            [hold.deadline_at for hold in opened],
            uuids(hold.id for hold in resolved),
            texts(hold.state for hold in resolved),
            numbers(hold.captured for hold in resolved),
            uuids(hold_id for hold_id, _, _ in parts),
            numbers(position for _, position, _ in parts),
            uuids(part.grant_id for _, _, part in parts),
            numbers(part.amount for _, _, part in parts),
            uuids(grant.id for grant in grants),
            numbers(grant.remaining for grant in grants),
        )

    async def _insert_grants(self, connection: Connection, plan: Plan, now: datetime) -> None:
        grants = plan.new_grants.values()
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

    async def count_overdue(self, connection: Connection) -> int:
        """How many open holds are past their job's deadline: the gateway should have ended those jobs."""
        count: int = await connection.fetchval(
            "SELECT count(*) FROM holds WHERE state = $1 AND deadline_at < clock_timestamp()", HoldState.HELD
        )
        return count
