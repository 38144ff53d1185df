"""Too little balance: nothing runs. The last credits: exactly one job gets them."""

import asyncio
from pathlib import Path

import pytest
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform

from .conftest import eventually
from .ledger import assert_paid_once, lines_of, verify_ledger
from .media import speech_clip
from .test_cancel import events_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speech_clip(tmp_path_factory.mktemp("credits") / "talk.mp4", lines=3)


async def test_too_little_balance_is_402_and_nothing_runs(
    paced: Platform, paced_api: Api, clip: Path
) -> None:
    file_id = (await paced_api.upload(clip))["file_id"]
    spent = await paced_api.create(file_id, "es", "fr", "pt", "ca", "gl")  # 5 languages, 50 credits
    await paced_api.process(spent["id"])
    too_much = await paced_api.create(file_id, "es", "fr", "pt", "ca", "gl")
    await paced_api.wait(spent["id"])
    more = await paced_api.create(file_id, "es")
    await paced_api.process(more["id"])
    await paced_api.wait(more["id"])
    with pytest.raises(ApiError) as refused:
        await paced_api.process(too_much["id"])
    assert refused.value.status == 402
    assert refused.value.problem["balance"] == 40
    assert refused.value.problem["required"] == 50
    assert not await lines_of(paced_api, too_much["id"])
    events = await events_of(too_much["id"], paced.environment["KAFKA_BOOTSTRAP_SERVERS"])
    assert not [event for event in events if "reserved" in event or "chunks" in event or "media" in event]
    verify_ledger(paced)


async def test_two_jobs_racing_for_the_last_credits(paced: Platform, paced_api: Api, clip: Path) -> None:
    file_id = (await paced_api.upload(clip))["file_id"]
    jobs = [await paced_api.create(file_id, "es", "fr", "pt", "ca", "gl") for _ in range(3)]  # 50 each

    async def try_one(job_id: str) -> int:
        try:
            await paced_api.process(job_id)
        except ApiError as error:
            return error.status
        return 202

    answers = await asyncio.gather(*(try_one(job["id"]) for job in jobs))
    assert sorted(answers) in ([202, 202, 402], [202, 202, 202]), answers

    async def settled() -> bool:
        return (await paced_api.credits())["held"] == 0

    states = [await _ended_or_waiting(paced_api, job["id"]) for job in jobs]
    await eventually(settled)
    assert states.count("completed") == 2, states
    for job, state in zip(jobs, states, strict=True):
        if state == "completed":
            await assert_paid_once(paced_api, job)
        else:
            assert not await lines_of(paced_api, job["id"])
    assert (await paced_api.credits())["available"] == 0
    verify_ledger(paced)


async def _ended_or_waiting(user: Api, job_id: str) -> str:
    """A refused job may stay pending, to be processed again once there are credits."""
    async with asyncio.timeout(90):
        while True:
            job = await user.job(job_id)
            if job["status"] in ("completed", "failed", "cancelled"):
                return str(job["status"])
            if job["status"] == "pending" and (await user.credits())["held"] == 0:
                return "pending"
            await asyncio.sleep(0.2)
