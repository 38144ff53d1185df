"""Accounts with a session each, put straight into the gateway's tables: signing in takes its time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
from octavia_gateway.auth.tokens import AccessClaims, AccessTokens

TOKEN_LIFE = timedelta(hours=2)


async def add_accounts(database_url: str, count: int) -> list[AccessClaims]:
    """New users, each with a session that is alive."""
    users = [uuid4() for _ in range(count)]
    sessions = [uuid4() for _ in range(count)]
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "gateway"})
    try:
        await connection.execute(
            """
            INSERT INTO users (user_id, email, email_key, password_hash)
            SELECT id, id || '@example.org', id || '@example.org', 'none' FROM unnest($1::uuid[]) AS id
            """,
            users,
        )
        await connection.execute(
            """
            INSERT INTO sessions (session_id, user_id, expires_at)
            SELECT session, owner, clock_timestamp() + interval '1 day'
            FROM unnest($1::uuid[], $2::uuid[]) AS pairs (session, owner)
            """,
            sessions,
            users,
        )
    finally:
        await connection.close()
    return [AccessClaims(user, session) for user, session in zip(users, sessions, strict=True)]


def stream_requests(secret: str, accounts: Sequence[AccessClaims]) -> list[str]:
    """What to send to the gateway to follow each account's jobs."""
    tokens = AccessTokens(secret, lifetime=TOKEN_LIFE)
    return [
        _request("/api/v1/events", f"Authorization: Bearer {tokens.issue(each)}\r\n") for each in accounts
    ]


def baseline_requests(users: Sequence[UUID]) -> list[str]:
    """What to send to the baseline."""
    return [_request(f"/streams/{user}") for user in users]


def _request(path: str, more: str = "") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{more}\r\n"
