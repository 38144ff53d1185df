"""The real espeak-ng: languages, voices, rates, and the sound it makes."""

import io

import numpy as np
import pytest
import soundfile
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Speech
from octavia_common.errors import EngineUnavailableError, JobCancelledError, UnsupportedLanguageError
from octavia_synthesizer.engine import LineUnspeakableError, SpeechRequest, UnknownVoiceError
from octavia_synthesizer.engines.espeak import EspeakSynthesizer
from octavia_synthesizer.engines.voices import VARIANTS, best_voices, variant_of, voice_of
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_synthesizer.sound import at_48k, trimmed

from .conftest import segment_of

LISTING = """Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  es              --/M      Spanish_(Spain)    roa/es
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)(es 6)
 5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
 5  fr-be           --/M      French_(Belgium)   roa/fr-BE            (fr 8)
 5  nb              --/M      Norwegian_Bokmål  gmq/nb               (no 5)
broken row
"""

LINES = {
    "es": "Y así que mis amigos, preguntad qué podéis hacer por vuestro país.",
    "ca": "La casa és gran, i el jardí darrere d'ell és verd.",
    "gl": "A casa é grande, e o xardín detrás del é verde.",
    "fr": "La maison est grande, et le jardin derrière est vert.",
    "pt-BR": "A casa é grande, e o jardim detrás é verde.",
    "it": "La casa è grande, e il giardino dietro è verde.",
    "ru": "Дом большой, и сад за ним зелёный.",
    "hi": "घर बड़ा है और बगीचा हरा है।",
}


def request(text: str, language: str = "es", voice: str = "es", **more) -> SpeechRequest:
    return SpeechRequest(text, language, voice, **more)


@pytest.fixture
async def engine():
    made = EspeakSynthesizer(threads=2)
    await made.start()
    yield made
    await made.close()


async def test_voices_can_be_chosen_in_any_language_and_are_told_of(engine):
    told = engine.published()
    assert (told.kind, told.engine) == ("synthesizer", "espeak")
    assert told.honours == ("pronunciation", "ipa", "voices")
    assert {"es", "fr"} <= set(told.languages)
    for voice in told.voices:
        assert voice.language is None
        chosen = engine.voice_called(voice.id, "fr")
        spoken = await engine.run(request("Bonjour tout le monde.", "fr", chosen), CancelToken())
        assert len(spoken.samples) > 5000
    assert len({engine.voice_called(voice.id, "es") for voice in told.voices}) == len(VARIANTS)
    with pytest.raises(UnknownVoiceError, match="female-2"):
        engine.voice_called("m1", "es")
    with pytest.raises(UnsupportedLanguageError):
        engine.voice_called("plain", "tlh")


def test_voices_by_tag():
    voices = best_voices(LISTING)
    assert voice_of("en", voices) == "en-gb"
    assert voice_of("en-US", voices) == "en-us"
    assert voice_of("eng", voices) == "en-gb"
    assert voice_of("es", voices) == "es"
    assert voice_of("es-MX", voices) == "es-419"
    assert voice_of("es-AR", voices) == "es"
    assert voice_of("fr", voices) == voice_of("fr-CA", voices) == "fr-fr"
    assert voice_of("zh-Hans", voices) == "cmn"
    assert voice_of("gl", voices) == "es"
    assert voice_of("tlh", voices) is None
    assert voice_of("not a tag", voices) is None
    assert voice_of("gl", best_voices("")) is None


def test_speakers_sound_different_and_always_the_same():
    assert [variant_of(f"S{n}") for n in range(1, len(VARIANTS) + 1)] == list(VARIANTS)
    assert variant_of("SPEAKER_01") == variant_of("S1")
    assert variant_of("Ann") == variant_of("Ann")
    assert variant_of("") in VARIANTS


async def test_a_hundred_languages_and_a_clear_refusal(engine):
    assert len(engine.languages()) > 100
    assert {"es", "ca", "gl", "fr", "pt", "it", "de", "zh"} <= set(engine.languages())
    assert engine.voice_for("es", "S2") == "es+f2"
    with pytest.raises(UnsupportedLanguageError, match=r"does not speak tlh; it speaks .*es"):
        engine.voice_for("tlh", "S1")


@pytest.mark.parametrize("language", LINES)
async def test_speaks(engine, language):
    sound = await engine.run(
        request(LINES[language], language, engine.voice_for(language, "S1")), CancelToken()
    )
    assert sound.sample_rate == 22_050
    speech = trimmed(at_48k(sound))
    assert 1.5 < len(speech) / 48_000 < 6
    assert np.sqrt(np.mean(speech**2)) > 0.02


async def test_voices_of_two_speakers_differ(engine):
    text = LINES["es"]
    one = await engine.run(request(text, voice=engine.voice_for("es", "S1")), CancelToken())
    two = await engine.run(request(text, voice=engine.voice_for("es", "S2")), CancelToken())
    again = await engine.run(request(text, voice=engine.voice_for("es", "S1")), CancelToken())
    assert np.array_equal(one.samples, again.samples)
    assert not np.array_equal(one.samples[:20_000], two.samples[:20_000])


@pytest.mark.parametrize("rate", [0.85, 1.2, 1.5, 2.0])
async def test_it_speaks_faster_and_slower_itself(engine, rate):
    natural = await engine.run(request(LINES["es"]), CancelToken())
    other = await engine.run(request(LINES["es"], rate=rate), CancelToken())
    ratio = len(trimmed(at_48k(natural))) / len(trimmed(at_48k(other)))
    assert ratio == pytest.approx(rate, rel=0.2)


async def test_text_is_text_whatever_it_looks_like(engine):
    plain = await engine.run(request("hola"), CancelToken())
    for text in ("-f /etc/passwd hola", "--version", "[[h'ola]]", "<speak>hola</speak>", "hola\nhola"):
        assert len(trimmed(at_48k(await engine.run(request(text), CancelToken())))) > 0
    phonemes = await engine.run(request("[[ola]]"), CancelToken())
    assert not np.array_equal(phonemes.samples, plain.samples)


async def test_a_missing_voice_is_an_unspeakable_line(engine):
    with pytest.raises(LineUnspeakableError):
        await engine.run(request("hola", voice="xx"), CancelToken())


async def test_cancel_and_missing_program(engine, monkeypatch, tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(JobCancelledError):
        await engine.run(request("hola"), token)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match="apt-get install espeak-ng"):
        await EspeakSynthesizer().start()


async def test_the_whole_stage_measured_on_its_output(engine, store, work, translated):
    """Each line: mono 48 kHz 16 bit, speech within 10 ms of its start, over before its slot ends."""
    event = await translated(
        LINES["es"],
        segment_of(1, "Sí.", speaker="S2"),
        segment_of(2, LINES["es"] + " " + LINES["es"]),
        segment_of(3, LINES["es"], end=14.0, slot_end=14.4),
        "Zapatos, cinco, fácil.",
    )
    (out,) = await SynthesizeChunk(store, engine).handle(event, work)
    lines = (await store.read_document(out.speech, Speech)).segments
    for line in lines:
        data = await store.read(line.audio)
        info = soundfile.info(io.BytesIO(data))
        assert (info.samplerate, info.channels, info.subtype) == (48_000, 1, "PCM_16")
        samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
        assert round(line.start * 48_000) + len(samples) <= line.slot_end * 48_000
        level = np.sqrt(np.convolve(samples**2, np.ones(240) / 240, mode="valid"))
        assert np.argmax(level > 0.01 * level.max()) < 480
        assert level[-2400:].max() > 0.003 * level.max()
    assert [line.flags for line in lines] == [
        (),
        (),
        ("rate_stretched", "too_long"),
        ("rate_stretched", "too_long") if lines[3].cut else ("rate_stretched",),
        (),
    ]
    assert lines[2].rate == pytest.approx(1.5, abs=1e-3)
    assert lines[2].cut > 0
    assert 2.9 < lines[0].duration < 3.4
    assert 0.85 - 1e-4 <= lines[1].rate < 0.9
