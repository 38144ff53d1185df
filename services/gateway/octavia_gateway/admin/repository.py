"""The SQL of administration."""

from uuid import UUID

from octavia_common.events import GrantRequested

from octavia_gateway.database import Connection


class AdminRepository:
    """Writes the audit of what administrators do."""

    async def record_grant(self, connection: Connection, grant: GrantRequested) -> None:
        """Note a grant for auditors."""
        await connection.execute(
            """
            INSERT INTO admin_grants (grant_id, user_id, amount, source, reason, expires_at, requested_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            grant.grant_id,
            grant.user_id,
            grant.amount,
            grant.source.value,
            grant.reason,
            grant.expires_at,
            grant.requested_by,
        )

    async def user_exists(self, connection: Connection, user_id: UUID) -> bool:
        """Whether there is such an account."""
        return bool(
            await connection.fetchval("SELECT EXISTS (SELECT 1 FROM users WHERE user_id = $1)", user_id)
        )
