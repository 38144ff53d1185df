"""The table of previews. Rows are locked before accounts are, in the order of their keys."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from octavia_billing.domain.previews import Key, Preview
from octavia_billing.repositories import Connection


class PreviewsRepository:
    """Reads and writes previews in the caller's transaction."""

    async def lock(self, connection: Connection, keys: Collection[Key]) -> dict[Key, Preview]:
        """Those of these previews that are known; nobody else counts them before the transaction ends."""
        if not keys:
            return {}
        rows = await connection.fetch(
            """
            SELECT previews.* FROM previews
            JOIN unnest($1::uuid[], $2::text[]) AS wanted (hold_id, language) USING (hold_id, language)
            ORDER BY previews.hold_id, previews.language FOR UPDATE OF previews
            """,
            [hold_id for hold_id, _ in keys],
            [language for _, language in keys],
        )
        return {(row["hold_id"], row["language"]): _preview(row) for row in rows}

    async def lock_counted(self, connection: Connection, holds: Collection[UUID]) -> list[Preview]:
        """The previews that these holds count."""
        rows = await connection.fetch(
            "SELECT * FROM previews WHERE counted_by = ANY($1::uuid[]) ORDER BY hold_id, language FOR UPDATE",
            list(holds),
        )
        return [_preview(row) for row in rows]

    async def add(self, connection: Connection, previews: Sequence[Preview]) -> None:
        """Note previews whose credits are held; known ones stay as they are."""
        if previews:
            await connection.executemany(
                "INSERT INTO previews (hold_id, language, user_id, kind, source, credits) "
                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                [
                    (each.hold_id, each.language, each.user_id, each.kind, each.source, each.credits)
                    for each in previews
                ],
            )

    async def mark_paid(self, connection: Connection, delivered: Iterable[Key]) -> None:
        """These languages were delivered and paid for; those that are of no preview are passed by."""
        keys = sorted(set(delivered))
        if keys:
            await connection.execute(
                "UPDATE previews SET paid = true "
                "FROM unnest($1::uuid[], $2::text[]) AS d (hold_id, language) "
                "WHERE previews.hold_id = d.hold_id AND previews.language = d.language",
                [hold_id for hold_id, _ in keys],
                [language for _, language in keys],
            )

    async def count(self, connection: Connection, counted: Mapping[Key, UUID | None]) -> None:
        """These previews are counted by these holds, or by none any more; they must be locked."""
        if counted:
            await connection.executemany(
                "UPDATE previews SET counted_by = $3 WHERE hold_id = $1 AND language = $2",
                [(hold_id, language, counted[hold_id, language]) for hold_id, language in sorted(counted)],
            )

    async def amounts_held(self, connection: Connection, holds: Collection[UUID]) -> dict[UUID, int]:
        """What these holds bound."""
        if not holds:
            return {}
        rows = await connection.fetch("SELECT id, amount FROM holds WHERE id = ANY($1::uuid[])", list(holds))
        return {row["id"]: int(row["amount"]) for row in rows}


def _preview(row: Any) -> Preview:
    return Preview(
        hold_id=row["hold_id"],
        language=row["language"],
        user_id=row["user_id"],
        kind=row["kind"],
        source=row["source"],
        credits=row["credits"],
        paid=row["paid"],
        counted_by=row["counted_by"],
    )
