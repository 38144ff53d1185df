"""The tables on a real PostgreSQL: claims, hints and endings, by several replicas at once."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from octavia_common.database import Database
from octavia_videogen.domain import steps
from octavia_videogen.domain.rate import MARGIN_SECONDS, RateLimit
from octavia_videogen.domain.records import Outcome, Stage, Task
from octavia_videogen.domain.steps import Rules
from octavia_videogen.providers.base import Sent
from octavia_videogen.repositories.attempts import AttemptRepository
from octavia_videogen.repositories.rates import RateRepository
from octavia_videogen.repositories.tasks import TaskRepository

pytestmark = pytest.mark.integration

TASKS = TaskRepository()
ATTEMPTS = AttemptRepository()
RULES = Rules()


async def claimed(database: Database, stage: Stage, most: int = 100, seconds: float = 60) -> list[Task]:
    return await TASKS.claim(database.pool, stage, None, most=most, lease=uuid4(), seconds=seconds)


async def task_of(database: Database, hold_id: UUID) -> Task:
    async with database.transaction() as connection:
        task = await TASKS.locked(connection, hold_id)
    assert task is not None
    return task


async def put(database: Database, task: Task, wait: float = 0.0) -> None:
    async with database.transaction() as connection:
        await TASKS.write(connection, task, wait=wait)


async def running(database: Database, video: Any, name: str | None = None) -> Task:
    """A task that its provider knows by `name`, due in a minute."""
    await TASKS.add(database.pool, [video.reserved()], "")
    task = await task_of(database, video.hold_id)
    task = replace(task, stage=Stage.RUNNING, provider="kie", provider_task=name or str(video.hold_id))
    await put(database, task, wait=60)
    return task


async def test_a_task_is_claimed_by_one_of_many(database: Database, video_of: Any) -> None:
    videos = [video_of() for _ in range(40)]
    await TASKS.add(database.pool, [video.reserved() for video in videos], "")
    rounds = await asyncio.gather(*(claimed(database, Stage.QUEUED, most=10) for _ in range(8)))
    taken = [task.hold_id for tasks in rounds for task in tasks]
    assert len(taken) == len(set(taken))
    taken += [task.hold_id for task in await claimed(database, Stage.QUEUED)]
    assert set(taken) == {video.hold_id for video in videos}
    assert await claimed(database, Stage.QUEUED) == []


async def test_a_lease_that_runs_out_is_free_again(database: Database, video_of: Any) -> None:
    await TASKS.add(database.pool, [video_of().reserved()], "")
    assert len(await claimed(database, Stage.QUEUED, seconds=0.05)) == 1
    await asyncio.sleep(0.1)
    assert len(await claimed(database, Stage.QUEUED)) == 1


async def test_users_take_turns_in_the_line(database: Database, video_of: Any) -> None:
    many, few = uuid4(), uuid4()
    first = [video_of(user_id=many) for _ in range(5)]
    later = [video_of(user_id=few) for _ in range(2)]
    for video in (*first, *later):
        await TASKS.add(database.pool, [video.reserved()], "")
    tasks = await claimed(database, Stage.QUEUED, most=4)
    assert sorted(task.job.user_id for task in tasks) == sorted([many, many, few, few])


async def test_an_ending_that_overtakes_its_beginning_leaves_nothing_to_do(
    database: Database, video_of: Any
) -> None:
    video = video_of()
    async with database.transaction() as connection:
        assert await TASKS.note_ended(connection, [video.hold_id]) == []
    await TASKS.add(database.pool, [video.reserved()], "")
    assert await claimed(database, Stage.QUEUED) == []


async def test_a_hint_makes_a_running_task_due_at_once(database: Database, video_of: Any) -> None:
    video = video_of()
    await running(database, video, "theirs")
    assert await claimed(database, Stage.RUNNING) == []
    assert await TASKS.hint(database.pool, video.hold_id, "theirs")
    (task,) = await claimed(database, Stage.RUNNING)
    assert task.provider_task == "theirs"


async def test_what_was_called_back_is_looked_at_before_what_is_only_due(
    database: Database, video_of: Any
) -> None:
    first, hinted = [await running(database, video_of()) for _ in range(2)]
    await put(database, first)  # due, and longer than the other will be
    await TASKS.hint(database.pool, hinted.hold_id, None)
    assert [task.hold_id for task in await claimed(database, Stage.RUNNING, most=1)] == [hinted.hold_id]
    assert [task.hold_id for task in await claimed(database, Stage.RUNNING, most=1)] == [first.hold_id]


async def test_a_hint_that_names_another_task_changes_nothing(database: Database, video_of: Any) -> None:
    video, other = video_of(), video_of()
    await running(database, video, "theirs")
    await running(database, other, "anothers")
    assert not await TASKS.hint(database.pool, video.hold_id, "anothers")
    assert not await TASKS.hint(database.pool, video.hold_id, "made-up")
    assert not await TASKS.hint(database.pool, uuid4(), "theirs")
    assert await claimed(database, Stage.RUNNING) == []


async def test_a_hint_without_a_token_finds_its_task_by_name(database: Database, video_of: Any) -> None:
    await running(database, video_of(), "theirs")
    assert await TASKS.hint(database.pool, None, "theirs")
    assert len(await claimed(database, Stage.RUNNING)) == 1


async def test_a_hint_during_a_look_makes_it_look_again(database: Database, video_of: Any) -> None:
    video = video_of()
    task = await running(database, video, "theirs")
    await put(database, task)
    lease = uuid4()
    (began,) = await TASKS.claim(database.pool, Stage.RUNNING, None, most=1, lease=lease, seconds=60)
    await TASKS.hint(database.pool, video.hold_id, "theirs")
    await TASKS.still(database.pool, [(began, lease, 60.0)])
    assert len(await claimed(database, Stage.RUNNING)) == 1


async def test_a_look_that_saw_nothing_new_waits(database: Database, video_of: Any) -> None:
    task = await running(database, video_of())
    await put(database, task)
    lease = uuid4()
    (began,) = await TASKS.claim(database.pool, Stage.RUNNING, None, most=1, lease=lease, seconds=60)
    await TASKS.still(database.pool, [(began, uuid4(), 0.0)])  # another's lease
    assert await claimed(database, Stage.RUNNING) == []
    await TASKS.still(database.pool, [(began, lease, 60.0)])
    assert await claimed(database, Stage.RUNNING) == []
    soon = await TASKS.seconds_to_next(database.pool, Stage.RUNNING, None)
    assert soon is not None
    assert 50 < soon <= 60


async def test_a_lost_order_is_found_by_its_call_back(database: Database, video_of: Any) -> None:
    video = video_of()
    await TASKS.add(database.pool, [video.reserved()], "")
    async with database.transaction() as connection:
        task = await TASKS.locked(connection, video.hold_id)
        assert task is not None
        step = steps.ordering(task, "kie", 1800, 60)
        await ATTEMPTS.begin(connection, video.hold_id, Sent("m"))
        await TASKS.write(connection, step.task, wait=step.wait)
    assert await claimed(database, Stage.ORDERING) == []
    assert not await TASKS.hint(database.pool, uuid4(), "theirs")
    assert await TASKS.hint(database.pool, video.hold_id, "theirs")
    (found,) = await claimed(database, Stage.ORDERING)
    assert found.hinted_task == "theirs"
    step = steps.unanswered(found, RULES, may_return=True, idempotent=False)
    assert (step.task.stage, step.task.provider_task, step.task.adopted) == (Stage.RUNNING, "theirs", True)


async def test_an_order_is_not_sent_while_one_is_unaccounted_for(database: Database, video_of: Any) -> None:
    video = video_of()
    await TASKS.add(database.pool, [video.reserved()], "")
    await ATTEMPTS.begin(database.pool, video.hold_id, Sent("m"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await ATTEMPTS.begin(database.pool, video.hold_id, Sent("m"))


async def test_two_tasks_never_share_a_provider_task(database: Database, video_of: Any) -> None:
    await running(database, video_of(), "theirs")
    with pytest.raises(asyncpg.UniqueViolationError):
        await running(database, video_of(), "theirs")


async def test_the_words_of_the_user_go_when_it_is_over(database: Database, video_of: Any) -> None:
    video = video_of(prompt="Something private")
    task = await running(database, video)
    await ATTEMPTS.begin(database.pool, video.hold_id, Sent("m", {"prompt": "Something private"}))
    await put(database, replace(task, stage=Stage.OVER, outcome=Outcome.GENERATED))
    rows = await database.pool.fetch("SELECT task::text || attempt::text AS all FROM task, attempt")
    assert len(rows) == 1
    assert "private" not in rows[0]["all"]


async def test_what_is_long_over_is_forgotten(database: Database, video_of: Any) -> None:
    task, other = await running(database, video_of()), await running(database, video_of())
    await put(database, replace(task, stage=Stage.OVER))
    await TASKS.prune(database.pool, days=8)
    assert await database.pool.fetchval("SELECT count(*) FROM task") == 2
    await database.pool.execute("UPDATE task SET over_at = over_at - interval '9 days'")
    await TASKS.prune(database.pool, days=8)
    assert await database.pool.fetchval("SELECT array_agg(hold_id) FROM task") == [other.hold_id]


async def test_the_limit_holds_over_replicas(database: Database) -> None:
    limit, rates = RateLimit(20, 10.0), RateRepository()

    async def take() -> bool:
        async with database.transaction() as connection:
            return await rates.take(connection, "kie.orders", limit) is None

    granted = await asyncio.gather(*(take() for _ in range(60)))
    assert sum(granted) == 20
    free, wait = await rates.free(database.pool, "kie.orders", limit)
    assert free == 0
    assert 5 < wait <= 10 + MARGIN_SECONDS
