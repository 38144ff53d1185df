"""What of the Coqui engine needs no Coqui: choices, licences, takes, short texts, batches."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, JobCancelledError
from octavia_synthesizer.engines import make_engine
from octavia_synthesizer.engines.coqui.batches import Batcher, DeviceMemoryError
from octavia_synthesizer.engines.coqui.choice import ModelChoice, best, choices, tag_of
from octavia_synthesizer.engines.coqui.engine import CoquiSynthesizer
from octavia_synthesizer.engines.coqui.licences import (
    check_accepted,
    forbids_commercial_use,
    licence_beside,
)
from octavia_synthesizer.engines.coqui.short_texts import ENOUGH_LETTERS, script_of
from octavia_synthesizer.engines.coqui.takes import judged, letters
from octavia_synthesizer.settings import SynthesizerSettings

RATE = 16_000


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(np.arange(int(seconds * RATE)) * 0.1)).astype(np.float32)


def test_the_setting_names_models_and_what_for():
    assert choices("tts_models/es/css10/vits, fr=/models/fr ,") == [
        ModelChoice("tts_models/es/css10/vits"),
        ModelChoice("/models/fr", "fr"),
    ]
    assert choices("/a/b")[0].named is False
    for wrong in ("", "not a tag=x", "es="):
        with pytest.raises(ValueError, match="COQUI_MODELS"):
            choices(wrong)
    assert all(choice.named for choice in choices(SynthesizerSettings().coqui_models))


def test_languages_as_models_call_them():
    assert [tag_of(word) for word in ("zh-cn", "fr-fr", "tw_akuapem", "spa", "pt_BR", "?!")] == [
        "zh-CN", "fr-FR", "tw", "es", "pt-BR", None,
    ]  # fmt: skip
    assert best("fr-CA", ["en", "fr-FR"]) == "fr-FR"
    assert best("zh", ["zh-CN"]) == "zh-CN"
    assert best("es-MX", ["es", "es-MX"]) == "es-MX"
    assert best("ja", ["es"]) is None


def test_a_model_speaks_what_it_says_or_what_it_is_chosen_for():
    several = ("en", "fr-fr", "zh-cn")
    assert ModelChoice("/m").speaks(several) == {"en": "en", "fr-FR": "fr-fr", "zh-CN": "zh-cn"}
    assert ModelChoice("/m", "fr").speaks(several) == {"fr": "fr-fr"}
    assert ModelChoice("/m", "es").speaks(several) == {}
    # A model that names no language is taken for English by Coqui; its place in the catalogue knows better.
    assert ModelChoice("tts_models/es/css10/vits").speaks(("en",)) == {"es": "en"}
    assert ModelChoice("/m", "gl").speaks(("en",)) == {"gl": "en"}
    assert ModelChoice("/m").speaks(("de",)) == {"de": "de"}


@pytest.mark.parametrize("licence", ["CPML", "CC BY-NC-ND 4.0", "cc-by-nc 4.0", "custom - see here"])
def test_licences_that_must_be_accepted_first(licence):
    assert forbids_commercial_use(licence)
    with pytest.raises(EngineUnavailableError, match="COQUI_ACCEPT_LICENCES"):
        check_accepted("m", licence, ["MIT"])
    check_accepted("m", licence, [licence.upper()])


@pytest.mark.parametrize("licence", ["bsd-3-clause", "apache 2.0", "MIT", "MPL", "CC-BY-4.0", "CC-BY-SA 4.0"])
def test_licences_that_may_be_used(licence):
    check_accepted("m", licence, [])


def test_the_licence_of_a_model_by_path(tmp_path):
    assert licence_beside(tmp_path, "vits") == "unknown"
    (tmp_path / "LICENSE").write_text("\n  CC BY-NC 4.0 \nmore")
    assert licence_beside(tmp_path, "vits") == "CC BY-NC 4.0"
    assert licence_beside(tmp_path, "xtts") == "CPML"


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (tone(2.0), None),
        (tone(2.0, 0.0), "silent"),
        (tone(0.0), "silent"),
        (np.full(RATE, np.nan, dtype=np.float32), "silent"),
        (tone(0.3), "too short"),
        (tone(30.0), "too long"),
        (np.clip(tone(2.0, 3.0), -1, 1), "clipped"),
    ],
)
def test_takes_are_judged(samples, fault):
    verdict = judged(samples, RATE, "A line of thirty letters or so.")
    assert (verdict.fault if verdict else None) == fault
    assert verdict is None or verdict.usable == (fault == "clipped")


def test_signs_of_syllables_take_longer_than_letters():
    assert letters("Sí, ¡no!") == 4
    assert letters("今日はいい天気") == 21
    assert judged(tone(1.5), RATE, "今日はいい天気です") is None


def test_short_texts_are_spoken_several_times_over():
    assert script_of(" A whole sentence of its own").text == "A whole sentence of its own."
    assert not script_of("A whole sentence of its own!").padded
    short = script_of("Sí")
    assert short.padded
    assert short.kept == "Sí."
    assert short.text.startswith("Sí. Sí.")
    assert letters(short.text) >= ENOUGH_LETTERS


class Voice:
    """Speaks slowly, and remembers who spoke together. Out of memory beyond `fits` lines."""

    def __init__(self, fits: int = 100) -> None:
        self.fits, self.together = fits, []

    def speak(self, lines):
        if len(lines) > self.fits:
            raise MemoryError(f"{len(lines)} lines")
        if "bad" in lines:
            raise ValueError("bad")
        self.together.append(list(lines))
        time.sleep(0.05)
        return [line.upper() for line in lines]


def batcher(voice: Voice, most: int = 4) -> Batcher:
    return Batcher(voice.speak, most=most, out_of_memory=lambda error: isinstance(error, MemoryError))


def say(speaking: Batcher, lines: list[str], kind=len):
    with ThreadPoolExecutor(len(lines)) as pool:
        asked = [pool.submit(speaking.spoken, line, kind(line), CancelToken()) for line in lines]
    return [each.exception() or each.result() for each in asked]


def test_lines_that_wait_are_spoken_together_with_their_kind():
    voice = Voice()
    speaking = batcher(voice)
    lines = ["a", "b", "c", "d", "e", "ff", "gg"]
    assert say(speaking, lines) == [line.upper() for line in lines]
    assert max(len(batch) for batch in voice.together) > 1
    assert all(len({len(line) for line in batch}) == 1 and len(batch) <= 4 for batch in voice.together)
    speaking.close()


def test_out_of_memory_makes_batches_smaller_for_good():
    voice = Voice(fits=2)
    speaking = batcher(voice, most=8)
    lines = [chr(ord("a") + n) for n in range(8)]
    for _ in range(3):
        assert say(speaking, lines) == [line.upper() for line in lines]
    assert speaking.most <= 2
    speaking.close()


def test_one_line_that_does_not_fit_is_tried_again_elsewhere():
    speaking = batcher(Voice(fits=0))
    (error,) = say(speaking, ["a"])
    assert isinstance(error, DeviceMemoryError)
    speaking.close()


def test_a_line_that_fails_fails_alone():
    speaking = batcher(Voice())
    a, bad, c = say(speaking, ["a", "bad", "c"], kind=lambda line: 0)
    assert (a, c) == ("A", "C")
    assert isinstance(bad, ValueError)
    speaking.close()


def test_who_is_cancelled_does_not_wait():
    begun, go = threading.Event(), threading.Event()

    def slow(lines):
        begun.set()
        go.wait(10)
        return lines

    speaking = Batcher(slow, most=1, out_of_memory=lambda error: False)
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(speaking.spoken, "a", 0, cancel)
        begun.wait(10)
        cancel.cancel()
        with pytest.raises(JobCancelledError):
            asked.result(10)
    go.set()
    speaking.close()


async def test_without_the_package_it_says_so_in_one_line(monkeypatch):
    monkeypatch.setenv("SYNTHESIZER_ENGINE", "coqui")
    engine = make_engine(SynthesizerSettings())
    assert isinstance(engine, CoquiSynthesizer)
    monkeypatch.setattr("octavia_synthesizer.engines.coqui.engine.version", _missing)
    with pytest.raises(EngineUnavailableError) as caught:
        await engine.start()
    assert "make engines ENGINES=coqui" in caught.value.message
    assert "\n" not in caught.value.message
    await engine.close()


def _missing(name: str) -> str:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)
