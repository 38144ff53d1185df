"""Puts the gateway's objects together; `main.py` does it for a process, tests for themselves."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox

from octavia_gateway.admin.overview import AdminOverview
from octavia_gateway.admin.service import AdminService
from octavia_gateway.api_keys.service import ApiKeysService
from octavia_gateway.auth.authenticator import TokenAuthenticator
from octavia_gateway.auth.passwords import Passwords
from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.auth.service import AuthService
from octavia_gateway.auth.tokens import AccessTokens
from octavia_gateway.batches.service import BatchesService
from octavia_gateway.capabilities.service import CapabilitiesService
from octavia_gateway.credits.service import CreditsService
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.deadlines import Deadlines, every
from octavia_gateway.editing.service import EditingService
from octavia_gateway.erasure.service import AccountDeletion
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.log import EventLog
from octavia_gateway.events.registry import Revoked, StreamRegistry
from octavia_gateway.events.service import StreamService
from octavia_gateway.exports.service import ExportsService
from octavia_gateway.files.services import FileServices
from octavia_gateway.glossaries.models import ListKind
from octavia_gateway.glossaries.service import TermListsService
from octavia_gateway.housekeeping import Housekeeping
from octavia_gateway.idempotency import Idempotency
from octavia_gateway.jobs.models import RunDeadlines
from octavia_gateway.jobs.service import JobsService
from octavia_gateway.rate_limits.guessing import GuessingGuard
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.remote.services import RemoteServices
from octavia_gateway.resources import Resources
from octavia_gateway.retention.service import Retention
from octavia_gateway.reviewing.service import ReviewService
from octavia_gateway.sessions.service import SessionsService
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.videos.services import VideoServices
from octavia_gateway.voices.service import SpeakersService
from octavia_gateway.webhooks.services import WebhookServices

HOUSEKEEPING_SECONDS = 60.0

MEDIA_COOKIE_LIFETIME = timedelta(hours=12)
"""Longer than the longest video; a log-out ends it at once."""

Background = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Gateway:
    """The resources of the application, and what runs beside it."""

    resources: Resources
    hub: EventHub
    streams: StreamRegistry
    deadlines: Deadlines
    housekeeping: Housekeeping
    passwords: Passwords
    remote: RemoteServices
    webhooks: WebhookServices

    def background(self) -> dict[str, Background]:
        """What runs for as long as the process, by name."""
        settings = self.resources.settings
        fetching = {"remote uploads": self.remote.run} if settings.remote_uploads else {}
        return {
            **fetching,
            "webhooks": self.webhooks.run,
            "event hub": self.hub.run,
            "event streams": self.streams.run,
            "deadlines": lambda: every(settings.sweep_seconds, "deadlines", self.deadlines.sweep),
            "renderings": lambda: every(
                settings.sweep_seconds, "renderings", self.resources.editing.renderings.sweep
            ),
            "exports": lambda: every(settings.sweep_seconds, "exports", self.resources.exports.sweep),
            "moderation": self.resources.videos.moderation.run,
            "video deadlines": lambda: every(
                settings.sweep_seconds, "video deadlines", self.resources.videos.deadlines.sweep
            ),
            "housekeeping": lambda: every(HOUSEKEEPING_SECONDS, "housekeeping", self.housekeeping.round),
            "uploads": self.resources.files.sweeper.run,
            "account deletions": lambda: every(
                settings.sweep_seconds, "account deletions", self.resources.erasure.round
            ),
        }

    def close(self) -> None:
        """Let go of threads."""
        self.passwords.close()


def compose(settings: GatewaySettings, database: Database, outbox: Outbox, store: ArtifactStore) -> Gateway:
    """Wire everything; nothing is started."""
    tables = GatewayDatabase(database, outbox)
    secret = settings.jwt_secret.get_secret_value()
    hub = EventHub(lambda: _listening_connection(database), _catch_up(tables))
    streams = StreamRegistry(hub, settings, _over(tables))
    passwords = Passwords(
        memory_kib=settings.argon2_memory_kib,
        time_cost=settings.argon2_time_cost,
        threads=settings.argon2_threads,
    )
    tokens = AccessTokens(secret, lifetime=timedelta(seconds=settings.access_token_seconds))
    media_tokens = AccessTokens.for_media(secret, lifetime=MEDIA_COOKIE_LIFETIME)
    idempotency = Idempotency(tables, secret, lifetime=timedelta(hours=settings.idempotency_hours))
    limiter = RateLimiter(tables)
    files = FileServices.build(settings, tables, store)
    remote = RemoteServices.build(settings, tables, files)
    webhooks = WebhookServices.build(settings, tables)
    capabilities = CapabilitiesService(tables, settings.supported_pairs())
    deadline = timedelta(seconds=settings.job_deadline_seconds)
    deadlines = RunDeadlines(work=deadline, review=timedelta(hours=settings.review_deadline_hours))
    editing = EditingService(tables, store, deadline=deadline)
    resources = Resources(
        settings=settings,
        database=tables,
        store=store,
        authenticator=TokenAuthenticator(tables, tokens, administrators=settings.administrators()),
        viewers=TokenAuthenticator(tables, media_tokens, administrators=frozenset()),
        media_tokens=media_tokens,
        limiter=limiter,
        guard=GuessingGuard(tables, limiter, settings.login_rate),
        idempotency=idempotency,
        auth=AuthService(tables, passwords, tokens, hub, refresh_token_days=settings.refresh_token_days),
        sessions=SessionsService(tables, refresh_token_days=settings.refresh_token_days),
        api_keys=ApiKeysService(tables),
        jobs=JobsService(
            tables,
            store,
            hub,
            capabilities,
            deadlines=deadlines,
            max_target_languages=settings.max_target_languages,
        ),
        editing=editing,
        reviews=ReviewService(tables, store, editing, deadline=deadline),
        exports=ExportsService(tables, deadline=deadline),
        capabilities=capabilities,
        credits=CreditsService(tables),
        admin=AdminService(tables, hub),
        overview=AdminOverview(tables, settings),
        streams=StreamService(tables, streams),
        erasure=AccountDeletion(tables, store, grace=_erasure_grace(settings)),
        files=files,
        remote=remote.uploads,
        webhooks=webhooks.hooks,
        batches=BatchesService(
            tables,
            store,
            hub,
            capabilities,
            deadlines=deadlines,
            max_target_languages=settings.max_target_languages,
        ),
        glossaries=TermListsService(tables, capabilities, ListKind.GLOSSARY),
        pronunciations=TermListsService(tables, capabilities, ListKind.PRONUNCIATION),
        speakers=SpeakersService(tables),
        videos=VideoServices.build(settings, tables, store, hub, limiter),
    )
    return Gateway(
        resources=resources,
        hub=hub,
        streams=streams,
        deadlines=Deadlines(tables, stall=timedelta(seconds=settings.stall_seconds)),
        housekeeping=Housekeeping(
            tables,
            Retention(tables, store, settings.retention()),
            idempotency,
            job_event_days=settings.job_event_days,
        ),
        passwords=passwords,
        remote=remote,
        webhooks=webhooks,
    )


def _erasure_grace(settings: GatewaySettings) -> timedelta:
    """How long an object may still come after an account was emptied: from a worker that was cancelled, or
    by an address that was signed before."""
    return max(
        timedelta(minutes=settings.retention_unlisted_minutes),
        timedelta(minutes=settings.upload_address_minutes),
    )


async def _listening_connection(database: Database) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of its own: LISTEN lasts, and the pool's connections change hands."""
    return await asyncpg.connect(database.url, server_settings=database.server_settings, timeout=10)


def _over(database: GatewayDatabase) -> Revoked:
    accounts = AuthRepository()

    async def over(credential_ids: Sequence[UUID]) -> Sequence[UUID]:
        async with database.service_transaction() as connection:
            return await accounts.over(connection, credential_ids)

    return over


def _catch_up(database: GatewayDatabase) -> Any:
    log = EventLog()

    async def catch_up(places: Any) -> Any:
        async with database.service_transaction() as connection:
            return await log.since_each(connection, places)

    return catch_up
