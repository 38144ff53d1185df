"""What the translator's tests share: an event with its transcript in a store, and engines."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Segment, Transcript
from octavia_common.events import ChunkRef, ChunkTranscribed, CloudEvent, JobRef
from octavia_common.messaging.handlers import Work

CHUNK = ChunkRef(index=0, total=1, start=0.0, end=30.0, next_speech_start=30.0)
JOB = JobRef(
    job_id=UUID(int=1), user_id=UUID(int=2), hold_id=UUID(int=3), deadline_at=datetime(2030, 1, 1, tzinfo=UTC)
)


def segments_of(*texts: str) -> tuple[Segment, ...]:
    """Segments of 3 s with 1 s between them."""
    return tuple(
        Segment(id=f"0-{n}", start=4.0 * n, end=4.0 * n + 3, slot_end=4.0 * n + 3.95, text=text)
        for n, text in enumerate(texts)
    )


@pytest.fixture
def store() -> FakeArtifactStore:
    return FakeArtifactStore()


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(CancelToken(), tmp_path)


@pytest.fixture
def transcribed(store: FakeArtifactStore) -> Callable[..., object]:
    """Puts a transcript of these texts into the store and makes the event that tells of it."""

    async def make(*texts: str, target: str = "es", source: str = "en") -> CloudEvent[ChunkTranscribed]:
        document = Transcript(language=source, chunk=CHUNK, segments=segments_of(*texts))
        ref = await store.write_document(f"transcripts/{hash(texts)}", document)
        data = ChunkTranscribed(
            job=JOB, chunk=CHUNK, source_language=source, target_language=target, transcript=ref
        )
        return CloudEvent[ChunkTranscribed].wrap(data, service="transcriber")

    return make
