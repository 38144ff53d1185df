"""What was given up on: read back, described, and sent back to who gave it up."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from octavia_common.messaging.codec import job_id_in
from octavia_common.messaging.dead_letters import CUT, GIVEN_UP_AT, PLACE
from octavia_common.messaging.headers import Delivery
from octavia_common.messaging.incoming import Incoming
from octavia_common.settings import ServiceSettings
from octavia_common.topics import DEAD_LETTERS


async def read_letters(settings: ServiceSettings, limit: int) -> list[Incoming]:
    """The newest `limit` dead letters, oldest first."""
    partition = TopicPartition(f"{settings.kafka_prefix}{DEAD_LETTERS.name}", 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([partition])
        first = (await consumer.beginning_offsets([partition]))[partition]
        end = (await consumer.end_offsets([partition]))[partition]
        at = max(first, end - limit)
        consumer.seek(partition, at)
        letters: list[Incoming] = []
        while at < end:
            record = await asyncio.wait_for(consumer.getone(), 30)
            at = record.offset + 1
            letters.append(Incoming.read(record))
        return letters
    finally:
        await consumer.stop()


async def replay_letters(settings: ServiceSettings, offsets: set[int] | None) -> int:
    """Send the letters at `offsets` (None for all kept) back to where they came from."""
    letters = [
        letter
        for letter in await read_letters(settings, limit=1_000_000)
        if (offsets is None or letter.offset in offsets)
        and letter.delivery.origin
        and CUT not in letter.headers
    ]
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), acks="all", enable_idempotence=True
    )
    await producer.start()
    try:
        for letter in letters:
            again = Delivery(meant_for=letter.delivery.meant_for)
            headers = {**letter.headers, **replace(again, first_try=0.0).headers()}
            headers.pop("octavia-first-try", None)
            await producer.send_and_wait(
                letter.delivery.origin,
                letter.body,
                key=letter.key,
                headers=[(key, value.encode()) for key, value in headers.items()],
            )
        return len(letters)
    finally:
        await producer.stop()


def describe(letter: Incoming) -> dict[str, Any]:
    """What a person wants to know of a dead letter."""
    at = letter.headers.get(GIVEN_UP_AT, "0")
    return {
        "offset": letter.offset,
        "at": datetime.fromtimestamp(float(at or 0), UTC).isoformat(timespec="seconds"),
        "consumer": letter.delivery.meant_for,
        "place": letter.headers.get(PLACE, ""),
        "attempts": letter.delivery.attempt,
        "reason": letter.delivery.reason,
        "subject": job_id_in(letter.body),
        "replayable": bool(letter.delivery.origin) and CUT not in letter.headers,
    }
