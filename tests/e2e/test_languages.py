"""Languages of a job end each for itself, and can be added later, on the real platform."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from octavia_common import topics
from octavia_common.events import EnginePublished
from octavia_common.messaging.codec import encode
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples import measure
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE

from .conftest import eventually
from .ledger import lines_of, verify_ledger
from .test_dub import engine_calls

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MISSING = "de"
"""A language that the offline translator does not have."""


async def test_a_language_that_cannot_be_made_leaves_the_others_theirs_and_its_credits_come_back(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:2])
    file_id = (await api.upload(source))["file_id"]
    async with claiming(platform, MISSING):

        async def is_offered() -> bool:
            offered = await api.call("GET", "/api/v1/capabilities")
            return any(MISSING in each["targets"] for each in offered["sources"])

        await eventually(is_offered, timeout=30)
        job = await api.create(file_id, "es", MISSING)
    before = (await api.credits())["available"]
    price = job["quote"]["credits"] // 2
    await api.process(job["id"])
    done = await api.wait(job["id"])

    assert done["status"] == "partially_completed", done
    assert done["progress_percentage"] == 100
    assert [each["language"] for each in done["outputs"]] == ["es"]
    (failed,) = done["failed_languages"]
    assert (failed["language"], failed["error_code"]) == (MISSING, "unsupported_language")
    assert done["credits_charged"] == price

    async def is_settled() -> bool:
        balance = await api.credits()
        return (balance["available"], balance["held"]) == (before - price, 0)

    await eventually(is_settled, timeout=30)
    assert await lines_of(api, job["id"]) == Counter(reserve=1, capture=1, release=1)
    dub = await api.download(job["id"], "es", tmp_path / "es.mp4")
    assert measure.packet_digests(dub) == measure.packet_digests(source)
    verify_ledger(platform)


async def test_a_language_is_added_later_and_nothing_that_exists_is_done_again(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:2])
    job = await api.create((await api.upload(source))["file_id"], "es")
    await api.process(job["id"])
    assert (await api.wait(job["id"]))["status"] == "completed"
    first = (await api.download(job["id"], "es", tmp_path / "es.mp4")).read_bytes()
    calls = {name: engine_calls(platform, name) for name in ("transcriber", "translator")}

    added = await api.call(
        "POST", f"/api/v1/jobs/{job['id']}/languages", json={"target_languages": ["es", "ca"]}
    )
    assert [each["language"] for each in added["outputs"]] == ["es"], "it can be downloaded meanwhile"
    assert (await api.download(job["id"], "es", tmp_path / "es.mp4")).read_bytes() == first
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    assert [each["language"] for each in done["outputs"]] == ["es", "ca"]
    assert engine_calls(platform, "transcriber") == calls["transcriber"]
    assert engine_calls(platform, "translator") - calls["translator"] == 1, "one chunk, in one language"
    assert (await api.download(job["id"], "es", tmp_path / "es.mp4")).read_bytes() == first
    dub = await api.download(job["id"], "ca", tmp_path / "ca.mp4")
    assert measure.packet_digests(dub) == measure.packet_digests(source)
    assert done["credits_charged"] == 2 * job["quote"]["credits"]

    async def is_settled() -> bool:
        return await lines_of(api, job["id"]) == Counter(reserve=2, capture=2)

    await eventually(is_settled, timeout=30)
    verify_ledger(platform)


@asynccontextmanager
async def claiming(platform: Platform, language: str) -> AsyncIterator[None]:
    """While it lasts, the translator is said to have one language more than it has."""
    told = await _translator(platform)
    assert told.pairs is not None
    pairs = {name: (*targets, language) for name, targets in told.pairs.items()}
    await _tell(platform, told.model_copy(update={"pairs": pairs}))
    try:
        yield
    finally:
        await _tell(platform, told)


async def _translator(platform: Platform) -> EnginePublished:
    connection: Any = await asyncpg.connect(platform.environment["DATABASE_URL"])
    try:
        stored = await connection.fetchval("SELECT engine FROM gateway.engines WHERE kind = 'translator'")
    finally:
        await connection.close()
    return EnginePublished.model_validate_json(stored)


async def _tell(platform: Platform, engine: EnginePublished) -> None:
    fresh = engine.model_copy(update={"published_at": datetime.now(UTC)})
    topic = f"{platform.environment['KAFKA_PREFIX']}{topics.ENGINES_PUBLISHED.name}"
    producer = AIOKafkaProducer(bootstrap_servers=platform.environment["KAFKA_BOOTSTRAP_SERVERS"])
    await producer.start()
    try:
        await producer.send_and_wait(topic, encode(fresh, service="test"), key=b"translator")
    finally:
        await producer.stop()
