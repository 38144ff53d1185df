"""Broken events: none stops its partition or spins, each can be seen and replayed, and too many stop it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from octavia_common import topics
from octavia_common.errors import TransientError
from octavia_common.events import ChunkReleased, CloudEvent, EventData, JobRef, UserRegistered
from octavia_common.messaging.codec import encode
from octavia_common.messaging.handlers import Work
from octavia_common.messaging.kept_letters import describe, read_letters, replay_letters
from octavia_common.service import ServiceRuntime
from octavia_common.settings import ServiceSettings
from octavia_common.topics import Topic

from .conftest import Kafka, a_chunk

pytestmark = pytest.mark.integration

STAGES = (
    topics.CREDITS_RESERVED,
    topics.CHUNKS_RELEASED,
    topics.CHUNKS_TRANSCRIBED,
    topics.CHUNKS_TRANSLATED,
    topics.ASSEMBLY_REQUESTED,
)


class Reader:
    """The consumer of one topic whose events have a body that an old version cannot read."""

    def __init__(self) -> None:
        self.fixed = False
        self.seen: list[str] = []
        self.tries = 0

    def look_at(self, event: CloudEvent[Any]) -> None:
        self.tries += 1
        if event.data.mark == "poison" and not self.fixed:
            raise ValueError("a bug that poison brings out")
        self.seen.append(event.data.mark)


class Staged(Reader):
    async def handle(self, event: CloudEvent[Any], _: Work) -> Sequence[EventData]:
        self.look_at(event)
        return []


class Transacted(Reader):
    async def handle(self, _: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        for event in events:
            self.look_at(event)
        return []


class Marked(EventData):
    """An event for any topic."""

    TYPE = "octavia.testing.marked.v1"
    mark: str

    def identity(self) -> tuple[str, ...]:
        return (self.mark,)

    def subject(self) -> str:
        return self.mark


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the codec know the event of these tests."""
    monkeypatch.setitem(topics._KIND_OF, Marked.TYPE, Marked)


def also_marked(topic: Topic) -> Topic:
    return Topic(topic.name, topic.partitions, (*topic.carries, Marked))


async def eventually(check: Callable[[], bool], *, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.05)


async def test_poison_in_every_topic_is_put_aside_listed_and_replayed(
    settings: ServiceSettings, kafka: Kafka, marked: None
) -> None:
    readers: dict[str, Reader] = {}
    runtime = ServiceRuntime("transcriber", settings, schema="testing")
    for topic in topics.EVENT_TOPICS:
        staged, transacted = Staged(), Transacted()
        readers[f"stage.{topic.name}"], readers[f"tables.{topic.name}"] = staged, transacted
        if topic in STAGES:
            runtime.add_stage(also_marked(topic), Marked, staged, name=f"stage.{topic.name}")
            del readers[f"tables.{topic.name}"]
        else:
            runtime.add_transactional({also_marked(topic): transacted}, name=f"tables.{topic.name}")
            del readers[f"stage.{topic.name}"]
    rubbish = {topic.name: f"rubbish of {topic.name}".encode() for topic in topics.ALL_TOPICS}
    parked = [topics.retry_topic("transcriber")]
    async with runtime:
        for topic in (*topics.EVENT_TOPICS, *parked):
            await kafka.send_raw(topic, rubbish[topic.name])
        for topic in topics.EVENT_TOPICS:
            for mark in ("before", "poison", "behind"):
                await kafka.send_raw(topic, encode(Marked(mark=mark), service="test"))
        await eventually(lambda: all({"before", "behind"} <= set(each.seen) for each in readers.values()))
        expected = 2 * len(topics.EVENT_TOPICS) + len(parked)
        await kafka.read_raw(topics.DEAD_LETTERS, count=expected)
        letters = await read_letters(settings, 1000)
        rows = [describe(letter) for letter in letters]
        assert len(rows) == expected
        for topic in (*topics.EVENT_TOPICS, *parked):
            place = f"{settings.kafka_prefix}{topic.name}/"
            found = [row["reason"].partition(":")[0] for row in rows if row["place"].startswith(place)]
            handled = [] if topic in parked else ["retries_exhausted", "handler_failed"]
            assert "undecodable_event" in found, topic
            assert len(found) == 1 + bool(handled), topic
            assert set(found) - {"undecodable_event"} <= set(handled), topic
        assert not runtime.health.troubles()
        # It does not spin: so many tries and no more, though the consumers are still there.
        tries = {name: reader.tries for name, reader in readers.items()}
        assert max(tries.values()) <= 3 + settings.retry_attempts + 2
        for reader in readers.values():
            reader.fixed = True
        poisoned = {letter.offset for letter in letters if b"rubbish" not in letter.body}
        assert await replay_letters(settings, poisoned) == len(topics.EVENT_TOPICS)
        await eventually(lambda: all("poison" in reader.seen for reader in readers.values()))
        assert {reader.seen.count("poison") for reader in readers.values()} == {1}
    assert await kafka.count(topics.DEAD_LETTERS) == expected


@pytest.mark.parametrize("kind", ["stage", "tables"])
async def test_too_much_poison_stops_the_consumer_and_leaves_the_topic(
    settings: ServiceSettings, kafka: Kafka, marked: None, kind: str
) -> None:
    settings = settings.model_copy(update={"poison_allowed": 3, "poison_most_share": 0.5})
    events, letters = 20, 3
    for number in range(events):
        await kafka.send_raw(topics.CREDITS_PRICES, f"rubbish {number}".encode())

    def consuming(reader: Staged | Transacted) -> ServiceRuntime:
        made = ServiceRuntime("transcriber", settings, schema="testing")
        topic = also_marked(topics.CREDITS_PRICES)
        if isinstance(reader, Staged):
            made.add_stage(topic, Marked, reader, name="poisoned")
        else:
            made.add_transactional({topic: reader}, name="poisoned")
        return made

    def reader() -> Staged | Transacted:
        return Staged() if kind == "stage" else Transacted()

    async with consuming(reader()) as stopped:
        await eventually(lambda: bool(stopped.health.troubles()))
        [trouble] = stopped.health.troubles()
        assert "poisoned: stopped, 3 of its last 3 events became dead letters" in trouble
        assert await kafka.count(topics.DEAD_LETTERS) == letters
        await asyncio.sleep(1)
        assert await kafka.count(topics.DEAD_LETTERS) == letters
    # The operator mends it (here: allows it), and all that was left in the topic is worked on.
    settings = settings.model_copy(update={"poison_allowed": 1000})
    async with consuming(mended := reader()) as running:
        await kafka.send_raw(topics.CREDITS_PRICES, encode(Marked(mark="behind"), service="test"))
        await eventually(lambda: mended.seen == ["behind"])
        assert not running.health.troubles()
    # Nothing was passed over. Those that came again were not acknowledged when it stopped.
    bodies = {letter.body for letter in await read_letters(settings, 1000)}
    assert bodies == {f"rubbish {number}".encode() for number in range(events)}


async def test_a_handlers_transient_trouble_is_waited_out_in_sight_and_not_for_ever(
    settings: ServiceSettings, kafka: Kafka, marked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octavia_common.messaging.progress.PATIENCE_SECONDS", 0.5)
    settings = settings.model_copy(update={"retry_max_age_seconds": 4.0})
    seen: list[str] = []

    class StoreIsAway:
        async def handle(self, _: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
            for event in events:
                if event.data.mark == "needs it":
                    raise TransientError("The store is away.")
                seen.append(event.data.mark)
            return []

    runtime = ServiceRuntime("tester", settings, schema="testing")
    runtime.add_transactional({also_marked(topics.CREDITS_PRICES): StoreIsAway()}, name="tester.waits")
    async with runtime:
        for mark in ("needs it", "does not"):
            await kafka.send_raw(topics.CREDITS_PRICES, encode(Marked(mark=mark), service="test"))
        async with asyncio.timeout(20):
            while "The store is away" not in (await runtime.health.unready()).get("tester.waits", ""):
                await asyncio.sleep(0.05)
        [letter] = await kafka.read_raw(topics.DEAD_LETTERS, count=1)
        assert b"needs it" in letter.value
        await eventually(lambda: "does not" in seen)
        assert not await runtime.health.unready()


async def test_a_value_that_no_column_holds_is_no_trouble_of_the_database(
    settings: ServiceSettings, kafka: Kafka, marked: None
) -> None:
    """asyncpg calls both an InterfaceError; waiting for the database would stop the partition for ever."""

    class Counts:
        async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
            for event in events:
                await connection.fetchval("SELECT $1::int", int(event.data.mark))
            return [UserRegistered(user_id=uuid4()) for _ in events]

    runtime = ServiceRuntime("tester", settings, schema="testing")
    runtime.add_transactional({also_marked(topics.CREDITS_PRICES): Counts()}, name="tester.counts")
    async with runtime:
        for mark in (str(2**40), "1"):
            await kafka.send_raw(topics.CREDITS_PRICES, encode(Marked(mark=mark), service="test"))
        await kafka.read(topics.USERS_REGISTERED, count=1)
        [letter] = await kafka.read_raw(topics.DEAD_LETTERS, count=1)
        assert str(2**40).encode() in letter.value


@pytest.mark.parametrize("origin", ["no.such.topic", "transcriber.retry", ""])
async def test_a_retry_that_leads_nowhere_is_a_dead_letter(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef], marked: None, origin: str
) -> None:
    reader = Staged()
    runtime = ServiceRuntime("transcriber", settings)
    runtime.add_stage(topics.CHUNKS_RELEASED, ChunkReleased, reader, name="transcriber")
    parked = topics.retry_topic("transcriber")
    origin = origin and settings.kafka_prefix + origin
    async with runtime:
        headers = [("octavia-origin", origin.encode()), ("octavia-attempt", b"inf")]
        await kafka.send_raw(parked, encode(a_chunk(new_job()), service="test"), headers)
        [row] = await kafka.read_raw(topics.DEAD_LETTERS, count=1)
        assert dict(row.headers)["octavia-reason"].startswith(b"undecodable_event")


async def test_an_event_too_large_for_the_dead_letters_is_kept_in_part(
    settings: ServiceSettings, kafka: Kafka, marked: None
) -> None:
    reader = Transacted()
    runtime = ServiceRuntime("tester", settings, schema="testing")
    runtime.add_transactional({also_marked(topics.CREDITS_PRICES): reader}, name="tester.large")
    async with runtime:
        body = b"x" * (1024 * 1024 - 200)  # with the headers that say why, it is past Kafka's limit
        await kafka.send_raw(topics.CREDITS_PRICES, body)
        await kafka.send_raw(topics.CREDITS_PRICES, encode(Marked(mark="behind"), service="test"))
        await eventually(lambda: reader.seen == ["behind"])
        await kafka.read_raw(topics.DEAD_LETTERS, count=1)
        [letter] = await read_letters(settings, 10)
        row = describe(letter)
        assert row["place"].startswith(f"{settings.kafka_prefix}credits.prices/")
        assert not row["replayable"]
        assert await replay_letters(settings, None) == 0


async def test_an_effect_whose_event_is_too_large_is_given_up_before_the_relay_has_it(
    settings: ServiceSettings, kafka: Kafka, marked: None
) -> None:
    class Talkative:
        async def handle(self, _: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
            if any(event.data.mark == "too much" for event in events):
                return [Marked(mark="x" * 2**20)]
            return [UserRegistered(user_id=uuid4()) for _ in events]

    runtime = ServiceRuntime("tester", settings, schema="testing")
    runtime.add_transactional({also_marked(topics.CREDITS_PRICES): Talkative()}, name="tester.talks")
    async with runtime:
        for mark in ("too much", "enough"):
            await kafka.send_raw(topics.CREDITS_PRICES, encode(Marked(mark=mark), service="test"))
        await kafka.read(topics.USERS_REGISTERED, count=1)
        [letter] = await kafka.read_raw(topics.DEAD_LETTERS, count=1)
        assert b"too much" in letter.value
