"""Has videos made: counted, looked at, held together, and told to billing. One transaction a request."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.events import VideoSpec, VideosSubmitted, hold_id_of

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.log import EventLog
from octavia_gateway.events.waiting import DECISION_WAIT_SECONDS
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.rate_limits.rates import Rate
from octavia_gateway.retention.in_use import begin_using
from octavia_gateway.videos.announce import deleted_draft, draft_of
from octavia_gateway.videos.errors import NotEnoughCreditsError, VideoDeletedError, VideoNotRetryableError
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.moderation.service import Moderation
from octavia_gateway.videos.repository import VideosRepository
from octavia_gateway.videos.schemas import CreateVideos
from octavia_gateway.videos.watching import watched
from octavia_gateway.videos.wishes import Offer, Wishes


class VideoMaking:
    """Begins the runs of videos."""

    def __init__(
        self,
        database: GatewayDatabase,
        hub: EventHub,
        wishes: Wishes,
        limiter: RateLimiter,
        moderation: Moderation,
        *,
        rate: Rate,
        deadline: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._hub = hub
        self._wishes = wishes
        self._limiter = limiter
        self._moderation = moderation
        self._rate = rate
        self._deadline = deadline
        self._clock = clock
        self._videos = VideosRepository()
        self._credits = CreditsRepository()
        self._log = EventLog()

    async def offer(self, user_id: UUID) -> Offer:
        """What can be asked for. Raises ModelsUnknownError, PricesUnknownError (503)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._wishes.offer(connection)

    async def create(self, user_id: UUID, asked: CreateVideos) -> list[Video]:
        """New videos, all or none, and billing's word where it comes soon.

        Raises 404 for a foreign or unknown picture, 422 for what cannot be made or is not let through,
        NotEnoughCreditsError (402), RateLimitedError (429), ModelsUnknownError, PricesUnknownError (503).
        """
        prompts = asked.wanted()
        async with self._database.user_transaction(user_id) as connection:
            await self._wishes.specs(connection, user_id, asked)  # what cannot be made costs nobody a try
        await self._admit(user_id, prompts)
        async with self._hub.watch(user_id) as watch:
            async with self._database.user_transaction(user_id) as connection:
                await begin_using(connection, user_id)
                offer, specs = await self._wishes.specs(connection, user_id, asked)
                videos = self._batch(user_id, asked, prompts, specs, offer)
                await self._check_balance(connection, user_id, videos)
                await self._videos.add(connection, videos)
                await self._submit(connection, user_id, videos[0].batch_id, videos)
            decided = await watched(self._database, watch, videos, DECISION_WAIT_SECONDS, until=_is_decided)
        await self._refuse_where_rejected(user_id, decided, forget=True)
        return decided

    async def retry(self, user_id: UUID, video_id: UUID) -> Video:
        """Have a failed or cancelled video made after all, at today's price.

        Raises VideoNotFoundError (404), VideoNotRetryableError, VideoDeletedError (409), and as `create`.
        """
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id)
        _check_retryable(video)
        await self._admit(user_id, [video.prompt])
        async with self._hub.watch(user_id) as watch:
            async with self._database.user_transaction(user_id) as connection:
                await begin_using(connection, user_id)
                video = await self._videos.get(connection, user_id, video_id, lock=True)
                _check_retryable(video)
                offer = await self._wishes.still_possible(connection, video)
                now = self._clock()
                video = video.resubmitted(
                    spec=video.spec,
                    credits=offer.price(video.spec.duration_seconds),
                    price_version=offer.prices.version,
                    at=now,
                    deadline_at=now + self._deadline,
                )
                await self._check_balance(connection, user_id, [video])
                await self._videos.save(connection, [video])
                await self._submit(connection, user_id, video.hold_id, [video])
            decided = await watched(self._database, watch, [video], DECISION_WAIT_SECONDS, until=_is_decided)
        await self._refuse_where_rejected(user_id, decided, forget=False)
        return decided[0]

    async def _admit(self, user_id: UUID, prompts: Sequence[str]) -> None:
        """Count the videos asked for, and have their prompts looked at; no connection is held meanwhile.

        Raises RateLimitedError (429), PromptRefusedError (422), ModerationUnavailableError (503).
        """
        await self._limiter.take(self._rate, f"user:{user_id}", len(prompts))
        await self._moderation.check(prompts)

    def _batch(
        self,
        user_id: UUID,
        asked: CreateVideos,
        prompts: Sequence[str],
        specs: Sequence[VideoSpec],
        offer: Offer,
    ) -> list[Video]:
        now, batch_id, videos = self._clock(), uuid4(), []
        for place, (prompt, spec) in enumerate(zip(prompts, specs, strict=True)):
            video_id = uuid4()
            videos.append(
                Video(
                    video_id=video_id,
                    user_id=user_id,
                    batch_id=batch_id,
                    prompt=prompt,
                    style=asked.style,
                    task=asked.task,
                    file_id=asked.image_file_id,
                    spec=spec,
                    quote_credits=offer.price(spec.duration_seconds),
                    price_version=offer.prices.version,
                    # A list is newest first: the first prompt of a batch stands on top of it.
                    created_at=now - timedelta(microseconds=place),
                    attempt=1,
                    hold_id=hold_id_of(video_id, 1),
                    submitted_at=now,
                    deadline_at=now + self._deadline,
                )
            )
        return videos

    async def _check_balance(self, connection: Connection, user_id: UUID, videos: Sequence[Video]) -> None:
        required = sum(video.quote_credits for video in videos)
        balance = await self._credits.balance(connection, user_id)
        if balance.available < required:
            raise NotEnoughCreditsError(required=required, balance=balance.available)

    async def _submit(
        self, connection: Connection, user_id: UUID, batch_id: UUID, videos: Sequence[Video]
    ) -> None:
        async with self._database.as_service(connection, user_id):
            await self._log.append(connection, [draft_of(video) for video in videos])
            submitted = VideosSubmitted(
                user_id=user_id,
                batch_id=batch_id,
                price_version=videos[0].price_version,
                videos=tuple(video.requested() for video in videos),
            )
            await self._database.add_events(connection, [submitted])

    async def _refuse_where_rejected(self, user_id: UUID, videos: Sequence[Video], *, forget: bool) -> None:
        """Raises NotEnoughCreditsError (402) where billing held none; new ones leave no trace then."""
        code = NotEnoughCreditsError.code
        if not any(video.run.error and video.run.error.code == code for video in videos):
            return
        async with self._database.user_transaction(user_id) as connection:
            balance = await self._credits.balance(connection, user_id)
            if forget:
                await self._videos.mark_purged(
                    connection, user_id, [video.video_id for video in videos], at=self._clock()
                )
                async with self._database.as_service(connection, user_id):
                    await self._log.append(connection, [deleted_draft(video) for video in videos])
        required = sum(video.quote_credits for video in videos)
        raise NotEnoughCreditsError(required=required, balance=balance.available)


def _check_retryable(video: Video) -> None:
    if video.deleted_at is not None:
        raise VideoDeletedError
    if not video.status.refunded:
        raise VideoNotRetryableError(video.status.value)


def _is_decided(video: Video) -> bool:
    return video.run.started_at is not None or video.status.ended
