"""The window on a real PostgreSQL: bounded, in order, unmoved by duplicates, empty at the end."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from octavia_common.database import Database
from octavia_common.documents import ChunkPlan, PlannedChunk, SpeechRegion
from octavia_common.errors import PermanentError
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkReleased,
    ChunkSynthesized,
    CloudEvent,
    JobCancelled,
    JobKind,
    JobRef,
    JobSpec,
    MediaPlanned,
    hold_id_of,
)
from octavia_common.migrations import migrate
from octavia_transcriber.window.handlers import CloseWindow, MoveWindow, OpenWindow
from octavia_transcriber.window.repository import WindowRepository

pytestmark = pytest.mark.integration

LANGUAGES = ("es", "fr")
SIZE = 3
ROOT = UUID("0b7c36f0-2a57-4c34-8a58-7e0a3d1f2b11")
REF = ArtifactRef(key="users/x/speech", sha256="0" * 64, size_bytes=1, media_type="application/json")


@pytest.fixture
async def database(database_url):
    migrate(database_url, "transcriber", Path(str(files("octavia_transcriber").joinpath("migrations"))))
    database = Database(database_url, schema="transcriber", pool_size=4)
    await database.open()
    yield database
    await database.close()


class Room:
    """The three handlers and their tables, driven as the shell drives them."""

    def __init__(self, database, store) -> None:
        self.database = database
        self.store = store
        repository = WindowRepository()
        self.opening = OpenWindow(store, repository, size=SIZE)
        self.moving = MoveWindow(repository, size=SIZE)
        self.closing = CloseWindow(repository)

    async def apply(self, handler, *events) -> list[ChunkReleased]:
        wrapped = [CloudEvent.wrap(event, service="test") for event in events]
        async with self.database.transaction() as connection:
            return list(await handler.handle(connection, wrapped))

    async def rows(self) -> tuple[int, int]:
        async with self.database.transaction() as connection:
            return (
                await connection.fetchval("SELECT count(*) FROM windows"),
                await connection.fetchval("SELECT count(*) FROM window_chunks"),
            )

    async def planned(self, name: str, chunks: int, **changes) -> MediaPlanned:
        job = make_job(name, **changes)
        plan = ChunkPlan(
            duration_seconds=30.0 * chunks,
            chunks=tuple(
                PlannedChunk(
                    chunk=ChunkRef(
                        index=n, total=chunks, start=30 * n, end=30 * n + 29, next_speech_start=30 * n + 30
                    ),
                    audio=REF.model_copy(update={"key": f"users/x/chunk/{name}/{n}"}),
                    regions=(SpeechRegion(start=30 * n + 1, end=30 * n + 28),),
                )
                for n in range(chunks)
            ),
        )
        spec = JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=REF,
            source_filename="talk.mp4",
            duration_seconds=plan.duration_seconds,
            source_language="en",
            target_languages=LANGUAGES,
            model_size="small",
        )
        ref = await self.store.write_document(f"users/x/plan/{name}", plan)
        return MediaPlanned(job=job, spec=spec, plan=ref, chunks=chunks)


@pytest.fixture
def room(database, store) -> Room:
    return Room(database, store)


def make_job(name: str, *, deadline: datetime = datetime(2100, 1, 1, tzinfo=UTC)) -> JobRef:
    job_id = uuid5(ROOT, name)
    return JobRef(job_id=job_id, user_id=ROOT, hold_id=hold_id_of(job_id, 1), deadline_at=deadline)


def spoken(released: ChunkReleased, language: str) -> ChunkSynthesized:
    return ChunkSynthesized(
        job=released.job,
        chunk=released.chunk,
        source_language="en",
        target_language=language,
        speech=REF,
    )


def indices(released: list[ChunkReleased]) -> list[int]:
    return [event.chunk.index for event in released]


async def test_a_plan_releases_its_first_chunks_with_all_they_need(room):
    released = await room.apply(room.opening, await room.planned("a", 5))
    assert indices(released) == [0, 1, 2]
    second = released[1]
    assert second.audio.key == "users/x/chunk/a/1"
    assert second.regions == ((31.0, 58.0),)
    assert (second.source_language, second.target_languages, second.model_size) == ("en", LANGUAGES, "small")


async def test_a_chunk_leaves_when_all_its_languages_are_spoken(room):
    first, *_ = await room.apply(room.opening, await room.planned("a", 5))
    assert await room.apply(room.moving, spoken(first, "es")) == []
    assert indices(await room.apply(room.moving, spoken(first, "fr"))) == [3]


async def test_duplicates_change_nothing(room):
    plan = await room.planned("a", 5)
    first, *_ = await room.apply(room.opening, plan)
    assert await room.apply(room.opening, plan) == []
    await room.apply(room.moving, spoken(first, "es"), spoken(first, "es"))
    assert indices(await room.apply(room.moving, spoken(first, "fr"), spoken(first, "es"))) == [3]
    assert await room.apply(room.moving, spoken(first, "fr"), spoken(first, "es")) == []
    assert await room.rows() == (1, 4)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_releases_every_chunk_once_in_a_bounded_window_and_leaves_no_rows(room, seed):
    rng = random.Random(seed)
    plans = [await room.planned(name, chunks) for name, chunks in (("a", 11), ("b", 4), ("c", 1), ("d", 0))]
    released = await room.apply(room.opening, *plans)
    inside = [spoken(event, language) for event in released for language in LANGUAGES]
    done: list[ChunkSynthesized] = []
    while inside:
        rng.shuffle(inside)
        batch, inside = inside[:3], inside[3:]
        new = await room.apply(room.moving, *batch, *rng.sample(done, min(len(done), 2)))
        done += batch
        released += new
        inside += [spoken(event, language) for event in new for language in LANGUAGES]
        chunks = {(event.job.job_id, event.chunk.index) for event in inside}
        assert max(Counter(job_id for job_id, _ in chunks).values(), default=0) <= SIZE
    assert sorted((str(event.job.job_id), event.chunk.index) for event in released) == sorted(
        (str(plan.job.job_id), index) for plan in plans for index in range(plan.chunks)
    )
    assert await room.rows() == (0, 0)


async def test_a_job_that_ended_releases_nothing_more_and_leaves_no_rows(room):
    first, *_ = await room.apply(room.opening, await room.planned("a", 5))
    other = await room.apply(room.opening, await room.planned("b", 5))
    await room.apply(room.closing, JobCancelled(job=first.job))
    assert await room.apply(room.moving, spoken(first, "es"), spoken(first, "fr")) == []
    assert await room.rows() == (1, 5)
    assert indices(await room.apply(room.moving, *(spoken(other[0], one) for one in LANGUAGES))) == [3]


async def test_windows_past_their_deadline_are_forgotten(room):
    past = datetime.now(UTC) - timedelta(hours=2)
    await room.apply(room.opening, await room.planned("old", 5, deadline=past))
    await room.apply(room.opening, await room.planned("new", 5))
    assert await room.rows() == (1, 5)


async def test_a_damaged_plan_fails_its_own_job_only(room):
    plan = await room.planned("a", 2)
    room.store.objects[plan.plan.key].data = b"{}"
    with pytest.raises(PermanentError, match="damaged"):
        await room.apply(room.opening, plan)
    assert await room.rows() == (0, 0)
