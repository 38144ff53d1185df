"""What the synthesizer's tests share: an event with its translation in a store."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import TranslatedSegment, Translation
from octavia_common.events import ChunkRef, ChunkTranslated, CloudEvent, JobOptions, JobRef
from octavia_common.messaging.handlers import Work

CHUNK = ChunkRef(index=0, total=1, start=0.0, end=30.0, next_speech_start=30.0)
JOB = JobRef(
    job_id=UUID(int=1), user_id=UUID(int=2), hold_id=UUID(int=3), deadline_at=datetime(2030, 1, 1, tzinfo=UTC)
)


def segment_of(number: int, text: str, **changes) -> TranslatedSegment:
    """The `number`-th segment of 3 s, with 1 s between them."""
    start = 4.0 * number
    fields = {
        "id": f"0-{number}",
        "speaker": "S1",
        "start": start,
        "end": start + 3,
        "slot_end": start + 3.95,
        "source_text": "something",
        "text": text,
    }
    return TranslatedSegment(**(fields | changes))


@pytest.fixture
def store() -> FakeArtifactStore:
    return FakeArtifactStore()


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(CancelToken(), tmp_path)


@pytest.fixture
def translated(store: FakeArtifactStore) -> Callable[..., object]:
    """Puts a translation of these lines (texts or segments) into the store and makes its event."""

    async def make(
        *lines: str | TranslatedSegment, target: str = "es", **wishes: object
    ) -> CloudEvent[ChunkTranslated]:
        document = Translation(
            source_language="en",
            target_language=target,
            chunk=CHUNK,
            segments=tuple(
                segment_of(n, line) if isinstance(line, str) else line for n, line in enumerate(lines)
            ),
        )
        number = sum(key.startswith("translations/") for key in store.objects)
        data = ChunkTranslated(
            job=JOB,
            chunk=CHUNK,
            options=JobOptions.model_validate(wishes),
            source_language="en",
            target_language=target,
            translation=await store.write_document(f"translations/{number}", document),
        )
        return CloudEvent[ChunkTranslated].wrap(data, service="translator")

    return make
