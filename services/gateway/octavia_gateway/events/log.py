"""The log behind the streams: what a user was told, in an order without gaps.

A number is drawn from the user's locked counter in the transaction that writes the event. So numbers
become visible in order, and a reader that has seen n has seen everything below it: that is what lets
a stream resume on any replica from nothing but a Last-Event-ID.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.events.wire import CHANNEL, MAX_NOTICE_BYTES, StreamEvent, credits_notice
from octavia_gateway.webhooks.queue import enqueue

_APPEND = """
WITH drafts AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
        WITH ORDINALITY AS draft (user_id, job_id, kind, body, place)
), streams AS (
    INSERT INTO user_streams AS streams (user_id, last_seq)
    SELECT user_id, count(*) FROM drafts GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET last_seq = streams.last_seq + excluded.last_seq
    RETURNING user_id, last_seq
), events AS (
    SELECT user_id, job_id, kind, body,
           last_seq - count(*) OVER (PARTITION BY user_id)
               + row_number() OVER (PARTITION BY user_id ORDER BY place) AS seq
    FROM drafts JOIN streams USING (user_id)
), kept AS (
    INSERT INTO job_events (user_id, seq, job_id, kind, body)
    SELECT user_id, seq, job_id, kind, body FROM events
)
SELECT pg_notify($5, CASE WHEN octet_length(whole) <= $6 THEN whole ELSE user_id || '|' || seq END)
FROM (
    SELECT user_id, seq, concat_ws('|', user_id, seq, job_id, kind, body) AS whole
    FROM events ORDER BY user_id, seq
) AS notices
"""
"""One statement, for each is a way to the server and back while the counters are locked. Its notices are
those of `wire.event_notice`, in the order of their numbers: a stream takes a lower one for seen."""


@dataclass(frozen=True)
class Draft:
    """An event that has no number yet; `body` is JSON."""

    user_id: UUID
    job_id: UUID
    kind: str
    body: str


@dataclass(frozen=True)
class Backlog:
    """What a reader has missed. `last_seq` is the user's newest number at that moment, `first_kept` the
    oldest that is still in the log (the next to come, where none is)."""

    events: Sequence[StreamEvent]
    last_seq: int
    first_kept: int


class EventLog:
    """Appends to the log and reads it back."""

    async def append(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        """Number and store `drafts`, tell every replica and queue them for web hooks, in the caller's
        transaction.

        Locks the users' counters in id order; callers lock jobs before, never after.
        """
        if drafts:
            await connection.execute(
                _APPEND,
                [draft.user_id for draft in drafts],
                [draft.job_id for draft in drafts],
                [draft.kind for draft in drafts],
                [draft.body for draft in drafts],
                CHANNEL,
                MAX_NOTICE_BYTES,
            )
            await enqueue(connection, drafts)

    async def announce_credits(self, connection: Connection, user_ids: Sequence[UUID]) -> None:
        """Wake whoever waits for a change of these users' balances."""
        await connection.execute(
            "SELECT pg_notify($1, notice) FROM unnest($2::text[]) AS notice",
            CHANNEL,
            [credits_notice(user_id) for user_id in user_ids],
        )

    async def last_seq(self, connection: Connection, user_id: UUID) -> int:
        """The number of the user's newest event; 0 where there was none."""
        found = await connection.fetchval("SELECT last_seq FROM user_streams WHERE user_id = $1", user_id)
        return int(found or 0)

    async def since_each(
        self, connection: Connection, places: Sequence[tuple[UUID, int]]
    ) -> list[StreamEvent]:
        """Everything after a number for several users, in order for each."""
        rows = await connection.fetch(
            """
            SELECT e.* FROM unnest($1::uuid[], $2::bigint[]) AS place (user_id, seq)
            JOIN job_events e ON e.user_id = place.user_id AND e.seq > place.seq
            ORDER BY e.user_id, e.seq
            """,
            [user_id for user_id, _ in places],
            [seq for _, seq in places],
        )
        return [StreamEvent(r["user_id"], r["seq"], r["job_id"], r["kind"], r["body"]) for r in rows]

    async def since(
        self, connection: Connection, user_id: UUID, seq: int, *, job_id: UUID | None, limit: int
    ) -> Backlog:
        """At most `limit` events after `seq`, and where the user's numbers stand, in one snapshot."""
        rows = await connection.fetch(
            """
            WITH newest AS (SELECT coalesce(max(last_seq), 0) AS n FROM user_streams WHERE user_id = $1),
                 oldest AS (
                     SELECT coalesce((SELECT min(seq) FROM job_events WHERE user_id = $1), newest.n + 1) AS n
                     FROM newest
                 )
            SELECT newest.n AS last_seq, oldest.n AS first_kept, e.seq, e.job_id, e.kind, e.body
            FROM newest CROSS JOIN oldest LEFT JOIN LATERAL (
                SELECT * FROM job_events
                WHERE user_id = $1 AND seq > $2 AND ($3::uuid IS NULL OR job_id = $3)
                ORDER BY seq LIMIT $4
            ) e ON true
            ORDER BY e.seq
            """,
            user_id,
            seq,
            job_id,
            limit,
        )
        events = [
            StreamEvent(user_id, row["seq"], row["job_id"], row["kind"], row["body"])
            for row in rows
            if row["seq"] is not None
        ]
        return Backlog(events, rows[0]["last_seq"], rows[0]["first_kept"])

    async def prune(self, connection: Connection, *, days: int, limit: int = 5000) -> int:
        """Forget at most `limit` events older than `days`."""
        rows = await connection.fetch(
            """
            DELETE FROM job_events WHERE ctid IN (
                SELECT ctid FROM job_events
                WHERE created_at < clock_timestamp() - make_interval(days => $1)
                LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING 1
            """,
            days,
            limit,
        )
        return len(rows)
