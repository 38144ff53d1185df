"""The SQL of accounts and sessions. Every function works on the caller's connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from octavia_gateway.database import Connection


@dataclass(frozen=True)
class Account:
    """One row of users."""

    user_id: UUID
    email: str
    password_hash: str
    is_admin: bool
    created_at: datetime


@dataclass(frozen=True)
class RefreshToken:
    """A refresh token and the state of its session."""

    session_id: UUID
    user_id: UUID
    used: bool
    revoked: bool
    expired: bool


_ACCOUNT = "user_id, email, password_hash, is_admin, created_at"


class AuthRepository:
    """Reads and writes accounts, sessions and refresh tokens."""

    async def add_account(
        self, connection: Connection, *, user_id: UUID, email: str, password_hash: str
    ) -> Account | None:
        """A new account, or None where the address has one."""
        row = await connection.fetchrow(
            """
            INSERT INTO users (user_id, email, email_key, password_hash) VALUES ($1, $2, $3, $4)
            ON CONFLICT (email_key) DO NOTHING RETURNING user_id, email, password_hash, is_admin, created_at
            """,
            user_id,
            email,
            email.casefold(),
            password_hash,
        )
        return Account(**dict(row)) if row else None

    async def account_of(self, connection: Connection, email: str) -> Account | None:
        """The account of an address."""
        row = await connection.fetchrow(
            f"SELECT {_ACCOUNT} FROM users WHERE email_key = $1",  # noqa: S608 - a constant
            email.casefold(),
        )
        return Account(**dict(row)) if row else None

    async def account(self, connection: Connection, user_id: UUID) -> Account | None:
        """The account with this id."""
        row = await connection.fetchrow(
            f"SELECT {_ACCOUNT} FROM users WHERE user_id = $1",  # noqa: S608 - a constant
            user_id,
        )
        return Account(**dict(row)) if row else None

    async def replace_hash(self, connection: Connection, user_id: UUID, password_hash: str) -> None:
        """Keep a hash of the same password with today's parameters."""
        await connection.execute(
            "UPDATE users SET password_hash = $2 WHERE user_id = $1", user_id, password_hash
        )

    async def add_session(
        self,
        connection: Connection,
        *,
        session_id: UUID,
        user_id: UUID,
        days: int,
        token_hash: bytes,
        user_agent: str = "",
    ) -> None:
        """A new session and its first refresh token."""
        await connection.execute(
            """
            WITH session AS (
                INSERT INTO sessions (session_id, user_id, expires_at, user_agent)
                VALUES ($1, $2, clock_timestamp() + make_interval(days => $3), $5)
                RETURNING session_id, user_id
            )
            INSERT INTO refresh_tokens (token_hash, session_id, user_id)
            SELECT $4, session_id, user_id FROM session
            """,
            session_id,
            user_id,
            days,
            token_hash,
            user_agent,
        )

    async def lock_refresh_token(self, connection: Connection, token_hash: bytes) -> RefreshToken | None:
        """A refresh token, its session locked: two uses of one token wait for each other."""
        row = await connection.fetchrow(
            """
            SELECT s.session_id, s.user_id, t.used_at IS NOT NULL AS used,
                   s.revoked_at IS NOT NULL AS revoked,
                   s.expires_at <= clock_timestamp() AS expired
            FROM refresh_tokens t JOIN sessions s USING (session_id)
            WHERE t.token_hash = $1 FOR UPDATE
            """,
            token_hash,
        )
        return RefreshToken(**dict(row)) if row else None

    async def rotate(
        self, connection: Connection, token: RefreshToken, *, old: bytes, new: bytes, days: int
    ) -> None:
        """Spend one refresh token for the next; the session lives on."""
        await connection.execute(
            "UPDATE refresh_tokens SET used_at = clock_timestamp() WHERE token_hash = $1", old
        )
        await connection.execute(
            "INSERT INTO refresh_tokens (token_hash, session_id, user_id) VALUES ($1, $2, $3)",
            new,
            token.session_id,
            token.user_id,
        )
        await connection.execute(
            "UPDATE sessions SET expires_at = clock_timestamp() + make_interval(days => $2) "
            "WHERE session_id = $1",
            token.session_id,
            days,
        )

    async def revoke(self, connection: Connection, session_id: UUID, reason: str) -> None:
        """End a session: its access and refresh tokens are worth nothing from now on."""
        await connection.execute(
            "UPDATE sessions SET revoked_at = clock_timestamp(), reason = $2 "
            "WHERE session_id = $1 AND revoked_at IS NULL",
            session_id,
            reason,
        )

    async def sessions(self, connection: Connection, user_id: UUID, *, days: int) -> "list[asyncpg.Record]":
        """Open sessions, last used first. Each use makes one end `days` later, which tells when that was."""
        return await connection.fetch(
            """
            SELECT session_id, user_agent, created_at, expires_at,
                   greatest(created_at, expires_at - make_interval(days => $2)) AS last_used_at
            FROM sessions
            WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
            ORDER BY expires_at DESC LIMIT 200
            """,
            user_id,
            days,
        )

    async def end_own(self, connection: Connection, user_id: UUID, session_id: UUID) -> bool:
        """End an open session of the user; whether there was one."""
        return bool(
            await connection.fetchval(
                """
                UPDATE sessions SET revoked_at = clock_timestamp(), reason = 'ended by its user'
                WHERE session_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING true
                """,
                session_id,
                user_id,
            )
        )

    async def account_in_session(
        self, connection: Connection, user_id: UUID, session_id: UUID
    ) -> Account | None:
        """The account, if the session is its own and alive."""
        row = await connection.fetchrow(
            """
            SELECT u.user_id, u.email, u.password_hash, u.is_admin, u.created_at
            FROM sessions s JOIN users u USING (user_id)
            WHERE s.session_id = $1 AND u.user_id = $2
              AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
            """,
            session_id,
            user_id,
        )
        return Account(**dict(row)) if row else None

    async def over(self, connection: Connection, credential_ids: Sequence[UUID]) -> list[UUID]:
        """Those that are neither a session that is alive nor an API key that exists."""
        rows = await connection.fetch(
            """
            SELECT id FROM unnest($1::uuid[]) AS id
            WHERE NOT EXISTS (
                    SELECT 1 FROM sessions s
                    WHERE s.session_id = id AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
                )
              AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.key_id = id)
            """,
            list(credential_ids),
        )
        return [row["id"] for row in rows]

    async def prune(self, connection: Connection, *, limit: int = 1000) -> None:
        """Forget at most `limit` sessions that were over a week ago, with their tokens."""
        await connection.execute(
            """
            DELETE FROM sessions WHERE session_id IN (
                SELECT session_id FROM sessions
                WHERE expires_at < clock_timestamp() - interval '7 days' LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            """,
            limit,
        )
