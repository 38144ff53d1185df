"""Previews: the first 60 s at the price of that length, which count once against the full job."""

from typing import Any

import httpx
import pytest
from octavia_common.documents import Glossary
from octavia_common.events import CreditsReserved, EnginePublished, JobSubmitted
from octavia_gateway.files.models import AudioSummary, FileMedia, FileType, VideoSummary

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

    async def ask(self, method: str, path: str) -> httpx.Response:
        """A call about a job: `path` behind `/jobs/`."""
        return await self.world.client.request(method, f"/api/v1/jobs/{path}", headers=self.member.headers)

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


async def test_the_whole_is_made_as_the_preview_was(world: World, buyer: Buyer) -> None:
    """Its terms stay its own: they are there when the preview is gone."""
    heeding = EnginePublished(
        kind="translator", engine="vllm", version="1", honours=("glossary", "style"), model_sizes=("large",)
    )
    hearing = EnginePublished(
        kind="transcriber", engine="hearing", version="1", languages=("en",), model_sizes=("large",)
    )
    await world.tell(heeding, hearing)
    subtitles = await world.add_file(buyer.member, file_type=FileType.SUBTITLE)
    wishes = {"glossary": [{"source": "Octavia", "keep": True}], "style": "warm"}
    given = {"options": wishes, "model_size": "large", "subtitle_file_id": str(subtitles.file_id)}
    preview = await buyer.create("es", "fr", preview=True, **given)
    await buyer.complete(preview)

    answer = await buyer.ask("POST", f"{preview['id']}/whole")
    assert answer.status_code == 201
    whole = answer.json()
    assert whole["quote"] == {"credits": 280, "price_version": "v1", "counted": 20}
    same = ("kind", "file_id", "subtitle_file_id", "source_language", "target_languages", "options")
    assert {name: whole[name] for name in same} == {name: preview[name] for name in same}
    assert (whole["preview"], whole["status"]) == (False, "pending")

    assert (await buyer.ask("DELETE", preview["id"])).status_code == 204
    assert (await buyer.ask("POST", f"{whole['id']}/process")).status_code == 202
    spec = (await world.next_published(JobSubmitted)).spec
    assert (spec.preview_seconds, spec.model_size, spec.subtitles) == (None, "large", subtitles.artifact)
    assert spec.options.glossary is not None
    (term,) = (await world.store.read_document(spec.options.glossary, Glossary)).terms
    assert (term.source, term.keep) == ("Octavia", True)


async def test_only_a_preview_has_more_to_be_made(world: World, buyer: Buyer) -> None:
    full, preview = await buyer.create("es"), await buyer.create("es", preview=True)
    refused = await buyer.ask("POST", f"{full['id']}/whole")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_preview")
    stranger = await world.register()
    foreign = await world.client.post(f"/api/v1/jobs/{preview['id']}/whole", headers=stranger.headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "job_not_found")
    # It was never processed: nothing of it counts, and it can be gone past all the same.
    assert (await buyer.ask("POST", f"{preview['id']}/whole")).json()["quote"]["credits"] == 150


async def test_what_no_engine_heeds_any_more_is_refused_before_it_is_held(world: World, buyer: Buyer) -> None:
    heeding = EnginePublished(kind="translator", engine="vllm", version="1", honours=("style",))
    await world.tell(heeding)
    preview = await buyer.create("es", preview=True, options={"style": "warm"})
    await world.tell(heeding.model_copy(update={"honours": (), "version": "2"}))
    refused = await buyer.ask("POST", f"{preview['id']}/whole")
    assert (refused.status_code, refused.json()["code"]) == (422, "option_not_heeded")
