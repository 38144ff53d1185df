"""Fitting with engines that obey, err, or cannot change their rate at all."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError
from octavia_synthesizer.engine import Sound, SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot
from octavia_synthesizer.pronouncing import Reading
from octavia_synthesizer.sound import trimmed
from octavia_synthesizer.speaker import MAX_RETAKES, LineSpeaker
from octavia_synthesizer.stretch import stretched, tempo_filter


class Hummer(SynthesisEngine):
    """Hums `seconds` long at its natural rate; its sense of rate is off by `error`."""

    name = "hummer"

    def __init__(self, seconds: float, *, rates=(0.4, 2.6), error: float = 1.0) -> None:
        super().__init__()
        self.seconds, self.rates, self.error, self.asked = seconds, rates, error, []

    def voice_for(self, language, speaker):
        return "hum"

    def languages(self):
        return None

    def work(self, request, cancel):
        self.asked.append(request.rate)
        off = 1.0 if request.rate == 1.0 else self.error
        count = int(self.seconds / request.rate * off * SAMPLE_RATE)
        hum = 0.5 * np.sin(2 * np.pi * 150 / SAMPLE_RATE * np.arange(count))
        return Sound(np.concatenate([np.zeros(4800), hum, np.zeros(9600)]).astype(np.float32), SAMPLE_RATE)


async def say(engine: Hummer, slot: Slot):
    await engine.start()
    try:
        return await LineSpeaker(engine).speak(
            [Reading("m")], language="es", voice="hum", slot=slot, cancel=CancelToken()
        )
    finally:
        await engine.close()


def slot(source: float, limit: float) -> Slot:
    return Slot(int(source * SAMPLE_RATE), int(limit * SAMPLE_RATE))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.2, 6),
    st.floats(0.3, 4),
    st.floats(0, 2),
    st.floats(0.9, 1.1),
    st.sampled_from([(0.4, 2.6), (1.0, 1.0)]),
)
def test_no_line_of_any_engine_outlasts_its_slot(seconds, source, pause, error, rates):
    where = slot(source, source + pause)
    take = asyncio.run(say(Hummer(seconds, rates=rates, error=error), where))
    assert 0 < len(take.samples) <= where.limit
    assert take.natural == pytest.approx(seconds * SAMPLE_RATE, abs=0.05 * SAMPLE_RATE)
    if take.natural <= 1.2 * where.limit:
        assert 0.85 - 1e-4 <= take.natural / len(take.samples) <= 1.2 + 1e-9


async def test_an_exact_engine_is_asked_twice_and_a_fitting_line_once():
    engine = Hummer(2.0)
    await say(engine, slot(1.8, 2.5))
    assert len(engine.asked) == 2
    engine = Hummer(2.0)
    await say(engine, slot(2.0, 2.5))
    assert engine.asked == [1.0]


async def test_an_engine_that_errs_is_corrected_and_never_asked_without_end():
    engine = Hummer(2.0, error=1.08)
    take = await say(engine, slot(1.8, 2.5))
    assert len(engine.asked) == 3
    assert len(take.samples) == pytest.approx(1.8 * SAMPLE_RATE, rel=0.03)
    engine = Hummer(2.0, error=1.5)
    await say(engine, slot(1.8, 1.8))
    assert len(engine.asked) == 1 + MAX_RETAKES


async def test_an_engine_without_rates_is_stretched_to_the_sample():
    engine = Hummer(2.0, rates=(1.0, 1.0))
    take = await say(engine, slot(1.75, 2.5))
    assert engine.asked == [1.0]
    assert len(take.samples) == int(1.75 * SAMPLE_RATE)


async def test_silence_is_no_take():
    assert await say(Hummer(0.0), slot(1, 2)) is None


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.1, 1.7, 3.5])
async def test_stretching_keeps_pitch_and_onset(factor):
    hum = trimmed((0.5 * np.sin(2 * np.pi * 300 / SAMPLE_RATE * np.arange(96_000))).astype(np.float32))
    length = int(len(hum) / factor)
    made = await stretched(hum, length, CancelToken())
    assert len(made) == length
    spectrum = np.abs(np.fft.rfft(made * np.hanning(length)))
    assert np.argmax(spectrum) * SAMPLE_RATE / length == pytest.approx(300, rel=0.03)
    assert np.argmax(np.abs(made) > 0.05) < SAMPLE_RATE // 100


async def test_stretching_stops_when_the_job_has_ended():
    token = CancelToken()
    token.cancel()
    with pytest.raises(JobCancelledError):
        await stretched(np.ones(4800, dtype=np.float32), 4000, token)


@given(st.floats(0.01, 50))
def test_tempo_steps_multiply_to_the_whole_and_none_is_extreme(tempo):
    steps = [float(part.removeprefix("atempo=")) for part in tempo_filter(tempo).split(",")]
    assert np.prod(steps) == pytest.approx(tempo, rel=1e-3)
    assert all(0.5 <= step <= 2.0 for step in steps)
