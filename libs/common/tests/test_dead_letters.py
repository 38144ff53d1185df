"""Whose work fails with an event that is given up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

from octavia_common import topics
from octavia_common.events import (
    ArtifactRef,
    AspectRatio,
    ChunkRef,
    ChunkTranslated,
    CloudEvent,
    EventData,
    JobCancelled,
    JobError,
    JobFailed,
    JobRef,
    LanguageFailed,
    RequestedVideo,
    UserRegistered,
    VideoSpec,
    VideosSubmitted,
    hold_id_of,
)
from octavia_common.messaging.codec import encode
from octavia_common.messaging.dead_letters import DeadLetters
from octavia_common.messaging.headers import Delivery
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import EventPublisher, Outgoing
from octavia_common.topics import Topic, topic_of


class Wire:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.letters: list[Outgoing] = []
        self.failed: list[JobRef] = []
        self.languages: list[LanguageFailed] = []

    def topic_name(self, topic: Topic) -> str:
        return topic.name

    def outgoing(self, data: EventData, traceparent: str = "") -> Outgoing:
        if isinstance(data, LanguageFailed):
            self.languages.append(data)
        else:
            assert isinstance(data, JobFailed)
            self.failed.append(data.job)
        return Outgoing(topic=topic_of(type(data)).name, body=b"", key="", headers={})

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.letters += messages


def a_job() -> JobRef:
    job_id = uuid4()
    return JobRef(
        job_id=job_id, user_id=uuid4(), hold_id=hold_id_of(job_id, 1), deadline_at=datetime.now(UTC)
    )


async def give_up(data: EventData) -> Wire:
    wire = Wire()
    body = encode(data, service="test")
    event = CloudEvent.wrap(data, service="test")
    incoming = Incoming(
        topic=topic_of(type(data)).name,
        partition=0,
        offset=0,
        key=b"key",
        body=body,
        headers={},
        delivery=Delivery(),
        age_seconds=0.0,
    )
    letters = DeadLetters(cast(EventPublisher, wire))
    await letters.give_up(incoming, consumer="tester", reason="poison: it is", event=event)
    assert wire.letters[0].topic == topics.DEAD_LETTERS.name
    assert wire.letters[0].body == body
    return wire


async def test_the_job_of_an_event_fails_with_it() -> None:
    job = a_job()
    assert (await give_up(JobCancelled(job=job))).failed == [job]


async def test_of_a_chunk_in_one_language_that_language_fails_with_it() -> None:
    ref = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="x/y")
    chunk = ChunkRef(index=0, total=1, start=0, end=1, next_speech_start=1)
    job = a_job()
    wire = await give_up(
        ChunkTranslated(job=job, chunk=chunk, source_language="en", target_language="fr", translation=ref)
    )
    assert wire.failed == []
    assert [(each.job, each.target_language) for each in wire.languages] == [(job, "fr")]


async def test_every_video_of_a_batch_fails_with_it() -> None:
    spec = VideoSpec(prompt="a cat", aspect_ratio=AspectRatio.SQUARE, duration_seconds=5, model="local")
    videos = tuple(RequestedVideo(job=a_job(), spec=spec, credits=100) for _ in range(3))
    batch = VideosSubmitted(user_id=uuid4(), batch_id=uuid4(), price_version="v", videos=videos)
    assert (await give_up(batch)).failed == [video.job for video in videos]


async def test_a_failure_makes_no_other_and_what_is_of_no_job_none() -> None:
    error = JobError(code="internal", message="Sorry.", stage="tester")
    assert (await give_up(JobFailed(job=a_job(), error=error))).failed == []
    assert (await give_up(UserRegistered(user_id=uuid4()))).failed == []
