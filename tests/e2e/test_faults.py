"""kill -9 of everything in turn, in the middle of a job: the job ends by itself, right, and is paid once."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform
from octavia_local.settings import SERVICES

from .conftest import eventually
from .duplicator import Duplicator
from .ledger import assert_paid_once, verify_ledger
from .media import speech_clip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", autouse=True)
def _books(paced: Platform) -> Iterator[None]:
    """Whatever these tests do to the platform, its ledger is in order after them."""
    yield
    verify_ledger(paced)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 70 s of speech with pauses: several chunks."""
    return speech_clip(tmp_path_factory.mktemp("faults") / "talk.mp4", lines=16)


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """The digest of what an undisturbed job makes, found by the first test that runs one."""
    return {}


async def digest_of_output(user: Api, job_id: str, folder: Path) -> str:
    path = await user.download(job_id, "es", folder / f"{job_id}.mp4")
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def undisturbed(paced: Platform, clip: Path, folder: Path, expected: dict[str, str]) -> str:
    if "digest" not in expected:
        async with Api(paced.url) as user:
            await user.register()
            job = await user.create((await user.upload(clip))["file_id"], "es")
            await user.process(job["id"])
            done = await user.wait(job["id"])
            assert done["status"] == "completed", done
            expected["digest"] = await digest_of_output(user, job["id"], folder)
    return expected["digest"]


async def job_in_its_middle(user: Api, clip: Path) -> dict[str, Any]:
    """A job some of whose chunks are through the stages and some are not."""
    job = await user.create((await user.upload(clip))["file_id"], "es")
    await user.process(job["id"])

    async def halfway() -> bool:
        return (await user.job(job["id"]))["progress_percentage"] >= 25

    await eventually(halfway)
    return job


@pytest.mark.parametrize("service", SERVICES)
async def test_kill_a_service_in_mid_job(
    paced: Platform,
    paced_api: Api,
    clip: Path,
    tmp_path: Path,
    expected: dict[str, str],
    service: str,
) -> None:
    digest = await undisturbed(paced, clip, tmp_path, expected)
    job = await job_in_its_middle(paced_api, clip)
    paced.kill(service)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(paced.revive, service)
    if service == "gateway":
        paced_api.http.base_url = paced.url  # type: ignore[assignment]
    done = await paced_api.wait(job["id"])
    assert done["status"] == "completed", done
    assert await digest_of_output(paced_api, job["id"], tmp_path) == digest
    await assert_paid_once(paced_api, job)


async def test_complaint_7_no_resume_after_a_crash(paced: Platform, paced_api: Api, clip: Path) -> None:
    crashed = ("transcriber", "assembler", "gateway")
    job = await job_in_its_middle(paced_api, clip)
    for service in crashed:
        paced.kill(service)
    for service in crashed:
        await asyncio.to_thread(paced.revive, service)
    paced_api.http.base_url = paced.url  # type: ignore[assignment]
    done = await paced_api.wait(job["id"])
    assert (done["status"], done["attempt"]) == ("completed", 1), done
    await assert_paid_once(paced_api, job)


@pytest.mark.parametrize("server", ["kafka", "postgres", "s3"])
async def test_kill_a_server_in_mid_job(
    paced: Platform,
    paced_api: Api,
    breakable: OwnServers,
    clip: Path,
    tmp_path: Path,
    expected: dict[str, str],
    server: str,
) -> None:
    digest = await undisturbed(paced, clip, tmp_path, expected)
    job = await job_in_its_middle(paced_api, clip)
    victim = breakable.named(server)
    victim.kill()
    await asyncio.sleep(2)
    await asyncio.to_thread(victim.start)
    done = await paced_api.wait(job["id"])
    assert done["status"] == "completed", done
    assert await digest_of_output(paced_api, job["id"], tmp_path) == digest
    await assert_paid_once(paced_api, job)


async def test_every_event_delivered_twice_changes_nothing(
    paced: Platform, paced_api: Api, clip: Path, tmp_path: Path, expected: dict[str, str]
) -> None:
    digest = await undisturbed(paced, clip, tmp_path, expected)
    async with Duplicator(paced.environment["KAFKA_BOOTSTRAP_SERVERS"]) as duplicator:
        job = await paced_api.create((await paced_api.upload(clip))["file_id"], "es")
        await paced_api.process(job["id"])
        done = await paced_api.wait(job["id"])
        # The last events come twice too, before anyone looks.
        await eventually(duplicator.is_quiet)
    assert done["status"] == "completed", done
    assert duplicator.repeated > 30
    assert await digest_of_output(paced_api, job["id"], tmp_path) == digest
    await assert_paid_once(paced_api, job)
    assert (await paced_api.credits())["available"] == 90
