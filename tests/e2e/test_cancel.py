"""Cancel in every phase: released once, nothing more is emitted, and workers go on to other jobs."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from octavia_common.messaging.codec import decode
from octavia_common.topics import EVENT_TOPICS
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform

from .conftest import eventually
from .ledger import assert_paid_once, assert_refunded_once, lines_of, verify_ledger
from .media import speech_clip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

WORKERS = {
    "TRANSCRIBING": "transcriber",
    "TRANSLATING": "translator",
    "SYNTHESIZING": "synthesizer",
    "ASSEMBLING": "assembler",
}
"""Who works in a phase."""


@pytest.fixture(scope="module", autouse=True)
def _books(paced: Platform) -> Iterator[None]:
    """Whatever these tests do to the platform, its ledger is in order after them."""
    yield
    verify_ledger(paced)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speech_clip(tmp_path_factory.mktemp("cancel") / "talk.mp4", lines=12)


async def events_of(job_id: str, bootstrap: str) -> list[str]:
    """The types of all events of a job on all topics, as they are now."""
    names = [topic.name for topic in EVENT_TOPICS]
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        assert {partition.topic for partition in ends} == set(names)
        left = {partition for partition, end in ends.items() if end > 0}
        found = []
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                events = [decode(record.value) for record in records]
                found.extend(event.type for event in events if event.subject == job_id)
                if records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
        return sorted(found)
    finally:
        await consumer.stop()


@pytest.mark.parametrize("phase", WORKERS)
async def test_cancel_while(paced: Platform, paced_api: Api, clip: Path, phase: str) -> None:
    job = await paced_api.create((await paced_api.upload(clip))["file_id"], "es")

    async def reached() -> bool:
        now = await paced_api.job(job["id"])
        assert now["status"] not in ("failed", "completed"), now
        return bool(now["phase"] == phase)

    # Held in its phase until that is seen: a short one may pass between two looks.
    paced.signal(WORKERS[phase], signal.SIGSTOP)
    try:
        await paced_api.process(job["id"])
        await eventually(reached, timeout=60)
    finally:
        paced.signal(WORKERS[phase], signal.SIGCONT)
    try:
        await paced_api.call("POST", f"/api/v1/jobs/{job['id']}/cancel")
    except ApiError as error:
        assert (error.status, phase) == (409, "ASSEMBLING"), error
    done = await paced_api.wait(job["id"])
    if phase == "ASSEMBLING" and done["status"] == "completed":
        await assert_paid_once(paced_api, job)  # the capture came first: paid and delivered
        return
    assert done["status"] == "cancelled"
    assert done["phase"] == "CANCELLED"
    await assert_refunded_once(paced_api, job)
    assert (await paced_api.credits())["available"] == 100
    bootstrap = paced.environment["KAFKA_BOOTSTRAP_SERVERS"]
    before = await events_of(job["id"], bootstrap)
    await asyncio.sleep(2)
    assert await events_of(job["id"], bootstrap) == before, "something was emitted for a cancelled job"
    with pytest.raises(ApiError) as refused:
        await paced_api.download(job["id"], "es", clip.with_name("never.mp4"))
    assert refused.value.status in (404, 409)
    # Workers are free: the same user's next job runs.
    after = await paced_api.create(job["file_id"] if "file_id" in job else done["file_id"], "es")
    await paced_api.process(after["id"])
    assert (await paced_api.wait(after["id"]))["status"] == "completed"


async def test_cancel_before_it_begins(paced: Platform, paced_api: Api, clip: Path) -> None:
    job = await paced_api.create((await paced_api.upload(clip))["file_id"], "es")
    await paced_api.call("POST", f"/api/v1/jobs/{job['id']}/cancel")
    done = await paced_api.wait(job["id"])
    assert done["status"] == "cancelled"
    assert not await lines_of(paced_api, job["id"])


async def test_cancel_at_once_after_process(paced: Platform, paced_api: Api, clip: Path) -> None:
    """The cancellation races the hold; whoever comes first, the credits are back in the end."""
    job = await paced_api.create((await paced_api.upload(clip))["file_id"], "es")
    await paced_api.process(job["id"])
    await paced_api.call("POST", f"/api/v1/jobs/{job['id']}/cancel")
    assert (await paced_api.wait(job["id"]))["status"] == "cancelled"
    assert (await paced_api.credits())["available"] == 100
