"""Editing a finished dub, with the other services played by the test."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from octavia_common.documents import (
    ChunkPlan,
    DubResult,
    Loudness,
    PlacedSegment,
    PlannedChunk,
    Speech,
    SpokenSegment,
    Translation,
)
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkSynthesized,
    ChunkTranslated,
    JobError,
    JobFailed,
    LanguageAssembled,
    MediaPlanned,
)

from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration


class Dubbed:
    """A completed job of two lines in two chunks, whose result is in the store."""

    def __init__(self, world: World, member: Member) -> None:
        self.world = world
        self.member = member
        self.job_id = ""

    async def make(self, *, editable: bool = True) -> "Dubbed":
        world, member = self.world, self.member
        created = await world.create_job(member)
        self.job_id = created["id"]
        events = JobEvents(await world.submit(member, self.job_id), chunks=2)
        events.spec = events.spec.model_copy(update={"target_languages": ("es",)})
        prefix = f"users/{member.user_id}/artifacts"
        refs = [
            ChunkRef(index=0, total=2, start=0.0, end=20.0, next_speech_start=21.0),
            ChunkRef(index=1, total=2, start=20.0, end=40.0, next_speech_start=40.0),
        ]
        audio = await world.store.write(f"{prefix}/chunk/{uuid4().hex}", b"RIFF", "audio/wav")
        chunks = tuple(PlannedChunk(chunk=ref, audio=audio, regions=()) for ref in refs)
        plan = await world.store.write_document(
            f"{prefix}/plan/{uuid4().hex}", ChunkPlan(duration_seconds=40.0, chunks=chunks)
        )
        media = await world.store.write(f"{prefix}/media/{uuid4().hex}", b"one", "video/mp4")
        result = DubResult(
            source_language="en",
            target_language="es",
            duration_seconds=40.0,
            media=media,
            segments=(await self.voiced("0000-01", 1.0), await self.voiced("0001-01", 22.0)),
            subtitles=(),
            loudness=Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None),
            plan=plan if editable else None,
        )
        told = await world.store.write_document(f"{prefix}/result/{uuid4().hex}", result)
        for event in events.whole_run()[1:]:
            if isinstance(event, LanguageAssembled):
                event = event.model_copy(update={"media": media, "result": told})
            if hasattr(event, "outputs"):
                output = event.outputs[0].model_copy(update={"media": media, "result": told})
                event = event.model_copy(update={"outputs": (output,)})
            await world.tell(event)
        return self

    async def ask(self, method: str, path: str, status: int = 200, **options: Any) -> dict[str, Any]:
        answer = await self.world.client.request(
            method, f"/api/v1/jobs/{self.job_id}{path}", headers=self.member.headers, **options
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def say(self, text: str, revision: int, status: int = 200) -> dict[str, Any]:
        body = {"language": "es", "revision": revision, "text": text}
        return await self.ask("PATCH", "/segments/0001-01", status, json=body)

    async def standing(self) -> tuple[str, int, int]:
        (language,) = (await self.ask("GET", "/languages"))["items"]
        return language["status"], language["revision"], language["output_revision"]

    async def render(self) -> tuple[MediaPlanned, list[ChunkTranslated]]:
        await self.ask("POST", "/render", 202, json={})
        events = await self.world.outbox()
        (planned,) = [event for event in events if isinstance(event, MediaPlanned)]
        return planned, [event for event in events if isinstance(event, ChunkTranslated)]

    async def voiced(self, line: str, start: float) -> PlacedSegment:
        """A line with its sound in the store."""
        key = f"users/{self.member.user_id}/artifacts/line/{uuid4().hex}"
        audio = await self.world.store.write(key, f"old {line}".encode(), "audio/flac")
        return spoken(line, start).model_copy(update={"audio": audio})

    async def listen(self, path: str, **headers: str) -> httpx.Response:
        answer = await self.world.client.get(
            f"/api/v1/jobs/{self.job_id}{path}", headers={**self.member.headers, **headers}
        )
        assert answer.status_code in (200, 206), answer.text
        assert answer.headers["content-type"] == "audio/flac"
        return answer

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """What the owner's streams were told of this kind."""
        async with self.world.database.transaction() as connection:
            rows = await connection.fetch(
                "SELECT body FROM job_events WHERE user_id = $1 AND kind = $2 ORDER BY seq",
                self.member.user_id,
                kind,
            )
        return [row["body"] if isinstance(row["body"], dict) else json.loads(row["body"]) for row in rows]

    async def speak(self, translated: ChunkTranslated, sound: bytes) -> ChunkSynthesized:
        """What the synthesizer says of a chunk, whose line sounds like this."""
        prefix = f"users/{self.member.user_id}/artifacts"
        said = await self.world.store.read_document(translated.translation, Translation)
        audio = await self.world.store.write(f"{prefix}/line/{uuid4().hex}", sound, "audio/flac")
        speech = Speech(
            source_language="en",
            target_language="es",
            chunk=translated.chunk,
            segments=tuple(
                SpokenSegment(**dict(line), audio=audio, duration=1.0, rate=1.0) for line in said.segments
            ),
        )
        return ChunkSynthesized(
            job=translated.job,
            chunk=translated.chunk,
            source_language="en",
            target_language="es",
            speech=await self.world.store.write_document(f"{prefix}/speech/{uuid4().hex}", speech),
        )

    async def rendered(self, planned: MediaPlanned, content: bytes = b"two") -> ArtifactRef:
        """What the assembler says when it is done."""
        prefix = f"users/{self.member.user_id}/artifacts"
        media = await self.world.store.write(f"{prefix}/media/{uuid4().hex}", content, "video/mp4")
        await self.world.tell(
            LanguageAssembled(job=planned.job, target_language="es", media=media, result=media)
        )
        return media


def spoken(segment_id: str, start: float) -> PlacedSegment:
    return PlacedSegment(
        id=segment_id,
        speaker="S1",
        start=start,
        end=start + 2,
        slot_end=start + 3,
        source_text="Hello.",
        text="Hola.",
        flags=("rate_stretched",),
        audio=None,
        duration=1.0,
        rate=1.0,
        placed_start=start,
        placed_end=start + 1,
    )


@pytest.fixture
async def dub(world: World) -> Dubbed:
    return await Dubbed(world, await world.register()).make()


async def test_a_changed_line_is_rendered_and_takes_the_place_of_what_was(world: World, dub: Dubbed) -> None:
    table = await dub.ask("GET", "/segments")
    assert (table["language"], table["revision"], table["output_revision"]) == ("es", 0, 0)
    assert [segment["text"] for segment in table["segments"]] == ["Hola.", "Hola."]
    assert all(segment["slot_end"] >= segment["end"] for segment in table["segments"])
    rates = [segment["rate"] for segment in table["segments"]]
    assert await dub.standing() == ("completed", 0, 0)
    changed = await dub.say("Buenos días.", 0)
    assert [segment["text"] for segment in changed["segments"]] == ["Hola.", "Buenos días."]
    # What was changed is not heard yet, so nobody knows how fast it will be.
    assert [segment["rate"] for segment in changed["segments"]] == [rates[0], None]
    assert await dub.standing() == ("stale", 1, 0)
    planned, chunks = await dub.render()
    assert await dub.standing() == ("rendering", 1, 0)
    assert planned.render
    assert planned.job.hold_id not in {UUID(dub.job_id)}
    assert (planned.chunks, planned.spec.target_languages) == (2, ("es",))
    texts = [
        [line.text for line in (await world.store.read_document(chunk.translation, Translation)).segments]
        for chunk in chunks
    ]
    assert texts == [["Hola."], ["Buenos días."]]
    assert {chunk.job for chunk in chunks} == {planned.job}
    media = await dub.rendered(planned)
    assert await dub.standing() == ("completed", 1, 1)
    got = await world.client.get(f"/api/v1/jobs/{dub.job_id}/download", headers=dub.member.headers)
    assert (got.content, int(got.headers["content-length"])) == (b"two", media.size_bytes)
    assert (await world.job(dub.member, dub.job_id))["credits_charged"] == 10, "it was paid for once"
    await dub.ask("POST", "/render", 202, json={})
    assert await world.outbox() == [], "what is rendered costs nothing again"


async def test_a_changed_line_is_heard_as_soon_as_it_is_spoken(world: World, dub: Dubbed) -> None:
    path = "/segments/0001-01/audio"
    assert (await dub.listen("/segments/0000-01/audio")).content == b"old 0000-01"
    assert (await dub.listen(path)).content == b"old 0001-01"
    await dub.say("Buenos días.", 0)
    assert (await dub.ask("GET", path, 409))["code"] == "not_spoken"
    _, (first, second) = await dub.render()
    await world.tell(await dub.speak(first, b"not this one"))
    assert (await dub.ask("GET", path, 409))["code"] == "not_spoken"
    await world.tell(await dub.speak(second, b"new"))
    assert (await dub.listen(path)).content == b"new"
    assert (await dub.listen(path, Range="bytes=1-")).content == b"ew"
    # What nobody touched is heard as it was; what is changed once more is not spoken yet.
    assert (await dub.listen("/segments/0000-01/audio")).content == b"old 0000-01"
    await dub.say("Buenas tardes.", 1)
    assert (await dub.ask("GET", path, 409))["code"] == "not_spoken"
    await dub.ask("POST", "/undo", json={"language": "es", "revision": 2, "to": 1})
    assert (await dub.listen(path)).content == b"new"
    told = [(event["spoken_chunks"], event["chunks"]) for event in await dub.told("job.spoken")]
    assert told == [(1, 2), (2, 2)]


async def test_what_cannot_be_heard_is_said(world: World, dub: Dubbed) -> None:
    assert (await dub.ask("GET", "/segments/nobody/audio", 404))["code"] == "line_not_found"
    await dub.ask("GET", "/segments/0001-01/audio?language=fr", 404)
    other = await world.register()
    foreign = await world.client.get(
        f"/api/v1/jobs/{dub.job_id}/segments/0001-01/audio", headers=other.headers
    )
    assert foreign.status_code == 404


async def test_an_old_revision_is_refused_with_the_current_one(dub: Dubbed) -> None:
    await dub.say("uno", 0)
    conflict = await dub.say("dos", 0, status=409)
    assert (conflict["code"], conflict["current_revision"]) == ("revision_conflict", 1)
    assert [s["text"] for s in (await dub.ask("GET", "/segments"))["segments"]] == ["Hola.", "uno"]


async def test_many_changes_hold_together_or_not_at_all(dub: Dubbed) -> None:
    add = {"op": "add", "start": 10.0, "end": 12.0, "text": "Nuevo.", "speaker": "S2"}
    wrong = {"op": "delete", "id": "nobody"}
    body = {"language": "es", "revision": 0, "changes": [add, wrong]}
    refused = await dub.ask("POST", "/segments", 422, json=body)
    assert (refused["code"], refused["change"]) == ("unknown_segment", 1)
    assert (await dub.ask("GET", "/segments"))["current_revision"] == 0
    split = {"op": "split", "id": "0000-01", "at": 2.0, "texts": ["a", "b"], "source_texts": ["c", "d"]}
    table = await dub.ask("POST", "/segments", json={**body, "changes": [add, split]})
    assert [(s["id"], s["start"], s["text"]) for s in table["segments"]] == [
        ("0000-01", 1.0, "a"),
        ("e1-1", 2.0, "b"),
        ("e1-0", 10.0, "Nuevo."),
        ("0001-01", 22.0, "Hola."),
    ]
    gone = await dub.ask("DELETE", "/segments/e1-0", params={"revision": 1})
    assert len(gone["segments"]) == 3
    history = (await dub.ask("GET", "/revisions"))["items"]
    assert [len(revision["changes"]) for revision in history] == [2, 1]
    assert all(revision["created_at"] for revision in history)
    too_many = {**body, "changes": [add] * 501}
    assert (await dub.ask("POST", "/segments", 422, json=too_many))["code"] == "invalid_request"


async def test_undoing_is_a_revision_and_can_be_undone(dub: Dubbed) -> None:
    await dub.say("uno", 0)
    await dub.say("dos", 1)
    back = await dub.ask("POST", "/undo", json={"language": "es", "revision": 2, "to": 0})
    assert (back["revision"], back["segments"][1]["text"]) == (3, "Hola.")
    again = await dub.ask("POST", "/undo", json={"language": "es", "revision": 3, "to": 2})
    assert (again["revision"], again["segments"][1]["text"]) == (4, "dos")
    assert (await dub.ask("GET", "/segments", params={"revision": 1}))["segments"][1]["text"] == "uno"
    for to in (9, 5):
        body = {"language": "es", "revision": 4, "to": to}
        assert (await dub.ask("POST", "/undo", 422, json=body))["code"] == "unknown_revision"


async def test_a_rendering_that_fails_says_why_and_leaves_what_was(world: World, dub: Dubbed) -> None:
    await dub.say("uno", 0)
    planned, _ = await dub.render()
    again = await dub.ask("POST", "/render", 409, json={"languages": ["es"]})
    assert again["code"] == "rendering"
    deleted = await world.client.delete(f"/api/v1/jobs/{dub.job_id}", headers=dub.member.headers)
    assert (deleted.status_code, deleted.json()["code"]) == (409, "job_running")
    error = JobError(code="line_unspeakable", message="No sound of it.", stage="synthesizer")
    await world.tell(JobFailed(job=planned.job, error=error))
    (language,) = (await dub.ask("GET", "/languages"))["items"]
    assert (language["status"], language["error_code"]) == ("failed", "line_unspeakable")
    assert (await world.job(dub.member, dub.job_id))["status"] == "completed"
    got = await world.client.get(f"/api/v1/jobs/{dub.job_id}/download", headers=dub.member.headers)
    assert got.content == b"one"
    planned, _ = await dub.render()
    await dub.rendered(planned)
    assert await dub.standing() == ("completed", 1, 1)


async def test_a_rendering_that_nobody_works_on_ends_by_itself(world: World, dub: Dubbed) -> None:
    await dub.say("uno", 0)
    planned, _ = await dub.render()
    await world.database.pool.execute(
        "UPDATE renders SET deadline_at = $1", planned.job.deadline_at - timedelta(days=2)
    )
    await world.replicas[0].gateway.resources.editing.renderings.sweep()
    assert (await dub.standing())[0] == "failed"
    (failed,) = [event for event in await world.outbox() if isinstance(event, JobFailed)]
    assert failed.job.hold_id == planned.job.hold_id
    await dub.rendered(planned)
    assert (await dub.standing())[0] == "failed", "what comes after the end changes nothing"


async def test_only_what_is_finished_ones_own_and_in_a_language_of_the_job(world: World, dub: Dubbed) -> None:
    other = await world.register()
    paths = ("/segments", "/revisions", "/languages")
    for path in paths:
        answer = await world.client.get(f"/api/v1/jobs/{dub.job_id}{path}", headers=other.headers)
        assert answer.status_code == 404
    assert (await dub.ask("GET", "/segments", 404, params={"language": "fr"}))["languages"] == ["es"]
    pending = await world.create_job(dub.member)
    answer = await world.client.get(f"/api/v1/jobs/{pending['id']}/segments", headers=dub.member.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_editable")
    old = await Dubbed(world, await world.register()).make(editable=False)
    await old.say("uno", 0)
    assert (await old.ask("POST", "/render", 409, json={}))["code"] == "not_editable"
