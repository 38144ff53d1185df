"""Speech is found where it is, to 20 ms, with music under it, and nowhere else."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from octavia_common.documents import SpeechRegion
from octavia_transcriber.planning.features import Features, extract
from octavia_transcriber.planning.speech import find_speech

RATE = 16_000


def regions_of(pcm: NDArray[np.int16]) -> list[SpeechRegion]:
    return find_speech(extract([pcm]))


def onset_errors(regions: list[SpeechRegion], spoken: tuple[tuple[float, float], ...]) -> list[float]:
    return [min((region.start - start for region in regions), key=abs) for start, _ in spoken]


@pytest.mark.parametrize("kind", ["talk", "talk_over_music"])
def test_onsets_lie_within_20_ms_of_the_truth(kind, request):
    talk = request.getfixturevalue(kind)
    errors = onset_errors(regions_of(talk.pcm), talk.spoken)
    assert max(abs(error) for error in errors) <= 0.02, errors


@pytest.mark.parametrize("kind", ["talk", "talk_over_music"])
def test_all_speech_and_no_pause_is_covered(kind, request):
    talk = request.getfixturevalue(kind)
    regions = regions_of(talk.pcm)
    truth, found = np.zeros(len(talk.sound), bool), np.zeros(len(talk.sound), bool)
    for start, end in talk.spoken:
        truth[int(start * RATE) : int(end * RATE)] = True
    for region in regions:
        found[int(region.start * RATE) : int(region.end * RATE)] = True
    assert (truth & found).sum() / truth.sum() > 0.9
    assert (found & ~truth).sum() / (~truth).sum() < 0.05


def sounds() -> dict[str, NDArray[np.float64]]:
    time = np.arange(20 * RATE) / RATE
    noise = np.random.default_rng(1).standard_normal(len(time))
    return {
        "silence": np.zeros(len(time)),
        "noise": 0.05 * noise,
        "soft noise": 0.001 * noise,
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        "tone that comes and goes": 0.3 * np.sin(2 * np.pi * 330 * time) * (time % 3 < 1.2),
        "hum": 0.1 * sum(np.sin(2 * np.pi * 50 * n * time) / n for n in range(1, 9)),
    }


@pytest.mark.parametrize("kind", sounds())
def test_nobody_speaks_in(kind):
    assert regions_of(np.asarray(sounds()[kind] * 32_767, np.int16)) == []


def test_nobody_speaks_in_music_alone(talk, talk_over_music):
    music = talk_over_music.sound - talk.sound
    for gain in (1, 15):
        assert regions_of(np.asarray(np.clip(music * gain, -1, 1) * 32_767, np.int16)) == []


def test_a_soft_speaker_beside_a_loud_one_is_heard(talk):
    sound = talk.sound.copy()
    start, end = (round(t * RATE) for t in talk.spoken[1])
    sound[start:end] *= 10 ** (-12 / 20)
    errors = onset_errors(regions_of(np.asarray(sound * 32_767, np.int16)), talk.spoken)
    assert max(abs(error) for error in errors) <= 0.02, errors


def test_no_sound_at_all():
    assert find_speech(extract([])) == []
    assert find_speech(extract([np.zeros(0, np.int16)])) == []


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    bursts=st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.02, 2.0), st.floats(0.001, 0.5)), max_size=8),
)
def test_regions_are_ordered_apart_and_inside(seed, bursts):
    rng = np.random.default_rng(seed)
    parts = [np.zeros(800)]
    for pause, length, loudness in bursts:
        parts += [
            rng.standard_normal(int(pause * RATE)) * 1e-4,
            rng.standard_normal(int(length * RATE)) * loudness,
        ]
    sound = np.concatenate(parts)
    regions = regions_of(np.asarray(np.clip(sound, -1, 1) * 32_767, np.int16))
    for one, two in itertools.pairwise(regions):
        assert one.end < two.start
    for region in regions:
        assert 0 <= region.start < region.end <= len(sound) / RATE + 0.01


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    length=st.integers(1, 60_000),
    cuts=st.lists(st.integers(0, 60_000), max_size=6),
)
def test_features_do_not_depend_on_how_the_stream_is_cut(seed, length, cuts):
    pcm = np.random.default_rng(seed).integers(-9000, 9000, length).astype(np.int16)
    whole = extract([pcm])
    parts = extract(np.split(pcm, sorted(min(cut, length) for cut in cuts)))
    np.testing.assert_array_equal(whole.levels, parts.levels)
    np.testing.assert_array_equal(whole.tonality, parts.tonality)
    assert len(whole) == -(-length // 160)


def test_the_quietest_moment_is_the_dip():
    levels = np.full((1000, 2), -2000, np.int16)
    levels[400:420] = -5000
    features = Features(levels, np.zeros(1000, np.int16))
    assert 4.0 <= features.quietest(2.0, 9.0) <= 4.2
    assert 5.0 <= features.quietest(5.0, 9.0) <= 9.0
