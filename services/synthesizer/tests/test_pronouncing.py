"""Pronunciations: found in lines, put into what the engine gets, and heard from the real espeak-ng."""

import subprocess

import pytest
from octavia_common.documents import Pronunciation, Pronunciations, Speech
from octavia_synthesizer.engines.espeak import EspeakSynthesizer
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_synthesizer.pronouncing import Reader

from .test_handler import Beeper, stage  # noqa: F401 - a fixture


class Coder(Beeper):
    """Takes IPA without "x" as its codes."""

    reads_ipa = True

    def codes_of(self, ipa, voice):
        return None if "x" in ipa else f"<{ipa}>"


def reader(*terms: Pronunciation, language: str = "es") -> Reader:
    return Reader(Coder(), language, terms)


def spelled(term: str, spoken: str, language: str | None = None) -> Pronunciation:
    return Pronunciation(term=term, spoken=spoken, language=language)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Uso nginx y NGINX.", "Uso ényin ex y ényin ex."),
        ("nginxes no es nginx2", "nginxes no es nginx2"),
        ("«nginx»", "«ényin ex»"),
    ],
)
async def test_a_term_is_found_as_a_word_of_its_own_whatever_its_case(text, read):
    found = await reader(spelled("nginx", "ényin ex")).read(text, "v")
    assert (found.text, found.soundings, found.lacking) == (read, (), False)


async def test_the_longest_term_wins_and_the_last_of_two_for_one():
    terms = [spelled("New York", "nuyór"), spelled("York", "yor"), spelled("york", "iork")]
    assert (await reader(*terms).read("New York y York", "v")).text == "nuyór y iork"


async def test_a_term_of_a_script_without_spaces_is_found_where_it_stands():
    found = await reader(spelled("東京", "とうきょう"), language="ja").read("私は東京に住む", "v")
    assert found.text == "私はとうきょうに住む"


async def test_a_term_holds_in_its_language_and_its_regions():
    term = spelled("Xalapa", "Jalapa", "es")
    assert (await reader(term, language="es-mx").read("Xalapa", "v")).text == "Jalapa"
    assert (await reader(term, language="fr").read("Xalapa", "v")).text == "Xalapa"
    mexican = spelled("Xalapa", "Jalapa", "es-mx")
    assert (await reader(mexican, language="es").read("Xalapa", "v")).text == "Xalapa"


async def test_ipa_stays_with_its_stretch_and_falls_back_to_the_spelling_or_is_told():
    both = Pronunciation(term="Goethe", ipa="ˈgøːtə", spoken="Guete")
    found = await reader(both).read("De Goethe.", "v")
    (sounding,) = found.soundings
    assert found.text[sounding.start : sounding.end] == "Goethe"
    assert sounding.codes == "<ˈgøːtə>"
    assert found.identity != b"De Goethe."
    fallen = await reader(both.model_copy(update={"ipa": "x"})).read("De Goethe.", "v")
    assert (fallen.text, fallen.lacking) == ("De Guete.", False)
    alone = Pronunciation(term="Goethe", ipa="x")
    assert (await reader(alone).read("De Goethe.", "v")).lacking


async def test_a_job_without_pronunciations_reads_what_is_written():
    text = "cafe\u0301 [[nginx]]"
    found = await reader().read(text, "v")
    assert (found.text, found.identity) == (text, text.encode())


async def test_only_lines_that_have_the_term_are_spoken_anew(store, work, translated, stage):  # noqa: F811
    handler, engine = await stage()
    lines = ("a line of thirty characters..", "here nginx is said by somebody")
    await handler.handle(await translated(*lines), work)
    terms = await store.write_document("p", Pronunciations(terms=(spelled("nginx", "enyinex"),)))
    event = await translated(*lines, pronunciation=terms.model_dump())
    before = len(engine.texts)
    (out,) = await handler.handle(event, work)
    assert set(engine.texts[before:]) == {"here enyinex is said by somebody"}
    speech = await store.read_document(out.speech, Speech)
    assert [line.text for line in speech.segments] == list(lines), "subtitles keep how it is written"


@pytest.fixture
async def espeak():
    engine = EspeakSynthesizer()
    await engine.start()
    yield engine
    await engine.close()


def heard(voice: str, codes: str) -> str:
    done = subprocess.run(
        ["espeak-ng", "-v", voice, "-q", "--ipa", f"[[{codes}]]"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().replace("ˈ", "").replace("ˌ", "")


@pytest.mark.parametrize(
    ("voice", "ipa", "said"),
    [
        ("es", "ˈkasa", "kasa"),
        ("es+f2", "/ˈt͡ʃuɾo/", "tʃuɾo"),
        ("en-gb", "ˈθɪŋk", "θɪŋk"),
        ("en-us", "ˈdʒuːnɚ", "dʒuːnɚ"),
        ("fr-fr", "bɔ̃ʒuʁ", "bɔ̃ʒuʁ"),
        ("de", "ˈgøːtə", "ɡøːtə"),
        ("ru", "tʲ", "tʲ"),
    ],
)
async def test_espeak_says_the_sounds_that_ipa_writes(espeak, voice, ipa, said):
    codes = espeak.codes_of(ipa, voice)
    assert codes is not None
    assert heard(voice.partition("+")[0], codes) == said


@pytest.mark.parametrize("ipa", ["ǃoːǁ", "kʘa", ""])
async def test_a_sound_that_the_voice_lacks_is_told_not_guessed(espeak, ipa):
    assert espeak.codes_of(ipa, "es") is None


async def test_a_line_with_ipa_sounds_other_than_as_written(store, work, translated, espeak):
    handler = SynthesizeChunk(store, espeak)
    line = "Aquí está Goethe con nosotros."
    (plain,) = await handler.handle(await translated(line), work)
    terms = (Pronunciation(term="Goethe", ipa="ˈmartinez"), Pronunciation(term="nosotros", ipa="ǃ"))
    listed = await store.write_document("p", Pronunciations(terms=terms))
    (other,) = await handler.handle(await translated(line, pronunciation=listed.model_dump()), work)
    first, second = [(await store.read_document(each.speech, Speech)).segments[0] for each in (plain, other)]
    assert first.audio != second.audio
    assert first.flags == ()
    assert "unpronounced" in second.flags
    assert second.text == line
