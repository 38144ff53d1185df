"""Jobs that stop for their owner, with the other services played by the test."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from octavia_common.documents import (
    ChunkPlan,
    DubResult,
    Loudness,
    PlacedSegment,
    PlannedChunk,
    Segment,
    Transcript,
    TranslatedSegment,
    Translation,
)
from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkTranscribed,
    ChunkTranslated,
    JobError,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
)

from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration

LINES = (("0000-00", 1.0, "Hello."), ("0001-00", 31.0, "Good by."))


class Reviewed:
    """A job of two chunks with a line each that stops for its transcript, or its translation."""

    def __init__(self, world: World, member: Member, review: str, candidates: tuple[str, ...] = ()) -> None:
        self.candidates = candidates
        self.world, self.member, self.review = world, member, review
        self.held: dict[tuple[int, str], ArtifactRef] = {}

    async def begin(self, *languages: str) -> "Reviewed":
        world, member = self.world, self.member
        created = await world.create_job(
            member,
            target_language=None,
            target_languages=list(languages),
            options={"review": self.review},
        )
        self.job_id = created["id"]
        self.events = JobEvents(await world.submit(member, self.job_id), chunks=2)
        options = self.events.spec.options.model_copy(update={"review": self.review})
        self.events.spec = self.events.spec.model_copy(
            update={"target_languages": languages, "options": options}
        )
        audio = await self.write(Transcript(language="en", chunk=self.events.chunk(0), segments=()))
        chunks = tuple(
            PlannedChunk(chunk=self.events.chunk(index), audio=audio, regions=()) for index in range(2)
        )
        self.plan = await self.write(ChunkPlan(duration_seconds=60.0, chunks=chunks))
        await world.tell(self.events.planned().model_copy(update={"plan": self.plan}))
        return self

    async def write(self, document: Any) -> ArtifactRef:
        key = f"users/{self.member.user_id}/artifacts/x/{uuid4().hex}"
        return await self.world.store.write_document(key, document)

    async def hold(self, index: int, language: str = "") -> None:
        """What the recogniser, or the translator, says of a chunk."""
        name, start, text = LINES[index]
        common = {"id": name, "speaker": "S1", "start": start, "end": start + 2, "slot_end": start + 4}
        document: Transcript | Translation
        if language:
            said = TranslatedSegment(
                **common, source_text=text, text=f"{language}: {text}", candidates=self.candidates
            )
            document = Translation(
                source_language="en",
                target_language=language,
                chunk=self.events.chunk(index),
                segments=(said,),
            )
        else:
            heard = Segment(**common, text=text)
            document = Transcript(language="en", chunk=self.events.chunk(index), segments=(heard,))
        ref = self.held[index, language] = await self.write(document)
        await self.world.tell(
            ChunkHeld(
                job=self.events.job,
                chunk=self.events.chunk(index),
                source_language="en",
                target_language=language or None,
                transcript=None if language else ref,
                translation=ref if language else None,
            )
        )

    async def ask(self, method: str, path: str, status: int = 200, **options: Any) -> dict[str, Any]:
        answer = await self.world.client.request(
            method, f"/api/v1/jobs/{self.job_id}{path}", headers=self.member.headers, **options
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def job(self) -> dict[str, Any]:
        return await self.world.job(self.member, self.job_id)

    async def say(self, line: str, text: str | None, revision: int, language: str, status: int = 200) -> Any:
        body = {"language": language, "revision": revision, "text": text}
        return await self.ask("PATCH", f"/segments/{line}", status, json=body)

    async def finish(self, planned: MediaPlanned, **texts: tuple[str, str]) -> None:
        """What comes of it, by language: the job is done."""
        results = {}
        for language, said in texts.items():
            segments = tuple(
                PlacedSegment(
                    id=name,
                    speaker="S1",
                    start=start,
                    end=start + 2,
                    slot_end=start + 4,
                    source_text=text,
                    text=line,
                    audio=None,
                    duration=1.0,
                    rate=1.0,
                    placed_start=start,
                    placed_end=start + 1,
                )
                for (name, start, text), line in zip(LINES, said, strict=True)
            )
            results[language] = await self.write(
                DubResult(
                    source_language="en",
                    target_language=language,
                    duration_seconds=60.0,
                    media=self.plan,
                    segments=segments,
                    subtitles=(),
                    loudness=Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None),
                    plan=self.plan,
                )
            )
        done = []
        missing = [each for each in self.events.spec.target_languages if each not in texts]
        for event in self.events.whole_run(*missing)[2:]:
            if isinstance(event, LanguageAssembled):
                event = event.model_copy(update={"result": results[event.target_language]})
            if hasattr(event, "outputs"):
                outputs = tuple(
                    each.model_copy(update={"result": results[each.target_language]})
                    for each in event.outputs
                )
                event = event.model_copy(update={"outputs": outputs})
            done.append(event)
        await self.world.tell(planned, *done)

    async def history(self, language: str) -> list[tuple[int, str | None, str | None]]:
        """Number, review and first text of each revision."""
        items = (await self.ask("GET", f"/revisions?language={language}"))["items"]
        return [
            (each["revision"], each["reviewed"], each["changes"][0]["text"] if each["changes"] else None)
            for each in items
        ]

    async def release(self) -> tuple[MediaPlanned, ChunkPlan]:
        await self.ask("POST", "/release", 202)
        (planned,) = [each for each in await self.world.outbox() if isinstance(each, MediaPlanned)]
        return planned, await self.world.store.read_document(planned.plan, ChunkPlan)


async def test_a_transcript_is_mended_and_the_job_goes_on_with_it(world: World) -> None:
    job = await Reviewed(world, await world.register(), "transcript").begin("es", "fr")
    await job.ask("POST", "/release", 409)
    await job.hold(1)
    assert (await job.job())["status"] == "processing", "not before all of it is there"
    await job.hold(0)
    seen = await job.job()
    assert (seen["status"], seen["step"]["code"]) == ("review", "review")
    left = datetime.fromisoformat(seen["deadline_at"]) - datetime.now(UTC)
    assert left > timedelta(days=2), "a person has time"

    table = await job.ask("GET", "/segments")
    assert table["language"] == "en"
    assert [line["text"] for line in table["segments"]] == ["Hello.", "Good by."]
    assert (await job.say("0001-00", None, 0, "en", 422))["code"] == "unsuitable_change"
    await job.say("0001-00", "Goodbye.", 0, "en")
    (standing,) = (await job.ask("GET", "/languages"))["items"]
    assert (standing["language"], standing["status"], standing["revision"]) == ("en", "review", 1)
    assert (await job.ask("POST", "/render", 409, json={"languages": ["en"]}))["code"] == "not_editable"
    planned, plan = await job.release()
    assert planned.released
    assert planned.job.hold_id == job.events.job.hold_id
    assert (planned.spec.options.review, planned.spec.target_languages) == ("none", ("es", "fr"))
    first, second = (chunk.transcript for chunk in plan.chunks)
    assert first == job.held[0, ""], "what nobody changed is what it was"
    assert second is not None
    mended = await world.store.read_document(second, Transcript)
    assert [line.text for line in mended.segments] == ["Goodbye."]
    assert (await job.job())["status"] == "processing"
    await job.ask("POST", "/release", 409)
    await job.ask("GET", "/segments", 409)
    # It is told again that the chunks wait; the job does not stop a second time.
    await job.hold(0)
    assert (await job.job())["status"] == "processing"
    await job.finish(planned, es=("Hola.", "Adiós."), fr=("Salut.", "Adieu."))
    done = await job.job()
    assert done["status"] == "completed"
    assert done["options"]["review"] == "transcript"

    # What was changed begins the history of every language; there is no way back behind it.
    for language in ("es", "fr"):
        assert await job.history(language) == [(1, "transcript", "Goodbye.")]
    standing = (await job.ask("GET", "/languages"))["items"]
    assert {(each["status"], each["revision"], each["output_revision"]) for each in standing} == {
        ("completed", 1, 1)
    }
    refused = await job.ask("POST", "/undo", 422, json={"language": "es", "revision": 1, "to": 0})
    assert (refused["code"], refused["first_revision"]) == ("transcript_revision", 1)
    table = await job.say("0000-00", "Buenas.", 1, "es")
    assert (table["revision"], [line["text"] for line in table["segments"]]) == (2, ["Buenas.", "Adiós."])
    assert await job.history("es") == [(1, "transcript", "Goodbye."), (2, None, "Buenas.")]
    assert await job.history("fr") == [(1, "transcript", "Goodbye.")]
    back = await job.ask("POST", "/undo", json={"language": "es", "revision": 2, "to": 1})
    assert (back["revision"], [line["text"] for line in back["segments"]]) == (3, ["Hola.", "Adiós."])


async def test_translations_wait_each_language_for_itself_and_one_that_failed_for_nobody(
    world: World,
) -> None:
    job = await Reviewed(world, await world.register(), "translation").begin("es", "fr", "ca")
    for index, language in ((0, "es"), (1, "es"), (0, "ca"), (0, "fr")):
        await job.hold(index, language)
    assert (await job.job())["status"] == "processing"
    await world.tell(job.events.language_failed("fr"))
    await job.hold(1, "ca")
    assert (await job.job())["status"] == "review"
    await job.ask("GET", "/segments?language=fr", 404)
    await job.say("0000-00", "Hola.", 0, "es")
    planned, plan = await job.release()
    assert planned.spec.target_languages == ("es", "ca")
    assert set(plan.chunks[0].translations) == {"es", "ca"}
    assert plan.chunks[0].translations["ca"] == job.held[0, "ca"]
    assert plan.chunks[1].translations["es"] == job.held[1, "es"]
    mended = await world.store.read_document(plan.chunks[0].translations["es"], Translation)
    assert [line.text for line in mended.segments] == ["Hola."]

    # What was changed begins the history of that language, and can be undone in what came of it.
    await job.finish(planned, es=("Hola.", "es: Good by."), ca=("ca: Hello.", "ca: Good by."))
    assert await job.history("es") == [(1, "translation", "Hola.")]
    assert await job.history("ca") == []
    table = await job.ask("GET", "/segments?language=es")
    assert (table["current_revision"], table["output_revision"]) == (1, 1)
    assert [line["rate"] for line in table["segments"]] == [None, None], "made without sound"
    assert (await job.ask("POST", "/render", 202, json={}))["items"][0]["status"] == "completed"
    back = await job.ask("POST", "/undo", json={"language": "es", "revision": 1, "to": 0})
    assert [line["text"] for line in back["segments"]] == ["es: Hello.", "es: Good by."]
    await job.ask("POST", "/render", 202, json={})
    spoken = [each for each in await world.outbox() if isinstance(each, ChunkTranslated)]
    said = [await world.store.read_document(each.translation, Translation) for each in spoken]
    assert [line.text for each in said for line in each.segments] == ["es: Hello.", "es: Good by."]


async def test_a_job_that_waits_can_be_cancelled_and_is_not_stalled(world: World) -> None:
    job = await Reviewed(world, await world.register(), "transcript").begin("es")
    await job.hold(0)
    await job.hold(1)
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE jobs SET heard_at = heard_at - interval '2 hours'")
    assert await world.replicas[0].gateway.deadlines.sweep() == []
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE jobs SET deadline_at = now() - interval '1 second'")
    assert await world.replicas[0].gateway.deadlines.sweep() != []


async def test_a_line_is_translated_anew_and_nothing_is_spoken_before(world: World) -> None:
    job = await Reviewed(world, await world.register(), "translation").begin("es")
    await job.hold(0, "es")
    await job.hold(1, "es")
    table = await job.say("0001-00", None, 0, "es")
    assert [line["text"] for line in table["segments"]] == ["es: Hello.", None]
    assert (await job.ask("POST", "/release", 409))["code"] == "translating"
    (question,) = [each for each in await world.outbox() if isinstance(each, ChunkTranscribed)]
    assert (question.target_language, question.options.review) == ("es", "translation")
    assert question.job.hold_id != job.events.job.hold_id
    asked = await world.store.read_document(question.transcript, Transcript)
    assert [(line.id, line.text) for line in asked.segments] == [("0001-00", "Good by.")]

    line = asked.segments[0].model_dump(exclude={"text", "words"})
    said = TranslatedSegment(**line, source_text="Good by.", text="Adiós.")
    answer = await job.write(
        Translation(source_language="en", target_language="es", chunk=question.chunk, segments=(said,))
    )
    held = ChunkHeld(
        job=question.job,
        chunk=question.chunk,
        source_language="en",
        target_language="es",
        translation=answer,
    )
    await world.tell(held, held)
    table = await job.ask("GET", "/segments?language=es")
    assert [line["text"] for line in table["segments"]] == ["es: Hello.", "Adiós."]
    assert table["revision"] == 1, "the answer is no revision of its own"
    undone = await job.ask("POST", "/undo", json={"language": "es", "revision": 1, "to": 0})
    assert undone["segments"][1]["text"] == "es: Good by."


async def test_a_line_that_cannot_be_translated_is_marked(world: World) -> None:
    job = await Reviewed(world, await world.register(), "translation").begin("es")
    await job.hold(0, "es")
    await job.hold(1, "es")
    await job.say("0000-00", None, 0, "es")
    (question,) = [each for each in await world.outbox() if isinstance(each, ChunkTranscribed)]
    error = JobError(code="internal", message="Sorry.", stage="translator")
    await world.tell(LanguageFailed(job=question.job, target_language="es", error=error))
    first = (await job.ask("GET", "/segments?language=es"))["segments"][0]
    assert (first["text"], first["flags"]) == ("", ["untranslated"])
    assert (await job.job())["status"] == "review"
    planned, plan = await job.release()
    assert planned.released
    assert plan.chunks[1].translations["es"] == job.held[1, "es"]


async def test_what_was_looked_at_is_spoken_and_no_other_translation_that_would_have_fitted(
    world: World,
) -> None:
    member = await world.register()
    job = await Reviewed(world, member, "translation", candidates=("Corto.",)).begin("es")
    await job.hold(0, "es")
    await job.hold(1, "es")
    _, plan = await job.release()
    for chunk, (_, _, text) in zip(plan.chunks, LINES, strict=True):
        (line,) = (await world.store.read_document(chunk.translations["es"], Translation)).segments
        assert (line.text, line.candidates) == (f"es: {text}", ())
