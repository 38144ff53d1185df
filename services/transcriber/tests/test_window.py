"""The window on a real PostgreSQL: bounded, fair, in order, unmoved by duplicates, empty at the end."""

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
    ChunkHeld,
    ChunkRef,
    ChunkReleased,
    ChunkSynthesized,
    ChunkWritten,
    CloudEvent,
    JobCancelled,
    JobError,
    JobKind,
    JobOptions,
    JobRef,
    JobSpec,
    LanguageFailed,
    MediaPlanned,
    hold_id_of,
)
from octavia_common.migrations import migrate
from octavia_transcriber.window.capacity import units_for
from octavia_transcriber.window.handlers import CloseWindow, DropLanguages, MoveWindow, OpenWindow
from octavia_transcriber.window.repository import LEAST_SHARE, WindowRepository

pytestmark = pytest.mark.integration

LANGUAGES = ("es", "fr")
UNITS = 6
"""Three chunks in both languages."""
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
        self.units = UNITS
        self.opening = OpenWindow(store, repository, self)
        self.moving = MoveWindow(repository, self)
        self.dropping = DropLanguages(repository, self)
        self.closing = CloseWindow(repository, self)

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

    async def planned(
        self,
        name: str,
        chunks: int,
        *,
        languages: tuple[str, ...] = LANGUAGES,
        options: JobOptions | None = None,
        voices: ArtifactRef | None = None,
        speaker: str = "S1",
        **changes,
    ) -> MediaPlanned:
        job = make_job(name, **changes)
        plan = ChunkPlan(
            duration_seconds=30.0 * chunks,
            chunks=tuple(
                PlannedChunk(
                    chunk=ChunkRef(
                        index=n, total=chunks, start=30 * n, end=30 * n + 29, next_speech_start=30 * n + 30
                    ),
                    audio=REF.model_copy(update={"key": f"users/x/chunk/{name}/{n}"}),
                    regions=(SpeechRegion(start=30 * n + 1, end=30 * n + 28, speaker=speaker),),
                )
                for n in range(chunks)
            ),
            voices=voices,
        )
        spec = JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=REF,
            source_filename="talk.mp4",
            duration_seconds=plan.duration_seconds,
            source_language="en",
            target_languages=languages,
            model_size="small",
            options=options or JobOptions(),
        )
        ref = await self.store.write_document(f"users/x/plan/{name}", plan)
        return MediaPlanned(job=job, spec=spec, plan=ref, chunks=chunks)


@pytest.fixture
def room(database, store) -> Room:
    return Room(database, store)


def make_job(
    name: str, *, user: str = "somebody", deadline: datetime = datetime(2100, 1, 1, tzinfo=UTC)
) -> JobRef:
    job_id = uuid5(ROOT, name)
    return JobRef(
        job_id=job_id, user_id=uuid5(ROOT, user), hold_id=hold_id_of(job_id, 1), deadline_at=deadline
    )


def spoken(released: ChunkReleased, language: str) -> ChunkSynthesized:
    return ChunkSynthesized(
        job=released.job,
        chunk=released.chunk,
        source_language="en",
        target_language=language,
        speech=REF,
    )


def held(released: ChunkReleased, language: str | None = None) -> ChunkHeld:
    return ChunkHeld(
        job=released.job,
        chunk=released.chunk,
        source_language="en",
        target_language=language,
        transcript=None if language else REF,
        translation=REF if language else None,
    )


def failed(job: JobRef, language: str) -> LanguageFailed:
    error = JobError(code="unsupported_language", message="No.", stage="translator")
    return LanguageFailed(job=job, target_language=language, error=error)


def indices(released: list[ChunkReleased]) -> list[int]:
    return [event.chunk.index for event in released]


async def test_a_plan_releases_its_first_chunks_with_all_they_need(room):
    released = await room.apply(room.opening, await room.planned("a", 5))
    assert indices(released) == [0, 1, 2]
    second = released[1]
    assert second.audio.key == "users/x/chunk/a/1"
    assert second.regions == ((31.0, 58.0),)
    assert (second.source_language, second.target_languages, second.model_size) == ("en", LANGUAGES, "small")
    assert (second.options, second.voices, second.speakers) == (JobOptions(), None, ())


async def test_wishes_speakers_and_voices_travel_with_every_chunk(room):
    options = JobOptions(style="calm", voices={"S1": "slt"}, clone_voice=True)
    released = await room.apply(
        room.opening, await room.planned("a", 5, options=options, voices=REF, speaker="S2")
    )
    first, *_ = released
    released += await room.apply(room.moving, spoken(first, "es"), spoken(first, "fr"))
    assert len(released) == 4
    for event in released:
        assert (event.options, event.voices, event.speakers) == (options, REF, ("S2",))


async def test_lines_that_are_given_and_never_spoken_travel_and_move_the_window(room):
    planned = await room.planned("a", 4)
    plan = await room.store.read_document(planned.plan, ChunkPlan)
    given = plan.model_copy(
        update={
            "chunks": tuple(
                each.model_copy(update={"transcript": REF, "audio": None}) for each in plan.chunks
            )
        }
    )
    written = planned.model_copy(
        update={
            "spec": planned.spec.model_copy(update={"kind": JobKind.SUBTITLE_TRANSLATE}),
            "plan": await room.store.write_document("users/x/plan/given", given),
        }
    )
    first = await room.apply(room.opening, written)
    assert indices(first) == [0, 1, 2]
    assert all(each.written and each.transcript == REF and each.audio is None for each in first)
    out = [
        ChunkWritten(**spoken(first[0], language).model_dump(exclude={"speech"}), translation=REF)
        for language in LANGUAGES
    ]
    assert indices(await room.apply(room.moving, *out)) == [3]


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
        assert len(inside) <= UNITS
    assert sorted((str(event.job.job_id), event.chunk.index) for event in released) == sorted(
        (str(plan.job.job_id), index) for plan in plans for index in range(plan.chunks)
    )
    assert await room.rows() == (0, 0)


async def test_a_job_that_ended_releases_nothing_more_and_leaves_no_rows(room):
    first, *_ = await room.apply(room.opening, await room.planned("a", 5))
    assert await room.apply(room.opening, await room.planned("b", 5)) == []
    other = await room.apply(room.closing, JobCancelled(job=first.job))
    assert [event.job.job_id for event in other] == [uuid5(ROOT, "b")] * 3, "its room is the other job's"
    assert await room.apply(room.moving, spoken(first, "es"), spoken(first, "fr")) == []
    assert await room.rows() == (1, 5)
    assert indices(await room.apply(room.moving, *(spoken(other[0], one) for one in LANGUAGES))) == [3]


async def test_a_plan_that_comes_after_its_job_has_ended_opens_nothing(room):
    late = await room.planned("a", 5)
    await room.apply(room.closing, JobCancelled(job=late.job))
    assert await room.apply(room.opening, late) == []
    assert await room.rows() == (0, 0)


async def test_a_small_job_of_another_user_is_let_in_at_once_though_the_stages_are_full(room):
    large = await room.apply(room.opening, await room.planned("large", 400, languages=("es",), user="large"))
    assert len(large) == UNITS
    small = await room.apply(room.opening, await room.planned("small", 1, languages=("es",), user="small"))
    assert indices(small) == [0]
    # The large one makes room for it again: one comes out, none goes in.
    assert await room.apply(room.moving, spoken(large[0], "es")) == []
    assert indices(await room.apply(room.moving, spoken(large[1], "es"))) == [UNITS]
    await room.apply(room.moving, spoken(small[0], "es"))
    # With the small one gone it has all of it.
    assert indices(await room.apply(room.moving, spoken(large[2], "es"))) == [UNITS + 1, UNITS + 2]


async def test_what_small_demands_leave_is_shared_out_equally_among_the_others(room):
    room.units = 13
    sizes = {"one": 1, "two": 2, "many": 50, "more": 70}
    plans = [await room.planned(name, chunks, languages=("es",), user=name) for name, chunks in sizes.items()]
    released = await room.apply(room.opening, *plans)
    counts = Counter(event.job.job_id for event in released)
    assert {name: counts[uuid5(ROOT, name)] for name in sizes} == {"one": 1, "two": 2, "many": 5, "more": 5}


async def test_everybody_may_have_a_little_however_many_there_are(room):
    plans = [await room.planned(f"j{n}", 9, languages=("es",), user=f"u{n}") for n in range(10)]
    released = await room.apply(room.opening, *plans)
    assert set(Counter(event.job.user_id for event in released).values()) == {LEAST_SHARE}


async def test_among_the_jobs_of_one_user_the_one_with_least_inside_is_next(room):
    large = await room.apply(room.opening, await room.planned("large", 400))
    assert await room.apply(room.opening, await room.planned("small", 1)) == []
    [small] = await room.apply(room.moving, *(spoken(large[0], language) for language in LANGUAGES))
    assert small.job.job_id == uuid5(ROOT, "small")


async def test_a_chunk_in_more_languages_than_there_is_room_goes_alone(room):
    room.units = 2
    languages = tuple(f"l{n}" for n in range(5))
    released = await room.apply(room.opening, await room.planned("a", 3, languages=languages))
    assert indices(released) == [0]
    assert await room.apply(room.moving, *(spoken(released[0], one) for one in languages[:4])) == []
    assert indices(await room.apply(room.moving, spoken(released[0], languages[4]))) == [1]


@pytest.mark.parametrize(
    ("workers", "units"), [((0, 0, 0), 4), ((1, 1, 1), 4), ((8, 8, 8), 32), ((1, 2, 5), 13)]
)
def test_the_room_is_what_keeps_the_workers_busy(workers, units):
    assert units_for(workers) == units


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


async def test_a_language_that_fails_holds_no_room_and_is_asked_for_no_more(room):
    first, second, _ = await room.apply(room.opening, await room.planned("a", 8))
    await room.apply(room.moving, spoken(second, "es"))
    # Of six units three were of the language that failed, and one is spoken: two are left inside.
    released = await room.apply(room.dropping, failed(first.job, "fr"), failed(first.job, "fr"))
    assert indices(released) == [3, 4, 5, 6]
    assert {event.target_languages for event in released} == {("es",)}
    assert await room.apply(room.dropping, failed(first.job, "fr")) == []
    # What comes out of it all the same moves nothing.
    assert await room.apply(room.moving, spoken(first, "fr")) == []
    assert indices(await room.apply(room.moving, spoken(first, "es"))) == [7]
    await room.apply(room.moving, *(spoken(event, "es") for event in released))
    assert await room.rows() == (1, 2), "the third, and the last"


async def test_a_job_whose_last_language_fails_leaves_no_rows_and_its_room_to_others(room):
    first, *_ = await room.apply(room.opening, await room.planned("a", 5))
    assert await room.apply(room.opening, await room.planned("b", 5)) == []
    released = await room.apply(room.dropping, failed(first.job, "es"), failed(first.job, "fr"))
    assert indices(released) == [0, 1, 2]
    assert await room.rows() == (1, 5)


async def test_chunks_that_wait_for_a_person_take_no_room(room):
    plan = await room.planned("a", 9, options=JobOptions(review="transcript"))
    released, seen = await room.apply(room.opening, plan), 0
    while released:
        seen += len(released)
        assert len(released) <= UNITS / len(LANGUAGES)
        released = await room.apply(room.moving, *map(held, released))
    assert seen == 9
    assert await room.rows() == (0, 0)


async def test_a_translation_that_waits_makes_room_for_its_own_language(room):
    first, *_ = await room.apply(room.opening, await room.planned("a", 5))
    assert await room.apply(room.moving, held(first, "es"), held(first, "es")) == []
    assert indices(await room.apply(room.moving, held(first, "fr"))) == [3]


async def test_a_released_job_goes_through_the_window_again_whatever_is_told_late(room):
    plan = await room.planned("a", 5, languages=("es",))
    first = await room.apply(room.opening, plan)
    second = await room.apply(room.moving, *(held(event) for event in first))
    again = plan.model_copy(update={"released": True})
    # All were held, but the window has not heard of the last ones yet.
    released = await room.apply(room.opening, again)
    assert indices(released) == [0, 1, 2, 3, 4]
    assert await room.apply(room.moving, *(held(event) for event in second)) == []
    assert await room.rows() == (1, 5)
    await room.apply(room.moving, *(spoken(event, "es") for event in released))
    assert await room.rows() == (0, 0)
