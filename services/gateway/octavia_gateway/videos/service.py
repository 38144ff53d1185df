"""What a user does with videos. Each call is one transaction; events leave by its outbox."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.events import (
    AspectRatio,
    JobCancelled,
    JobKind,
    VideoModelsPublished,
    VideoSpec,
    VideosSubmitted,
    VideoTask,
    hold_id_of,
)
from octavia_common.pricing import PriceList, price_of

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub, Watch
from octavia_gateway.events.log import Draft, EventLog
from octavia_gateway.files.models import FileRecord
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.errors import PricesUnknownError
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.rate_limits.rates import Rate
from octavia_gateway.retention.in_use import begin_using
from octavia_gateway.videos.announce import deleted_draft, draft_of
from octavia_gateway.videos.catalogue import check_wish, choose_model
from octavia_gateway.videos.errors import (
    ModelsUnknownError,
    NotEnoughCreditsError,
    VideoDeletedError,
    VideoNotCancellableError,
    VideoNotRetryableError,
    VideoRunningError,
)
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.moderation.service import Moderation
from octavia_gateway.videos.pictures import check_picture
from octavia_gateway.videos.repository import VideosRepository, Wanted
from octavia_gateway.videos.schemas import CreateVideos
from octavia_gateway.videos.states import VideoStatus
from octavia_gateway.videos.styles import Styles, worded

DECISION_WAIT_SECONDS = 1.5
"""How long `create` waits for billing's word, so that who loses a race for the last credits hears 402."""

CANCEL_WAIT_SECONDS = 1.0
"""How long `cancel` waits for the hold's release, so that it can mostly answer with the end itself."""


@dataclass(frozen=True)
class Offer:
    """What can be asked for now, and at what price."""

    catalogue: VideoModelsPublished
    prices: PriceList

    def price(self, duration_seconds: int) -> int:
        """Credits for one video."""
        return price_of(self.prices, JobKind.VIDEO_GENERATE.value, duration_seconds, 1)


class VideosService:
    """Creates, shows, cancels, retries, deletes and restores videos."""

    def __init__(
        self,
        database: GatewayDatabase,
        hub: EventHub,
        styles: Styles,
        limiter: RateLimiter,
        moderation: Moderation,
        *,
        rate: Rate,
        deadline: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.styles = styles
        self._database = database
        self._hub = hub
        self._limiter = limiter
        self._moderation = moderation
        self._rate = rate
        self._deadline = deadline
        self._clock = clock
        self._videos = VideosRepository()
        self._files = FilesRepository()
        self._credits = CreditsRepository()
        self._log = EventLog()

    async def create(self, user_id: UUID, asked: CreateVideos) -> list[Video]:
        """New videos, all or none, and billing's word where it comes soon.

        Raises 404 for a foreign or unknown picture, 422 for what cannot be made or is not let through,
        NotEnoughCreditsError (402), RateLimitedError (429), ModelsUnknownError, PricesUnknownError (503).
        """
        prompts = asked.wanted()
        async with self._database.user_transaction(user_id) as connection:
            await self._specs(connection, user_id, asked)  # what cannot be made costs nobody a try
        await self._admit(user_id, prompts)
        async with self._hub.watch(user_id) as watch:
            async with self._database.user_transaction(user_id) as connection:
                await begin_using(connection, user_id)
                offer, specs = await self._specs(connection, user_id, asked)
                videos = self._batch(user_id, asked, prompts, specs, offer)
                await self._check_balance(connection, user_id, videos)
                await self._videos.add(connection, videos)
                await self._submit(connection, user_id, videos[0].batch_id, videos)
            decided = await self._watch(watch, videos, DECISION_WAIT_SECONDS, until=_is_decided)
        await self._refuse_where_rejected(user_id, decided, forget=True)
        return decided

    async def get(self, user_id: UUID, video_id: UUID) -> Video:
        """A video of the user. Raises VideoNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._videos.get(connection, user_id, video_id)

    async def page(
        self, user_id: UUID, wanted: Wanted, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Video]:
        """Videos of the user, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._videos.page(connection, user_id, wanted, before=before, limit=limit)

    async def offer(self, user_id: UUID) -> Offer:
        """What can be asked for. Raises ModelsUnknownError, PricesUnknownError (503)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._offer(connection)

    async def retry(self, user_id: UUID, video_id: UUID) -> Video:
        """Have a failed or cancelled video made after all, at today's price.

        Raises VideoNotFoundError (404), VideoNotRetryableError, VideoDeletedError (409), and as `create`.
        """
        video = await self.get(user_id, video_id)
        _check_retryable(video)
        await self._admit(user_id, [video.prompt])
        async with self._hub.watch(user_id) as watch:
            async with self._database.user_transaction(user_id) as connection:
                await begin_using(connection, user_id)
                video = await self._videos.get(connection, user_id, video_id, lock=True)
                _check_retryable(video)
                offer = await self._offer(connection)
                model = choose_model(offer.catalogue, video.spec.model, video.task)
                check_wish(model, video.spec.aspect_ratio, video.spec.duration_seconds)
                await self._picture(connection, user_id, video.file_id)
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
            decided = await self._watch(watch, [video], DECISION_WAIT_SECONDS, until=_is_decided)
        await self._refuse_where_rejected(user_id, decided, forget=False)
        return decided[0]

    async def cancel(self, user_id: UUID, video_id: UUID) -> Video:
        """Cancel a video; its hold is released. Cancelling twice is no error.

        It ends when billing says so: one that was completed in the same moment stays completed.
        Raises VideoNotFoundError (404), VideoNotCancellableError (409).
        """
        async with self._hub.watch(user_id) as watch:
            video = await self._ask_to_cancel(user_id, video_id)
            return (
                await self._watch(watch, [video], CANCEL_WAIT_SECONDS, until=lambda one: one.status.ended)
            )[0]

    async def _ask_to_cancel(self, user_id: UUID, video_id: UUID) -> Video:
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.status is VideoStatus.CANCELLED or (video.status.at_work and video.run.cancel_requested):
                return video
            if video.status.ended:
                raise VideoNotCancellableError(video.status.value)
            video = video.cancelled(at=self._clock())
            await self._videos.save(connection, [video])
            async with self._database.as_service(connection, user_id):
                await self._log.append(connection, [draft_of(video)])
                await self._database.add_events(connection, [JobCancelled(job=video.ref())])
        return video

    async def delete(self, user_id: UUID, video_id: UUID) -> None:
        """Put a video away; it can be restored until its retention ends. Again changes nothing.

        Raises VideoNotFoundError (404), VideoRunningError (409).
        """
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.status.at_work:
                raise VideoRunningError
            if video.deleted_at is None:
                await self._videos.mark_deleted(connection, user_id, video_id, at=self._clock())
                await self._announce(connection, deleted_draft(video))

    async def restore(self, user_id: UUID, video_id: UUID) -> Video:
        """Undo the deletion. Again changes nothing. Raises VideoNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.deleted_at is not None:
                await self._videos.mark_deleted(connection, user_id, video_id, at=None)
                video = await self._videos.get(connection, user_id, video_id)
                await self._announce(connection, draft_of(video, "video.restored"))
        return video

    async def _admit(self, user_id: UUID, prompts: Sequence[str]) -> None:
        """Count the videos asked for, and have their prompts looked at; no connection is held meanwhile.

        Raises RateLimitedError (429), PromptRefusedError (422), ModerationUnavailableError (503).
        """
        await self._limiter.take(self._rate, f"user:{user_id}", len(prompts))
        await self._moderation.check(prompts)

    async def _specs(
        self, connection: Connection, user_id: UUID, asked: CreateVideos
    ) -> tuple[Offer, list[VideoSpec]]:
        offer = await self._offer(connection)
        model = choose_model(offer.catalogue, asked.model, asked.task)
        check_wish(model, asked.aspect_ratio, asked.duration_seconds)
        style = self.styles.find(asked.style) if asked.style is not None else None
        picture = await self._picture(connection, user_id, asked.image_file_id)
        specs = []
        for prompt in asked.wanted():
            words, avoid = worded(prompt, style)
            specs.append(
                VideoSpec(
                    prompt=words,
                    avoid=avoid,
                    aspect_ratio=AspectRatio(asked.aspect_ratio),
                    duration_seconds=asked.duration_seconds,
                    model=model.id,
                    image=picture.artifact if picture else None,
                )
            )
        return offer, specs

    async def _offer(self, connection: Connection) -> Offer:
        catalogue = await self._videos.catalogue(connection)
        if catalogue is None:
            raise ModelsUnknownError
        prices = await self._credits.prices(connection)
        if prices is None or JobKind.VIDEO_GENERATE.value not in prices.kinds:
            raise PricesUnknownError
        return Offer(catalogue, prices)

    async def _picture(
        self, connection: Connection, user_id: UUID, file_id: UUID | None
    ) -> FileRecord | None:
        if file_id is None:
            return None
        file = await self._files.get(connection, user_id, file_id, keep=True)
        check_picture(file)
        return file

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
                    task=VideoTask(asked.task),
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

    async def _announce(self, connection: Connection, draft: Draft) -> None:
        async with self._database.as_service(connection, draft.user_id):
            await self._log.append(connection, [draft])

    async def _watch(
        self, watch: Watch, videos: list[Video], seconds: float, *, until: Callable[[Video], bool]
    ) -> list[Video]:
        """The videos once all are as wanted, or as they stand when the time is up."""
        user_id, ids = videos[0].user_id, [video.video_id for video in videos]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not all(map(until, videos)):
                    await watch.changed()
                    async with self._database.user_transaction(user_id) as connection:
                        now = await self._videos.of_ids(connection, user_id, ids)
                    if [video.hold_id for video in now] != [video.hold_id for video in videos]:
                        break
                    videos = now
        return videos


def _check_retryable(video: Video) -> None:
    if video.deleted_at is not None:
        raise VideoDeletedError
    if not video.status.refunded:
        raise VideoNotRetryableError(video.status.value)


def _is_decided(video: Video) -> bool:
    return video.run.started_at is not None or video.status.ended
