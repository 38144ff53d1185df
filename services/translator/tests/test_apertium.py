"""The real Apertium with the pairs that are installed here."""

import random
import re
from pathlib import Path

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Translation
from octavia_common.errors import EngineUnavailableError, JobCancelledError, UnsupportedLanguageError
from octavia_translator.checks import problem_of
from octavia_translator.engine import Line, TranslationRequest
from octavia_translator.engines.apertium import ApertiumTranslator
from octavia_translator.handler import TranslateChunk

DATA = Path("/usr/share/apertium")

SPEECH = (
    "and so my fellow americans ask not what your country can do for you",
    "ask what you can do for your country",
    "The house is big, and the garden behind it is green.",
    "we will go to the city tomorrow and buy bread for our friends",
    "i think that the new teacher is a good man",
    "Who has read the book?",
    "there are three children in the street",
    "E-mail me at ann@example.org [now] {or} ^never$ <b>!",
    "It costs 100 euros * 3, that is #1 / a lot.",
    "yes",
)
SPANISH = """
a al así bueno buen casa ciudad comprar compraremos con de del detrás el ella en es están este esto gran
grande ha hay hombre iremos jardín la las leído libro lo los mañana mi mis niños no nueva nuestros nuevo
nuestro nuestra o pan país para pero pienso por pueden puede puedes podéis profesor pregunta pide preguntáis
pedís pida pides que qué quién sí su sus también tres tu tú un una verde vosotros vuestro y yo calle amigos
americanos hacer creo maestro él creer usted ti hará vamos
"""


@pytest.fixture
async def engine():
    made = ApertiumTranslator(DATA)
    await made.start()
    yield made
    await made.close()


def request(target: str, *texts: str, source: str = "en") -> TranslationRequest:
    return TranslationRequest(source, target, tuple(Line(str(n), text) for n, text in enumerate(texts)))


@pytest.mark.parametrize(
    ("target", "hops"),
    [
        ("es", ["eng-spa"]),
        ("ca", ["eng-cat"]),
        ("gl", ["en-gl"]),
        ("fr", ["eng-spa", "es-fr"]),
        ("pt", ["eng-spa", "es-pt"]),
        ("pt-BR", ["eng-spa", "es-pt_BR"]),
        ("es-419", ["eng-spa"]),
    ],
)
async def test_routes_of_the_offline_languages(engine, target, hops):
    assert [pair.name for pair in engine.route("en", target)] == hops
    assert engine.params("en", target)["route"] == hops


@pytest.mark.parametrize("target", ["es", "ca", "gl", "fr", "pt"])
async def test_every_line_is_translated_whole(engine, target):
    asked = request(target, *SPEECH)
    answers = await engine.run(asked, CancelToken())
    assert [answer.id for answer in answers] == [line.id for line in asked.lines]
    for line, answer in zip(asked.lines, answers, strict=True):
        assert problem_of(line.text, answer, target) is None, (line.text, answer)
        assert not re.search(r"\\|\[\]|(?<!\w)[*@#]\w", answer.text), answer.text
    assert "ann@example.org [" in answers[7].text
    assert answers[0].text[0].isupper()
    assert answers[0].text.endswith(".")
    assert answers[5].text.endswith("?")


async def test_spanish_is_recognised_by_a_word_list(engine):
    answers = await engine.run(request("es", *SPEECH[:7]), CancelToken())
    words = re.findall(r"\w+", " ".join(answer.text for answer in answers).lower())
    known = [word for word in words if word in SPANISH.split()]
    assert len(known) / len(words) > 0.7, sorted(set(words) - set(SPANISH.split()))
    assert {"country", "house", "friends", "teacher", "americans"}.isdisjoint(words)


async def test_names_are_found_behind_missing_capitals(engine):
    (answer,) = await engine.run(request("es", "my fellow americans"), CancelToken())
    assert "americanos" in answer.text
    assert answer.unknown_words == 0


async def test_what_apertium_does_not_know_is_counted(engine):
    (answer,) = await engine.run(request("es", "zorblax quux frobnicate wibble"), CancelToken())
    assert (answer.words, answer.unknown_words) == (4, 4)
    assert problem_of("zorblax quux frobnicate wibble", answer, "es") == "mostly unknown words"
    (answer,) = await engine.run(request("es", "The man is called Zorblax."), CancelToken())
    assert "Zorblax" in answer.text
    assert answer.unknown_words == 0


@pytest.mark.parametrize("target", ["es", "ca", "gl", "fr", "pt"])
async def test_a_line_does_not_depend_on_what_was_translated_before(engine, target):
    """A running pipeline must forget, or a stage would not be a pure function."""
    lines = request(target, *SPEECH).lines
    first = {answer.id: answer for answer in await engine.run(request(target, *SPEECH), CancelToken())}
    for seed in range(3):
        shuffled = random.Random(seed).sample(lines, len(lines))
        answers = await engine.run(TranslationRequest("en", target, tuple(shuffled)), CancelToken())
        assert {answer.id: answer for answer in answers} == first


async def test_pairs_offered_and_refused(engine):
    assert {"es", "ca", "gl", "fr", "pt"} <= set(engine.pairs()["en"])
    with pytest.raises(UnsupportedLanguageError, match=r"from en it can do .*es") as refused:
        engine.params("en", "ja")
    assert "es" in refused.value.context["supported"]["en"]
    with pytest.raises(UnsupportedLanguageError, match=r"it can translate from .*en"):
        engine.params("ja", "en")


async def test_cancelled_work_ends_and_the_next_works(engine):
    token = CancelToken()
    token.cancel()
    with pytest.raises(JobCancelledError):
        await engine.run(request("es", "hello"), token)
    (answer,) = await engine.run(request("es", "the house"), CancelToken())
    assert "casa" in answer.text.lower()


async def test_a_killed_pipeline_is_replaced(engine):
    await engine.run(request("es", "the house"), CancelToken())
    for pipeline in engine._pipelines._idle.values():
        pipeline.kill()
    (answer,) = await engine.run(request("es", "the house"), CancelToken())
    assert "casa" in answer.text.lower()


async def test_missing_program_or_pairs_are_told_at_start(tmp_path, monkeypatch):
    (tmp_path / "modes").mkdir()
    with pytest.raises(EngineUnavailableError, match="no language pair in"):
        await ApertiumTranslator(tmp_path).start()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match="apt-get install"):
        await ApertiumTranslator(DATA).start()


async def test_the_whole_stage_with_a_pivot(engine, store, work, transcribed):
    event = await transcribed(*SPEECH, "zorblax quux frobnicate", target="fr")
    (out,) = await TranslateChunk(store, engine).handle(event, work)
    made = await store.read_document(out.translation, Translation)
    assert [segment.id for segment in made.segments] == [f"0-{n}" for n in range(len(SPEECH) + 1)]
    assert [segment.flags for segment in made.segments] == [()] * len(SPEECH) + [("untranslated",)]
    assert made.segments[-1].text == ""
    assert "maison" in made.segments[2].text


async def test_it_tells_what_it_can_do_with_the_pairs_installed(engine):
    told = engine.published()
    assert (told.kind, told.engine, told.version) == ("translator", "apertium", engine.version)
    assert told.pairs == {source: tuple(into) for source, into in engine.pairs().items()}
    assert told.honours == ()
