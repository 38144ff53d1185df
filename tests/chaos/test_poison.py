"""Rubbish on every topic of the running platform: it is put aside, seen, and jobs go on."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from octavia_common.topics import ALL_TOPICS, DEAD_LETTERS
from octavia_local.platform import Platform
from octavia_local.ports import LOOPBACK, http_status

from .conftest import Videos
from .invariants import octavia, settled
from .lag import LagMeter
from .test_scale import job_done

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

RUBBISH = b'{"specversion": "1.0", "type": "octavia.of.tomorrow.v9"}'


def letters(platform: Platform) -> list[dict[str, object]]:
    """What `octavia dlq list` shows."""
    result = octavia(platform, "dlq", "list", "--limit", "1000", "--json")
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def topic_of(letter: dict[str, object]) -> str:
    """From which topic it comes: its place is topic, partition and offset."""
    return str(letter["place"]).rsplit("/", 2)[0]


async def test_rubbish_on_every_topic_stops_nothing(
    platform: Platform, videos: Videos, tmp_path: Path
) -> None:
    meter = LagMeter(platform.environment["KAFKA_BOOTSTRAP_SERVERS"])
    _, before = await job_done(platform, videos.of(2), tmp_path)
    earlier = len(letters(platform))
    consumed = [topic for topic in ALL_TOPICS if topic is not DEAD_LETTERS]
    producer = AIOKafkaProducer(bootstrap_servers=platform.environment["KAFKA_BOOTSTRAP_SERVERS"])
    await producer.start()
    try:
        for topic in consumed:
            await producer.send_and_wait(topic.name, RUBBISH, key=b"poison")
    finally:
        await producer.stop()
    _, after = await job_done(platform, videos.of(2), tmp_path)
    assert after == before
    everywhere = {topic.name for topic in consumed}
    async with asyncio.timeout(60):
        while {topic_of(letter) for letter in letters(platform)[earlier:]} != everywhere:
            await asyncio.sleep(0.5)
    await settled([], meter, within=60)
    found = letters(platform)[earlier:]
    # Each consumer of a topic gives it up for itself, once.
    assert max(Counter((letter["place"], letter["consumer"]) for letter in found).values()) == 1
    assert all(str(letter["reason"]).startswith("undecodable_event") for letter in found)

    # Sent back unmended, each is given up once more, and that is all.
    numbers = [str(letter["offset"]) for letter in found]
    assert octavia(platform, "dlq", "replay", *numbers).stdout == f"{len(found)} sent back\n"
    async with asyncio.timeout(60):
        while len(letters(platform)) < earlier + 2 * len(found):
            await asyncio.sleep(0.5)
    await settled([], meter, within=60)
    assert len(letters(platform)) == earlier + 2 * len(found)
    ports = [service.health_port for service in platform.all()]
    assert {http_status(port, "/healthz", LOOPBACK) for port in ports} == {200}
