"""Only video generation is refused, with a message for the job's owner."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.events import ArtifactRef, CloudEvent, CreditsReserved, JobKind, JobRef, JobSpec
from octavia_common.messaging.handlers import Work
from octavia_videogen.handler import GenerationUnavailableError, RefuseGeneration


def reserved(kind: JobKind) -> CloudEvent[CreditsReserved]:
    data = CreditsReserved(
        job=JobRef(
            job_id=UUID(int=1),
            user_id=UUID(int=2),
            hold_id=UUID(int=3),
            deadline_at=datetime(2030, 1, 1, tzinfo=UTC),
        ),
        spec=JobSpec(
            kind=kind,
            source=ArtifactRef(
                key="users/2/uploads/1", sha256="0" * 64, size_bytes=1, media_type="video/mp4"
            ),
            source_filename="talk.mp4",
            duration_seconds=1.0,
            source_language="en",
            target_languages=("es",),
        ),
        amount=100,
    )
    return CloudEvent[CreditsReserved].wrap(data, service="billing")


async def test_video_generation_fails_for_good_with_a_clear_message(tmp_path: Path):
    with pytest.raises(GenerationUnavailableError, match="credits held for the job are returned") as refused:
        await RefuseGeneration().handle(reserved(JobKind.VIDEO_GENERATE), Work(CancelToken(), tmp_path))
    assert not refused.value.transient
    assert refused.value.code == "video_generation_unavailable"


@pytest.mark.parametrize("kind", [kind for kind in JobKind if kind is not JobKind.VIDEO_GENERATE])
async def test_other_jobs_are_left_to_their_services(tmp_path: Path, kind: JobKind):
    assert await RefuseGeneration().handle(reserved(kind), Work(CancelToken(), tmp_path)) == ()
