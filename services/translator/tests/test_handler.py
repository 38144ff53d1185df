"""The stage: artifacts to artifacts, once, with every line answered or marked."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from octavia_common.documents import Glossary, GlossaryTerm, Segment, Translation
from octavia_common.errors import ArtifactMissingError, UnsupportedLanguageError
from octavia_common.events import ChunkHeld, ChunkTranslated, ChunkWritten, JobOptions
from octavia_translator.engine import Answer, AnswerMismatchError, TranslationEngine
from octavia_translator.glossary import Term
from octavia_translator.handler import TranslateChunk, translated


class Dictionary(TranslationEngine):
    """Answers from a table; counts its runs."""

    name = "dictionary"
    attempts = 1

    def __init__(self, table: Mapping[str, str], *, data: str = "1", spoil=lambda answers: answers) -> None:
        super().__init__()
        self.table, self.data, self.spoil, self.runs = table, data, spoil, 0

    def pairs(self) -> Mapping[str, Sequence[str]]:
        return {"en": ("es",)}

    def params(self, source_language: str, target_language: str) -> Mapping[str, Any]:
        if target_language != "es":
            raise UnsupportedLanguageError("It can do es.")
        return {"data": self.data}

    def translate(self, request, cancel):
        self.runs += 1
        return self.spoil([Answer(line.id, self.table.get(line.text, line.text)) for line in request.lines])


TABLE = {"The house is big.": "La casa es grande.", "Good morning, all.": "Buenos días a todos."}


@pytest.fixture
async def started():
    engines: list[TranslationEngine] = []

    async def start(engine: TranslationEngine) -> TranslationEngine:
        await engine.start()
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        await engine.close()


async def test_translates_each_line_once_and_under_its_id(store, work, transcribed, started):
    engine = await started(Dictionary(TABLE))
    handler = TranslateChunk(store, engine)
    event = await transcribed(*TABLE)
    (out,) = await handler.handle(event, work)
    made = await store.read_document(out.translation, Translation)
    assert [(s.id, s.source_text, s.text, s.flags) for s in made.segments] == [
        ("0-0", "The house is big.", "La casa es grande.", ()),
        ("0-1", "Good morning, all.", "Buenos días a todos.", ()),
    ]
    assert (made.segments[1].start, made.segments[1].end, made.segments[1].slot_end) == (4.0, 7.0, 7.95)
    assert out.made == (out.translation.key,)
    assert out.translation.key.startswith(f"users/{event.data.job.user_id}/artifacts/translation/")
    assert (out.job, out.chunk, out.source_language, out.target_language) == (
        event.data.job,
        event.data.chunk,
        "en",
        "es",
    )


async def test_a_second_delivery_runs_no_engine_and_says_the_same(store, work, transcribed, started):
    engine = await started(Dictionary(TABLE))
    handler = TranslateChunk(store, engine)
    event = await transcribed(*TABLE)
    assert await handler.handle(event, work) == await handler.handle(event, work)
    assert engine.runs == 1


async def test_other_engine_data_is_another_artifact(store, work, transcribed, started):
    event = await transcribed(*TABLE)
    keys = set()
    for data in ("1", "2"):
        (out,) = await TranslateChunk(store, await started(Dictionary(TABLE, data=data))).handle(event, work)
        keys.add(out.translation.key)
    assert len(keys) == 2


async def test_a_line_that_cannot_be_had_is_marked_and_empty(store, work, transcribed, started):
    handler = TranslateChunk(store, await started(Dictionary(TABLE)))
    (out,) = await handler.handle(await transcribed("The house is big.", "Nobody knows this line."), work)
    good, bad = (await store.read_document(out.translation, Translation)).segments
    assert (good.text, good.flags) == ("La casa es grande.", ())
    assert (bad.text, bad.flags, bad.source_text) == ("", ("untranslated",), "Nobody knows this line.")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: [answers[0], answers[0]],
        lambda answers: [*answers[:-1], Answer("other", "x")],
    ],
)
async def test_an_engine_that_skips_or_doubles_a_line_is_not_believed(
    store, work, transcribed, started, spoil
):
    handler = TranslateChunk(store, await started(Dictionary(TABLE, spoil=spoil)))
    with pytest.raises(AnswerMismatchError):
        await handler.handle(await transcribed(*TABLE), work)
    assert len(store.objects) == 1


async def test_answers_in_another_order_find_their_lines(store, work, transcribed, started):
    handler = TranslateChunk(store, await started(Dictionary(TABLE, spoil=lambda a: a[::-1])))
    (out,) = await handler.handle(await transcribed(*TABLE), work)
    made = await store.read_document(out.translation, Translation)
    assert [segment.text for segment in made.segments] == list(TABLE.values())


async def test_a_chunk_without_speech_needs_no_engine(store, work, transcribed, started):
    engine = await started(Dictionary(TABLE))
    (out,) = await TranslateChunk(store, engine).handle(await transcribed(), work)
    assert (await store.read_document(out.translation, Translation)).segments == ()
    assert engine.runs == 0


async def test_unsupported_pair_and_missing_transcript_are_permanent(store, work, transcribed, started):
    handler = TranslateChunk(store, await started(Dictionary(TABLE)))
    with pytest.raises(UnsupportedLanguageError):
        await handler.handle(await transcribed(*TABLE, target="ja"), work)
    event = await transcribed(*TABLE)
    await store.delete([event.data.transcript.key])
    with pytest.raises(ArtifactMissingError):
        await handler.handle(event, work)


class Wishing(Dictionary):
    """Heeds what a language model does; keeps what it was asked."""

    honours = ("glossary", "style", "formality")

    def translate(self, request, cancel):
        self.asked = request
        return super().translate(request, cancel)


async def test_wishes_reach_an_engine_that_honours_them_and_are_part_of_the_key(
    store, work, transcribed, started
):
    glossary = Glossary(terms=(GlossaryTerm(source="house", targets={"es": "casa"}),))
    ref = await store.write_document("users/2/glossary", glossary)
    plain = await transcribed(*TABLE)
    wished = JobOptions(glossary=ref, formality="formal", voices={"*": "ef_dora"})
    event = plain.model_copy(update={"data": plain.data.model_copy(update={"options": wished})})
    engine = await started(Wishing(TABLE))
    (with_wishes,) = await TranslateChunk(store, engine).handle(event, work)
    assert engine.asked.glossary == (Term("house", "casa"),)
    assert engine.asked.formality == "formal"
    assert [line.seconds for line in engine.asked.lines] == [pytest.approx(3.95)] * 2
    (without,) = await TranslateChunk(store, engine).handle(plain, work)
    assert with_wishes.translation.key != without.translation.key


async def test_wishes_that_an_engine_does_not_heed_change_no_key(store, work, transcribed, started):
    plain = await transcribed(*TABLE)
    wished = JobOptions(formality="formal", style="brisk", voices={"*": "x"}, clone_voice=True)
    event = plain.model_copy(update={"data": plain.data.model_copy(update={"options": wished})})
    engine = await started(Dictionary(TABLE))
    handler = TranslateChunk(store, engine)
    (one,), (other,) = await handler.handle(event, work), await handler.handle(plain, work)
    assert one.translation == other.translation
    assert engine.runs == 1


async def test_wishes_and_voices_travel_on_to_who_speaks(store, work, transcribed, started):
    event = await transcribed(*TABLE)
    voices = await store.write("voices/all", b"{}", "application/json")
    wished = JobOptions(voices={"S1": "ana"}, clone_voice=True)
    data = event.data.model_copy(update={"options": wished, "voices": voices})
    handler = TranslateChunk(store, await started(Dictionary(TABLE)))
    (out,) = await handler.handle(event.model_copy(update={"data": data}), work)
    assert (out.options, out.voices) == (wished, voices)


async def test_what_is_never_spoken_is_through_with_its_translation(store, work, transcribed, started):
    event = await transcribed(*TABLE)
    handler = TranslateChunk(store, await started(Dictionary(TABLE)))
    (spoken,) = await handler.handle(event, work)
    written_event = event.model_copy(update={"data": event.data.model_copy(update={"written": True})})
    (written,) = await handler.handle(written_event, work)
    assert (type(spoken), type(written)) == (ChunkTranslated, ChunkWritten)
    assert written.written
    assert written.lines == written.translation
    assert written.translation.key != spoken.translation.key, "it has the time of reading, not of speech"
    assert written.slot() is None, "joined, so keyed by job"


async def test_a_translation_that_is_to_be_looked_at_goes_no_further(store, work, transcribed, started):
    event = await transcribed(*TABLE)
    handler = TranslateChunk(store, await started(Dictionary(TABLE)))
    (spoken,) = await handler.handle(event, work)
    wishes = event.data.options.model_copy(update={"review": "translation"})
    waiting = event.model_copy(update={"data": event.data.model_copy(update={"options": wishes})})
    (held,) = await handler.handle(waiting, work)
    assert isinstance(held, ChunkHeld)
    assert (held.target_language, held.translation) == ("es", spoken.translation), "the same translation"


async def test_its_own_language_is_passed_on_as_it_is_without_the_engine(store, work, transcribed, started):
    engine = await started(Dictionary({}))
    event = await transcribed("Nobody knows this line.", target="en")
    (out,) = await TranslateChunk(store, engine).handle(event, work)
    (line,) = (await store.read_document(out.translation, Translation)).segments
    assert (line.text, line.source_text, line.flags) == (line.source_text, "Nobody knows this line.", ())
    assert engine.runs == 0


def test_other_translations_go_with_the_line_where_they_are_any():
    segment = Segment(id="0-0", start=0, end=3, slot_end=4, text="The house is big.")
    others = ("Casa grande.", "La casa es grande.", "The house is big.", "", "Una casa bien grande.")
    made = translated(segment, Answer("0-0", "La casa es grande.", others=others), "es", "test")
    assert (made.text, made.candidates) == ("La casa es grande.", ("Casa grande.", "Una casa bien grande."))
    none = translated(segment, Answer("0-0", "", others=("Casa grande.",)), "es", "test")
    assert (none.text, none.candidates, none.flags) == ("", (), ("untranslated",))


async def test_what_is_read_has_less_time_than_what_is_spoken(store, work, transcribed, started):
    engine = await started(Dictionary(TABLE))
    asked = []
    engine.spoil = lambda answers: answers
    translate = engine.translate
    engine.translate = lambda request, cancel: asked.append(request) or translate(request, cancel)
    event = await transcribed("The house is big.")
    for written in (False, True):
        data = event.data.model_copy(update={"written": written})
        await TranslateChunk(store, engine).handle(event.model_copy(update={"data": data}), work)
    spoken, read = (request.lines[0].seconds for request in asked)
    assert read == pytest.approx(0.85 * spoken)
