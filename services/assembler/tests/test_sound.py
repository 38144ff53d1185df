"""Loudness, limiter, balance and voice track, on sound made for it."""

import math
import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from octavia_assembler.sound.balance import VOICE_FREEDOM_DB, Measured, balance
from octavia_assembler.sound.ducking import Ducking, Envelope, Region
from octavia_assembler.sound.limiter import REACH, limit, reductions, true_peaks
from octavia_assembler.sound.loudness import HOP, HopMeans, KWeighting, integrated
from octavia_assembler.sound.mixing import Mix
from octavia_assembler.sound.raw import RawSound
from octavia_assembler.sound.speech import FADE, SpeechTrack, SpokenLineError, VoicedLine, samples_of
from octavia_assembler.timeline import SAMPLE_RATE, Placement
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError

Sound = NDArray[np.float32]


def noise(seconds: float, level: float, seed: int = 0) -> Sound:
    made = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2))
    return (made * level).astype(np.float32)


def raw(path: Path, samples: Sound) -> RawSound:
    samples.astype("<f4").tofile(path)
    return RawSound(path)


def energies_of(samples: Sound, block: int) -> NDArray[np.float64]:
    weighting, means = KWeighting(2), HopMeans()
    for start in range(0, len(samples), block):
        means.add(np.square(weighting.filter(samples[start : start + block])).sum(axis=1))
    return means.result()


def ebur128(path: Path, *, peak: bool = False) -> tuple[float, float]:
    """Integrated loudness and true peak of a raw file by ffmpeg's meter."""
    filters = f"ebur128=framelog=verbose{':peak=true' if peak else ''}"
    source = ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", path]
    run = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", *source, "-af", filters, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    figures = [
        line.split()[1] for line in run.stderr.splitlines() if line.strip().startswith(("I:", "Peak:"))
    ]
    return float(figures[0]), float(figures[1]) if peak else math.nan


def test_our_loudness_is_that_of_ffmpeg(tmp_path: Path) -> None:
    parts = [noise(4, 0.1), noise(3, 0.0005, 1), noise(5, 0.03, 2), noise(2.07, 0.0, 3)]
    sound = np.concatenate(parts)
    raw(tmp_path / "a.f32", sound)
    ours = integrated(energies_of(sound, 10_007))
    assert ours is not None
    assert ours == pytest.approx(ebur128(tmp_path / "a.f32")[0], abs=0.1)
    assert np.allclose(energies_of(sound, 10_007), energies_of(sound, len(sound)))


def test_silence_has_no_loudness() -> None:
    assert integrated(np.zeros(0)) is None
    assert integrated(energies_of(noise(1, 0.0), 4800)) is None
    assert integrated(energies_of(noise(0.05, 0.1), 4800)) is not None


def test_the_limiter_holds_true_peaks_and_leaves_quiet_sound_alone(tmp_path: Path) -> None:
    # A tone of a quarter of the rate whose samples miss its peaks by 3 dB, and a quiet stretch.
    at = np.arange(4 * SAMPLE_RATE)
    tone = (0.99 * np.sin(math.pi / 2 * at + math.pi / 4)).astype(np.float32)
    swell = np.clip(np.abs(at - 2 * SAMPLE_RATE) / SAMPLE_RATE - 1, 0, 0.5).astype(np.float32) * 2
    swell[:2000] *= np.arange(2000) / 2000
    swell[-2000:] *= np.arange(2000, 0, -1) / 2000
    sound = np.column_stack([tone, tone * 0.9]) * 1.4 * swell[:, None] + noise(4, 0.01)
    with raw(tmp_path / "a.f32", sound) as file:
        reduced = limit(file, -2.0, CancelToken())
        limited = file.read(0, file.frames)
    assert reduced > 4
    assert ebur128(tmp_path / "a.f32", peak=True)[1] <= -1.9
    quiet = slice(SAMPLE_RATE + 3 * REACH, 3 * SAMPLE_RATE - 3 * REACH)
    assert np.array_equal(limited[quiet], sound[quiet])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))
def test_no_true_peak_passes_the_ceiling(seed: int, ceiling: float) -> None:
    draw = np.random.default_rng(seed)
    sound = (draw.standard_normal((9000, 2)) * draw.random((9000, 1)) ** 3).astype(np.float32)
    gain = reductions(sound, ceiling)
    assert np.all(gain <= 1.0)
    assert np.all(true_peaks(sound) * gain <= ceiling * 1.0001)


def test_limiting_does_not_depend_on_where_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = noise(2, 0.4)
    with raw(tmp_path / "a.f32", sound) as whole:
        limit(whole, -3.0, CancelToken(), gain=1.1)
        expected = whole.read(0, whole.frames)
    monkeypatch.setattr("octavia_assembler.sound.raw.BLOCK", 5_003)
    with raw(tmp_path / "b.f32", sound) as pieces:
        limit(pieces, -3.0, CancelToken(), gain=1.1)
        assert np.allclose(pieces.read(0, pieces.frames), expected, atol=1e-5)


def test_a_cancelled_job_stops_the_limiter(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel("cancelled")
    with raw(tmp_path / "a.f32", noise(1, 0.1)) as sound, pytest.raises(JobCancelledError):
        limit(sound, -1.0, cancel)


def measured(source: Sound, bed: Sound, voice: Sound) -> Measured:
    mono = voice[:, 0]
    return Measured(
        source=energies_of(source, 48_000),
        bed=energies_of(bed, 48_000),
        voice=energies_of(np.column_stack([mono, mono]), 48_000),
        cross=np.zeros(len(source) // HOP),
    )


def hops(start: int, end: int) -> slice:
    return slice(start * 10, end * 10)


def test_the_voice_alone_makes_up_the_loudness_where_it_can() -> None:
    source, voice = noise(20, 0.01), noise(20, 0.0)
    source[5 * SAMPLE_RATE : 15 * SAMPLE_RATE] = noise(10, 0.1, 1)
    bed = source.copy()
    bed[5 * SAMPLE_RATE : 15 * SAMPLE_RATE] *= 0.05
    voice[5 * SAMPLE_RATE : 14 * SAMPLE_RATE] = noise(9, 0.4, 2)
    figures = measured(source, bed, voice)
    wanted = integrated(figures.source)
    found = balance(figures, source_lufs=wanted, spoken=[hops(5, 15)], placed=[hops(5, 14)])
    assert integrated(figures.mixed(found.voice)) == pytest.approx(wanted, abs=0.05)
    assert found.whole == pytest.approx(1.0, abs=0.01)
    assert 0.15 < found.voice < 0.4


def test_a_quiet_source_makes_a_quiet_dub_and_a_silent_voice_changes_nothing() -> None:
    source = noise(10, 0.001)
    figures = measured(source, source * 0.05, noise(10, 0.3, 1))
    wanted = integrated(figures.source)
    found = balance(figures, source_lufs=wanted, spoken=[hops(0, 10)], placed=[hops(0, 10)])
    assert found.voice < 0.01
    silent = measured(source, source, noise(10, 0.0))
    kept = balance(silent, source_lufs=wanted, spoken=[hops(0, 10)], placed=[hops(0, 10)])
    assert (kept.voice, kept.whole) == (1.0, pytest.approx(1.0))


def test_a_silent_source_gets_a_voice_of_usual_loudness_without_a_blow_up() -> None:
    silence = noise(10, 0.0)
    figures = measured(silence, silence, noise(10, 0.2, 1))
    found = balance(figures, source_lufs=None, spoken=[hops(0, 10)], placed=[hops(0, 10)])
    assert integrated(figures.mixed(found.voice)) == pytest.approx(-23, abs=0.2)
    assert found.whole == 1.0


def test_loud_music_does_not_drag_the_voice_beyond_its_bound() -> None:
    music, voice = noise(60, 0.1), noise(60, 0.0)
    bed = music.copy()
    bed[: 5 * SAMPLE_RATE] *= 0.05
    voice[: 5 * SAMPLE_RATE] = noise(5, 0.1, 1)
    figures = measured(music, bed, voice)
    found = balance(figures, source_lufs=integrated(figures.source), spoken=[hops(0, 5)], placed=[hops(0, 5)])
    assert abs(20 * math.log10(found.voice)) <= VOICE_FREEDOM_DB + 0.5
    assert found.whole == pytest.approx(1.0, abs=0.05)


def voiced(tmp_path: Path, name: str, start: int, sound: Sound, cut: int = 0) -> VoicedLine:
    path = tmp_path / f"{name}.flac"
    soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
    return VoicedLine(Placement(name, start, start + len(sound) - cut, cut), path)


def test_the_voice_track_is_the_same_in_any_blocks(tmp_path: Path) -> None:
    first, second = noise(1, 0.1)[:, 0], noise(0.5, 0.1, 1)[:, 0]
    lines = [voiced(tmp_path, "b", 70_000, second), voiced(tmp_path, "a", 1_001, first, cut=4_800)]
    with SpeechTrack(lines) as track:
        whole = track.read(0, 100_000)
        pieces = np.concatenate([track.read(at, 777) for at in range(0, 99_456, 777)])
    assert np.array_equal(pieces, whole[: len(pieces)])
    kept = len(first) - 4_800
    assert np.allclose(whole[1_001 : 1_001 + kept - FADE], first[: kept - FADE], atol=1e-4)
    assert abs(whole[1_001 + kept - 1]) < abs(first[kept - 1]) / 100 + 1e-4, "a cut line fades out"
    assert np.allclose(whole[70_000 : 70_000 + len(second)], second, atol=1e-4)
    assert not whole[:1_001].any()
    assert not whole[1_001 + kept : 70_000].any()


def test_sound_that_is_not_what_the_manifest_promises_is_an_error(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "slow.flac", np.zeros(100), 16_000)
    (tmp_path / "no.flac").write_bytes(b"not sound")
    for name in ("slow.flac", "no.flac"):
        with pytest.raises(SpokenLineError):
            samples_of(tmp_path / name)


def mix_of(tmp_path: Path, seconds: int) -> int:
    """Mix so many seconds of speech and noise; returns the most bytes that were in use at once."""
    voice = noise(2, 0.1, 3)[:, 0]
    path = tmp_path / "voice.flac"
    soundfile.write(path, voice, SAMPLE_RATE, subtype="PCM_16")
    starts = range(SAMPLE_RATE, (seconds - 3) * SAMPLE_RATE, 5 * SAMPLE_RATE)
    lines = [VoicedLine(Placement(str(at), at, at + len(voice), 0), path) for at in starts]
    regions = [Region(at, at + len(voice)) for at in starts]
    raw_path = tmp_path / "sound.f32"
    with raw_path.open("wb") as file:
        for second in range(seconds):
            file.write(noise(1, 0.05, second).tobytes())
    with RawSound(raw_path) as sound, SpeechTrack(lines) as track:
        mix = Mix(sound, track, Envelope(regions, Ducking()), regions, regions)
        tracemalloc.start()
        gains = mix.find_balance(-20.0, CancelToken())
        mix.write(gains, tmp_path / "stem.flac", CancelToken())
        limit(sound, -2.0, CancelToken())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    measured_lufs, true_peak = ebur128(raw_path, peak=True)
    assert measured_lufs == pytest.approx(-20.0, abs=0.3)
    assert true_peak <= -1.9
    assert soundfile.info(tmp_path / "stem.flac").frames == seconds * SAMPLE_RATE
    return peak


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    # Ten figures a second are kept for the loudness: 2.5 KiB a minute, beside some 40 MiB of blocks.
    short, long = mix_of(tmp_path, 20), mix_of(tmp_path, 200)
    assert long < short * 1.1
    assert long < 100 * 1024 * 1024
