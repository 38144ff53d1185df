"""Credits that are given: to new users, and by administrators."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from octavia_common.events import CloudEvent, EventData, GrantRequested, GrantSource, UserRegistered
from octavia_common.events.envelope import NAMESPACE

from octavia_billing.domain.operations import AddGrant
from octavia_billing.domain.wording import WELCOME
from octavia_billing.ledger import Ledger

WELCOME_PRIORITY = 50
"""Before what was paid for, whose priority is 100 unless its grant says otherwise."""


class WelcomeHandler:
    """users.registered: open the account with the welcome grant, once for ever.

    The topic is kept for ever and may be read again when the inbox has forgotten it, so the grant's
    id is the user's own; a welcome of 0 is remembered, so that a later setting grants no old user.
    """

    def __init__(self, ledger: Ledger, *, welcome_credits: int) -> None:
        self._ledger = ledger
        self._credits = welcome_credits

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """One welcome grant for each new user; returns the lines of their histories."""
        _, told = await self._ledger.settle(connection, [self._welcome(event.data) for event in events])
        return told

    def _welcome(self, data: UserRegistered) -> AddGrant:
        return AddGrant(
            user_id=data.user_id,
            grant_id=uuid5(NAMESPACE, f"welcome|{data.user_id}"),
            source=GrantSource.WELCOME,
            amount=self._credits,
            priority=WELCOME_PRIORITY,
            expires_at=None,
            reason=WELCOME,
        )


class GrantHandler:
    """credits.grants: post what an administrator gives, once a grant id."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """One grant for each event; returns the lines of the users' histories."""
        _, told = await self._ledger.settle(connection, [_grant(event.data) for event in events])
        return told


def _grant(data: GrantRequested) -> AddGrant:
    return AddGrant(
        user_id=data.user_id,
        grant_id=data.grant_id,
        source=data.source,
        amount=data.amount,
        priority=data.priority,
        expires_at=data.expires_at,
        reason=data.reason,
    )
