"""`octavia voices`, and the choice of engine by setting."""

import json

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_synthesizer.commands import app
from octavia_synthesizer.engine import SpeechRequest
from octavia_synthesizer.engines import make_engine
from octavia_synthesizer.engines.espeak import EspeakSynthesizer
from octavia_synthesizer.engines.timed import TimedSynthesizer
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot
from octavia_synthesizer.pronouncing import Reading
from octavia_synthesizer.settings import SynthesizerSettings
from octavia_synthesizer.speaker import LineSpeaker
from typer.testing import CliRunner


def test_languages_are_listed(monkeypatch, tmp_path):
    languages = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert {"es", "fr", "zh"} <= set(languages)
    assert CliRunner().invoke(app, []).stdout.split() == languages
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = CliRunner().invoke(app, [])
    assert missing.exit_code == 1
    assert missing.stderr.strip().splitlines() == [missing.stderr.strip()]


def test_the_setting_names_the_engine(monkeypatch):
    assert isinstance(make_engine(SynthesizerSettings()), EspeakSynthesizer)
    monkeypatch.setenv("SYNTHESIZER_ENGINE", "timed")
    monkeypatch.setenv("TIMED_ENGINE_SECONDS", "0.5")
    engine = make_engine(SynthesizerSettings())
    assert isinstance(engine, TimedSynthesizer)
    assert engine.seconds == 0.5


async def test_the_timed_engine_fits_at_once_and_is_deterministic():
    engine = TimedSynthesizer(0)
    await engine.start()
    slot = Slot(2 * SAMPLE_RATE, 3 * SAMPLE_RATE)
    calls: list[SpeechRequest] = []
    work = engine.work
    engine.work = lambda request, cancel: (calls.append(request), work(request, cancel))[1]
    takes = [
        await LineSpeaker(engine).speak(
            [Reading("x")], language="es", voice="v", slot=slot, cancel=CancelToken()
        )
        for _ in range(2)
    ]
    assert len(calls) == 2
    assert np.array_equal(takes[0].samples, takes[1].samples)
    assert abs(len(takes[0].samples) - slot.source) < SAMPLE_RATE // 50
    await engine.close()
