"""Previews: the first 60 s at the price of that length, which count once against the full job."""

from typing import Any

import pytest
from octavia_common.events import CreditsReserved, JobSubmitted
from octavia_gateway.files.models import AudioSummary, FileMedia, VideoSummary

from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration

LONG = FileMedia(
    duration_seconds=400.0,
    container="mov",
    video=VideoSummary(codec="h264", width=64, height=48),
    audio=(AudioSummary(codec="aac", channels=2, sample_rate=48000),),
)


class Buyer:
    """Somebody with a long file."""

    def __init__(self, world: World, member: Member, file_id: str) -> None:
        self.world, self.member, self.file_id = world, member, file_id

    async def create(self, *languages: str, **more: Any) -> dict[str, Any]:
        body = {"file_id": self.file_id, "source_language": "en", "target_languages": languages, **more}
        answer = await self.world.client.post(
            "/api/v1/jobs/video-translate/create", json=body, headers=self.member.headers
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def complete(self, job: dict[str, Any]) -> None:
        """Process it, and have it delivered and paid for."""
        ref = await self.world.submit(self.member, job["id"])
        events = JobEvents(ref, chunks=1)
        events.spec = events.spec.model_copy(update={"target_languages": tuple(job["target_languages"])})
        for event in events.whole_run()[1:]:
            await self.world.tell(event)


@pytest.fixture
async def buyer(world: World) -> Buyer:
    member = await world.register(credits_=1000)
    file = await world.add_file(member, media=LONG)
    return Buyer(world, member, str(file.file_id))


async def test_a_preview_costs_the_shortest_tier_and_lowers_the_full_job_once(buyer: Buyer) -> None:
    preview = await buyer.create("es", preview=True)
    assert preview["preview"]
    assert preview["quote"] == {"credits": 10, "price_version": "v1", "counted": 0}
    assert (await buyer.create("es"))["quote"]["credits"] == 150, "it counts once it is paid"
    await buyer.complete(preview)

    full = await buyer.create("es", "fr")
    assert not full["preview"]
    assert full["quote"] == {"credits": 290, "price_version": "v1", "counted": 10}
    assert (await buyer.create("fr"))["quote"]["counted"] == 0, "another language"
    assert (await buyer.create("es", preview=True))["quote"]["credits"] == 10, "another preview costs again"
    second = await buyer.create("es")
    assert second["quote"]["counted"] == 10, "nothing is counted before a job is processed"

    asking = buyer.world.client.post(f"/api/v1/jobs/{full['id']}/process", headers=buyer.member.headers)
    assert (await asking).status_code == 202
    submitted: JobSubmitted = await buyer.world.next_published(JobSubmitted)
    (counted,) = submitted.quote.previews
    assert (counted.language, counted.credits, submitted.quote.credits) == ("es", 10, 290)
    refused = await buyer.world.client.post(
        f"/api/v1/jobs/{second['id']}/process", headers=buyer.member.headers
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_changed")
    assert (await buyer.world.job(buyer.member, second["id"]))["quote"] == {
        "credits": 150,
        "price_version": "v1",
        "counted": 0,
    }


async def test_a_full_job_that_was_not_delivered_gives_the_preview_back(buyer: Buyer) -> None:
    await buyer.complete(await buyer.create("es", preview=True))
    full = await buyer.create("es")
    ref = await buyer.world.submit(buyer.member, full["id"])
    assert (await buyer.create("es"))["quote"]["counted"] == 0
    await buyer.world.tell(JobEvents(ref, chunks=1).released())
    assert (await buyer.create("es"))["quote"]["counted"] == 10


async def test_the_spec_of_a_preview_says_how_much_is_worked_on(world: World, buyer: Buyer) -> None:
    preview = await buyer.create("es", preview=True)
    asking = world.client.post(f"/api/v1/jobs/{preview['id']}/process", headers=buyer.member.headers)
    await asking
    submitted: JobSubmitted = await world.next_published(JobSubmitted)
    assert (submitted.spec.preview_seconds, submitted.spec.duration_seconds) == (60.0, 400.0)
    await world.tell(CreditsReserved(job=submitted.job, spec=submitted.spec, amount=10))
