"""All users' videos, for administrators: with the clips that came after their credits had gone back."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query
from octavia_common.artifacts import ArtifactStore
from pydantic import BaseModel, Field

from octavia_gateway.auth.dependencies import CurrentAdmin
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, Page, decode_moment, encode_cursor
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.rows import video_of
from octavia_gateway.videos.run import Clip
from octavia_gateway.videos.schemas import ClipResponse, VideoResponse
from octavia_gateway.videos.states import VideoStatus

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])

_PAGE = """
SELECT videos.*, (
    SELECT jsonb_agg(
        jsonb_build_object('hold_id', hold_id, 'clip', clip, 'found_at', found_at) ORDER BY found_at)
    FROM late_videos late WHERE late.video_id = videos.video_id
) AS late
FROM videos
WHERE ($1::uuid IS NULL OR user_id = $1)
  AND (cardinality($2::text[]) = 0 OR status = ANY($2))
  AND (NOT $3 OR EXISTS (SELECT 1 FROM late_videos late WHERE late.video_id = videos.video_id))
  AND (purged_at IS NULL OR $3)
  AND ($4::timestamptz IS NULL OR (created_at, video_id) < ($4, $5::uuid))
ORDER BY created_at DESC, video_id DESC LIMIT $6
"""


class LateSuccess(BaseModel):
    """A clip that came after its hold was released: it charged nothing, and its owner does not see it."""

    hold_id: UUID
    found_at: datetime
    clip: ClipResponse
    url: str | None = Field(description="Signed when read; null where the provider keeps the clip.")


class AdminVideoResponse(VideoResponse):
    """A video of anybody."""

    user_id: UUID
    late: list[LateSuccess]

    @classmethod
    def described(cls, video: Video, late: list[LateSuccess], document: VideoResponse) -> Self:
        """The owner's document, and what only administrators see."""
        return cls(**document.model_dump(), user_id=video.user_id, late=late)


class AdminVideoPage(Page[AdminVideoResponse]):
    """Videos of all users, newest first."""


class AdminVideos:
    """Reads all users' videos."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, *, lifetime: timedelta) -> None:
        self._database = database
        self._store = store
        self._lifetime = lifetime

    async def page(
        self,
        *,
        user_id: UUID | None,
        statuses: list[str],
        late: bool,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[tuple[Video, list[LateSuccess]]]:
        """Newest first, from behind `before` on; with `late` only those with a late clip, gone ones too."""
        async with self._database.service_transaction() as connection:
            rows = await connection.fetch(_PAGE, user_id, statuses, late, *(before or (None, None)), limit)
        return [(video_of(row), [await self._late(one) for one in row["late"] or ()]) for row in rows]

    async def _late(self, found: dict[str, Any]) -> LateSuccess:
        clip = Clip.model_validate(found["clip"])
        url = None
        if not clip.kept_by_provider:
            url = await self._store.presign(clip.video.key, expires=self._lifetime, public=True)
        return LateSuccess(
            hold_id=found["hold_id"], found_at=found["found_at"], clip=ClipResponse.of(clip), url=url
        )


@router.get("/videos", responses=problems(403, 422))
async def list_all_videos(
    admin: CurrentAdmin,
    resources: CurrentResources,
    language: ReaderLanguage,
    user_id: UUID | None = None,
    status: Annotated[list[VideoStatus] | None, Query(max_length=10)] = None,
    late: Annotated[bool, Query(description="Only those with a success after the refund.")] = False,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> AdminVideoPage:
    """Videos of all users, newest first."""
    found = await resources.videos.admin.page(
        user_id=user_id,
        statuses=[one.value for one in status or ()],
        late=late,
        before=decode_moment(cursor),
        limit=limit + 1,
    )
    items, more = found[:limit], len(found) > limit
    return AdminVideoPage(
        items=[
            AdminVideoResponse.described(video, came_late, VideoResponse.of(video, language))
            for video, came_late in items
        ],
        next_cursor=encode_cursor(items[-1][0].created_at, items[-1][0].video_id) if more else None,
    )
