"""Videos as rows of their table."""

from typing import Any

from octavia_common.events import JobError, VideoSpec, VideoTask

from octavia_gateway.videos.models import Share, Video
from octavia_gateway.videos.run import Clip, VideoRun
from octavia_gateway.videos.states import VideoStatus


def changing(video: Video) -> tuple[Any, ...]:
    """The id, and the columns that runs change, in the order of `VideosRepository.save`."""
    run = video.run
    return (
        video.video_id,
        video.spec.model_dump(mode="json"),
        video.quote_credits,
        video.price_version,
        video.attempt,
        video.hold_id,
        video.submitted_at,
        video.deadline_at,
        video.cancel_requested_at,
        video.given_up_at,
        run.status.value,
        run.generating,
        run.percent,
        run.started_at,
        run.finished_at,
        run.gone_at,
        run.clip.model_dump(mode="json") if run.clip else None,
        run.charged,
        run.error.model_dump(mode="json") if run.error else None,
    )


def video_of(row: Any) -> Video:
    """The video that a row of the table is."""
    run = VideoRun(
        status=VideoStatus(row["status"]),
        generating=row["generating"],
        percent=row["percent"],
        clip=Clip.model_validate(row["clip"]) if row["clip"] else None,
        charged=row["charged"],
        error=JobError.model_validate(row["error"]) if row["error"] else None,
        cancel_requested=row["cancel_requested_at"] is not None,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        gone_at=row["gone_at"],
    )
    return Video(
        video_id=row["video_id"],
        user_id=row["user_id"],
        batch_id=row["batch_id"],
        prompt=row["prompt"],
        style=row["style"],
        task=VideoTask(row["task"]),
        file_id=row["file_id"],
        spec=VideoSpec.model_validate(row["spec"]),
        quote_credits=row["quote_credits"],
        price_version=row["price_version"],
        created_at=row["created_at"],
        attempt=row["attempt"],
        hold_id=row["hold_id"],
        submitted_at=row["submitted_at"],
        deadline_at=row["deadline_at"],
        run=run,
        cancel_requested_at=row["cancel_requested_at"],
        given_up_at=row["given_up_at"],
        deleted_at=row["deleted_at"],
        share=Share(row["share_token"], row["shared_at"]) if row["share_token"] else None,
        views=row["views"],
        downloads=row["downloads"],
    )
