"""The join against real PostgreSQL: any order, duplicates, races; each conclusion drawn once."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from octavia_assembler.join.handlers import ForgetRuns, JoinChunks, JoinLanguages, JoinPlans
from octavia_common.database import Database
from octavia_common.events import (
    AssemblyRequested,
    ChunkSynthesized,
    ChunkWritten,
    CloudEvent,
    CreditsCaptured,
    EventData,
    JobAssembled,
    JobFailed,
    MediaPlanned,
)
from octavia_common.migrations import migrate, migrations_of_installed_services

pytestmark = pytest.mark.integration


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await asyncio.to_thread(
        migrate, database_url, "assembler", migrations_of_installed_services()["assembler"]
    )
    database = Database(database_url, schema="assembler", pool_size=6)
    await database.open()
    yield database
    await database.close()


async def apply(database: Database, *events: EventData) -> list[EventData]:
    """Hand events of one topic to their handler, in one transaction."""
    handler: Any = {
        MediaPlanned: JoinPlans,
        ChunkSynthesized: JoinChunks,
        ChunkWritten: JoinChunks,
        CreditsCaptured: ForgetRuns,
    }.get(type(events[0]), JoinLanguages)()
    wrapped = [CloudEvent.wrap(event, service="test") for event in events]
    async with database.transaction() as connection:
        return list(await handler.handle(connection, wrapped))


async def rows(database: Database) -> int:
    return sum(
        [await database.pool.fetchval(f"SELECT count(*) FROM {t}") for t in ("run", "chunk", "language")]
    )


def requests(events: Sequence[EventData]) -> list[tuple[str, list[str]]]:
    return sorted(
        (event.target_language, [ref.key for ref in event.speech])
        for event in events
        if isinstance(event, AssemblyRequested)
    )


async def test_any_order_with_duplicates_requests_each_language_once_in_chunk_order(
    database: Database, run_of: Callable[..., Any]
) -> None:
    for seed in range(12):
        await deliver_in_disorder(database, run_of, random.Random(seed))


async def deliver_in_disorder(database: Database, run_of: Callable[..., Any], draw: random.Random) -> None:
    runs = [run_of(languages=("fr", "es"), chunks=draw.randint(1, 5)) for _ in range(3)]
    events: list[EventData] = [event for run in runs for event in [run.planned(), *run.all_spoken()]]
    events += draw.sample(events, k=len(events) // 2)
    draw.shuffle(events)
    produced: list[EventData] = []
    while events:
        batch = [events.pop()]
        while events and type(events[-1]) is type(batch[0]) and draw.random() < 0.7:
            batch.append(events.pop())
        produced += await apply(database, *batch)
    for run in runs:
        own = [event for event in produced if event.subject() == str(run.job_id)]
        assert requests(own) == [
            (language, [f"users/u/speech/{language}/{index}" for index in range(run.chunks)])
            for language in ("es", "fr")
        ]
    assert len(produced) == 6


async def test_nothing_is_requested_before_the_last_chunk(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(chunks=3)
    assert await apply(database, run.spoken(2), run.spoken(0)) == []
    assert await apply(database, run.planned()) == []
    (event,) = await apply(database, run.spoken(1))
    assert isinstance(event, AssemblyRequested)
    assert (event.spec, event.plan, event.job) == (run.spec, run.planned().plan, event.job)


async def test_chunks_that_are_only_written_complete_their_language_with_their_translations(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(chunks=2)
    written = [
        ChunkWritten(
            **spoken.model_dump(exclude={"speech", "written"}), written=True, translation=spoken.speech
        )
        for spoken in (run.spoken(1), run.spoken(0))
    ]
    assert await apply(database, run.planned()) == []
    assert await apply(database, written[0]) == []
    (event,) = await apply(database, written[1])
    assert isinstance(event, AssemblyRequested)
    assert event.speech == (written[1].translation, written[0].translation)


async def test_a_source_without_speech_is_assembled_at_once_in_the_order_asked_for(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("fr", "es", "ca"), chunks=0)
    produced = await apply(database, run.planned())
    assert [(event.target_language, event.speech) for event in produced] == [
        ("fr", ()),
        ("es", ()),
        ("ca", ()),
    ]
    assert await apply(database, run.planned()) == []


async def test_processes_that_bring_the_last_pieces_at_once_request_exactly_once(
    database: Database, run_of: Callable[..., Any]
) -> None:
    for _ in range(20):
        run = run_of(chunks=2)
        last: list[EventData] = [run.planned(), run.spoken(0), run.spoken(1)]
        produced = await asyncio.gather(*(apply(database, event) for event in last))
        assert sum(len(events) for events in produced) == 1


async def test_the_second_of_two_open_transactions_sees_what_the_first_has_written(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(chunks=1)
    plan = CloudEvent.wrap(run.planned(), service="test")
    async with database.transaction() as first:
        assert await JoinPlans().handle(first, [plan]) == []
        second = asyncio.create_task(apply(database, run.spoken(0)))
        await asyncio.sleep(0.1)
        assert not second.done(), "the second must wait for the first: both hold half of the truth"
    assert len(await second) == 1


async def test_batches_that_touch_the_same_runs_in_other_orders_do_not_deadlock(
    database: Database, run_of: Callable[..., Any]
) -> None:
    runs = [run_of(chunks=2) for _ in range(20)]
    produced = await asyncio.gather(
        apply(database, *(run.planned() for run in runs)),
        apply(database, *(run.spoken(0) for run in reversed(runs))),
        apply(database, *(run.spoken(1) for run in random.Random(1).sample(runs, k=20))),
    )
    assert sum(len(events) for events in produced) == 20


async def test_the_last_language_finishes_the_job_with_all_outputs(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("fr", "es"), chunks=0)
    await apply(database, run.planned())
    assert await apply(database, run.assembled("es"), run.assembled("es")) == []
    (finished,) = await apply(database, run.assembled("fr"))
    assert isinstance(finished, JobAssembled)
    assert [(each.target_language, each.media.key) for each in finished.outputs] == [
        ("fr", "users/u/media/fr"),
        ("es", "users/u/media/es"),
    ]
    assert await apply(database, run.assembled("fr")) == []


async def test_two_processes_with_the_last_two_languages_finish_the_job_once(
    database: Database, run_of: Callable[..., Any]
) -> None:
    for _ in range(10):
        run = run_of(languages=("fr", "es"), chunks=0)
        await apply(database, run.planned())
        produced = await asyncio.gather(
            apply(database, run.assembled("fr")), apply(database, run.assembled("es"))
        )
        assert sum(len(events) for events in produced) == 1


async def test_a_language_that_fails_leaves_the_others_theirs(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("fr", "es", "de"), chunks=2)
    await apply(database, run.planned())
    assert await apply(database, run.failed("es"), run.failed("es", "later")) == []
    requested = await apply(database, *run.all_spoken())
    assert requests(requested) == [
        (language, [f"users/u/speech/{language}/{index}" for index in range(2)]) for language in ("de", "fr")
    ], "nothing is put together of a language that has failed"
    assert await apply(database, run.assembled("de")) == []
    (ended,) = await apply(database, run.assembled("fr"))
    assert isinstance(ended, JobAssembled)
    assert [each.target_language for each in ended.outputs] == ["fr", "de"]
    assert [(each.target_language, each.error.code) for each in ended.failed] == [
        ("es", "unsupported_language")
    ]
    assert await apply(database, run.failed("es")) == []


async def test_a_job_of_which_no_language_can_be_made_fails_once(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("fr", "es"), chunks=1)
    await apply(database, run.planned())
    assert await apply(database, run.failed("es", "second")) == []
    (ended,) = await apply(database, run.failed("fr", "first"))
    assert isinstance(ended, JobFailed)
    assert ended.error.code == "first", "told by the first language that was asked for"
    assert await apply(database, run.assembled("fr"), run.failed("fr")) == []


async def test_each_language_ends_once_in_any_order_of_all_that_is_told(
    database: Database, run_of: Callable[..., Any]
) -> None:
    for seed in range(30):
        draw = random.Random(seed)
        languages = ("fr", "es", "de")[: draw.randint(1, 3)]
        run = run_of(languages=languages, chunks=draw.randint(0, 2))
        failing = {language for language in languages if draw.random() < 0.5}
        waiting: list[EventData] = [run.planned(), *run.all_spoken(), *map(run.failed, failing)]
        waiting += draw.sample(waiting, k=len(waiting) // 2)
        produced: list[EventData] = []
        while waiting:
            told = await apply(database, waiting.pop(draw.randrange(len(waiting))))
            produced += told
            # What is asked for is put together, whether or not its language has failed meanwhile.
            waiting += [run.assembled(each.target_language) for each in told if requests([each])]
        endings = [each for each in produced if isinstance(each, JobAssembled | JobFailed)]
        assert len(endings) == 1
        if isinstance(endings[0], JobFailed):
            assert failing == set(languages)
            continue
        made = [each.target_language for each in endings[0].outputs]
        missing = [each.target_language for each in endings[0].failed]
        assert sorted([*made, *missing]) == sorted(languages)
        assert set(missing) <= failing, "who was finished first stays finished"
        assert set(languages) - failing <= set(made)


async def test_a_rendering_that_fails_is_forgotten_and_ends_no_job(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(chunks=1)
    await apply(database, run.planned().model_copy(update={"render": True}))
    assert await apply(database, run.failed("es")) == []
    assert await rows(database) == 0


async def test_the_plan_behind_a_review_changes_nothing_here(
    database: Database, run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("fr", "es"), chunks=1)
    await apply(database, run.planned())
    await apply(database, run.failed("fr"))
    rest = run.spec.model_copy(update={"target_languages": ("es",)})
    again = run.planned().model_copy(update={"released": True, "spec": rest})
    assert await apply(database, again) == []
    await apply(database, run.spoken(0, "es"))
    (ended,) = await apply(database, run.assembled("es"))
    assert isinstance(ended, JobAssembled)
    assert len(ended.failed) == 1


async def test_a_resolved_run_leaves_nothing_behind(database: Database, run_of: Callable[..., Any]) -> None:
    run, other = run_of(chunks=2), run_of(chunks=2)
    for each in (run, other):
        await apply(database, each.planned())
        await apply(database, *each.all_spoken())
    before = await rows(database)
    assert await apply(database, CreditsCaptured(job=run.job, amount=10)) == []
    assert await rows(database) == before // 2
    assert await apply(database, run.assembled("es")) == [], "a late language revives nothing"
    assert await rows(database) == before // 2


async def test_rows_that_a_late_chunk_left_behind_go_with_time(
    database: Database, run_of: Callable[..., Any]
) -> None:
    stray, run = run_of(), run_of()
    await apply(database, stray.spoken(0))
    await database.pool.execute("UPDATE run SET created_at = now() - interval '9 days'")
    await apply(database, run.spoken(0))
    await apply(database, CreditsCaptured(job=run_of().job, amount=10))
    assert await database.pool.fetch("SELECT hold_id FROM run") == [(run.hold_id,)]
