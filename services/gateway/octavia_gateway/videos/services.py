"""The parts of this package, wired; made once an application."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from octavia_common.artifacts import ArtifactStore

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.videos.admin import AdminVideos
from octavia_gateway.videos.callback_door import CallbackDoor
from octavia_gateway.videos.callbacks import CallbackKeys
from octavia_gateway.videos.content import VideoContent
from octavia_gateway.videos.deadlines import VideoDeadlines
from octavia_gateway.videos.making import VideoMaking
from octavia_gateway.videos.moderation.base import Moderator
from octavia_gateway.videos.moderation.endpoint import endpoint_of
from octavia_gateway.videos.moderation.rules import RuleModerator
from octavia_gateway.videos.moderation.service import Moderation
from octavia_gateway.videos.service import VideosService
from octavia_gateway.videos.sharing import VideoSharing
from octavia_gateway.videos.signing import UrlSigner
from octavia_gateway.videos.stats import VideoStats
from octavia_gateway.videos.styles import Styles
from octavia_gateway.videos.wishes import Wishes


@dataclass(frozen=True)
class VideoServices:
    """What the endpoints use."""

    styles: Styles
    service: VideosService
    making: VideoMaking
    signer: UrlSigner
    content: VideoContent
    deadlines: VideoDeadlines
    callbacks: CallbackDoor
    moderation: Moderation
    sharing: VideoSharing
    stats: VideoStats
    admin: AdminVideos

    @classmethod
    def build(
        cls,
        settings: GatewaySettings,
        database: GatewayDatabase,
        store: ArtifactStore,
        hub: EventHub,
        limiter: RateLimiter,
    ) -> Self:
        """Wires them; nothing is started. Raises ValueError for a file of styles that cannot be read."""
        lifetime = timedelta(minutes=settings.video_url_minutes)
        signer = UrlSigner(store, lifetime=lifetime)
        styles = Styles.read(settings.video_styles_file)
        moderation = Moderation(_moderators(settings))
        return cls(
            moderation=moderation,
            styles=styles,
            service=VideosService(database, hub),
            making=VideoMaking(
                database,
                hub,
                Wishes(styles),
                limiter,
                moderation,
                rate=settings.videos_rate,
                deadline=timedelta(seconds=settings.video_deadline_seconds),
            ),
            sharing=VideoSharing(database),
            stats=VideoStats(database),
            admin=AdminVideos(database, store, lifetime=lifetime),
            signer=signer,
            content=VideoContent(store, signer),
            deadlines=VideoDeadlines(database),
            callbacks=CallbackDoor(
                database,
                limiter,
                settings.request_rate,
                CallbackKeys(
                    token_secret=settings.video_callback_secret.get_secret_value(),
                    webhook_key=settings.kie_webhook_key.get_secret_value(),
                ),
            ),
        )


def _moderators(settings: GatewaySettings) -> list[Moderator]:
    found: list[Moderator] = [RuleModerator.read(settings.moderation_rules_file)]
    if settings.moderation_url:
        key = settings.moderation_api_key.get_secret_value()
        found.append(endpoint_of(settings.moderation_url, model=settings.moderation_model, api_key=key))
    return found
