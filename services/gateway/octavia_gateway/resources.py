"""What the endpoints work with: made once by `composition.py`, handed to the application."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from octavia_gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from octavia_common.artifacts.store import ArtifactStore

    from octavia_gateway.admin.overview import AdminOverview
    from octavia_gateway.admin.service import AdminService
    from octavia_gateway.api_keys.service import ApiKeysService
    from octavia_gateway.auth.service import AuthService
    from octavia_gateway.auth.tokens import AccessTokens
    from octavia_gateway.auth.user import Authenticator
    from octavia_gateway.batches.service import BatchesService
    from octavia_gateway.capabilities.service import CapabilitiesService
    from octavia_gateway.credits.service import CreditsService
    from octavia_gateway.database import GatewayDatabase
    from octavia_gateway.editing.service import EditingService
    from octavia_gateway.erasure.service import AccountDeletion
    from octavia_gateway.events.service import StreamService
    from octavia_gateway.exports.service import ExportsService
    from octavia_gateway.files.services import FileServices
    from octavia_gateway.glossaries.service import TermListsService
    from octavia_gateway.idempotency import Idempotency
    from octavia_gateway.jobs.service import JobsService
    from octavia_gateway.rate_limits.guessing import GuessingGuard
    from octavia_gateway.rate_limits.limiter import RateLimiter
    from octavia_gateway.remote.service import RemoteUploads
    from octavia_gateway.reviewing.service import ReviewService
    from octavia_gateway.sessions.service import SessionsService
    from octavia_gateway.videos.services import VideoServices
    from octavia_gateway.voices.service import SpeakersService
    from octavia_gateway.webhooks.service import WebhooksService


@dataclass(frozen=True)
class Resources:
    """The long-lived objects behind the application."""

    settings: GatewaySettings
    database: "GatewayDatabase"
    store: "ArtifactStore"
    authenticator: "Authenticator"
    viewers: "Authenticator"
    media_tokens: "AccessTokens"
    limiter: "RateLimiter"
    guard: "GuessingGuard"
    idempotency: "Idempotency"
    auth: "AuthService"
    sessions: "SessionsService"
    api_keys: "ApiKeysService"
    jobs: "JobsService"
    capabilities: "CapabilitiesService"
    editing: "EditingService"
    reviews: "ReviewService"
    exports: "ExportsService"
    credits: "CreditsService"
    admin: "AdminService"
    overview: "AdminOverview"
    streams: "StreamService"
    files: "FileServices"
    erasure: "AccountDeletion"
    remote: "RemoteUploads"
    videos: "VideoServices"
    webhooks: "WebhooksService"
    batches: "BatchesService"
    glossaries: "TermListsService"
    pronunciations: "TermListsService"
    speakers: "SpeakersService"


async def get_resources(request: Request) -> Resources:
    """The application's resources (a FastAPI dependency).

    It waits for nothing; but a dependency that is a plain function costs every request a thread.
    """
    return cast(Resources, request.app.state.resources)


CurrentResources = Annotated[Resources, Depends(get_resources)]
