"""Loudness, limiter, balance and voice track, on sound made for it."""

import itertools
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
from octavia_assembler.sound.balance import STEP_DB, VOICE_FREEDOM_DB, Balance, Measured, balance
from octavia_assembler.sound.blocks import Grid
from octavia_assembler.sound.ducking import Ducking, Envelope, Region
from octavia_assembler.sound.exact import BlockFiles, ExactFile, write_exact
from octavia_assembler.sound.limiter import (
    CONTEXT,
    REACH,
    highest_true_peak,
    limited,
    reductions,
    true_peaks,
)
from octavia_assembler.sound.loudness import HOP, HopMeans, KWeighting, integrated, peak_decibels
from octavia_assembler.sound.metering import metered
from octavia_assembler.sound.mixing import SETTLE, Mix, hops_of, stretches
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
    held = limited(sound, -2.0)
    raw(tmp_path / "a.f32", held)
    assert peak_decibels(highest_true_peak(sound)) - peak_decibels(highest_true_peak(held)) > 4
    assert ebur128(tmp_path / "a.f32", peak=True)[1] <= -1.9
    quiet = slice(SAMPLE_RATE + 3 * REACH, 3 * SAMPLE_RATE - 3 * REACH)
    assert np.array_equal(held[quiet], sound[quiet])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))
def test_no_true_peak_passes_the_ceiling(seed: int, ceiling: float) -> None:
    draw = np.random.default_rng(seed)
    sound = (draw.standard_normal((9000, 2)) * draw.random((9000, 1)) ** 3).astype(np.float32)
    gain = reductions(sound, ceiling)
    assert np.all(gain <= 1.0)
    assert np.all(true_peaks(sound) * gain <= ceiling * 1.0001)


def test_limiting_does_not_depend_on_where_blocks_begin() -> None:
    sound = noise(2, 0.4)
    whole = limited(sound, -3.0)
    for start in (5_003, 48_000):
        part = limited(sound[start - CONTEXT : start + 20_000 + CONTEXT], -3.0)[CONTEXT:-CONTEXT]
        assert np.array_equal(part, whole[start : start + 20_000])


def test_a_true_peak_is_that_of_ffmpeg_and_what_is_before_only_settles_the_meter(tmp_path: Path) -> None:
    sound = noise(6, 0.1)
    raw(tmp_path / "a.f32", sound)
    assert peak_decibels(highest_true_peak(sound)) == pytest.approx(
        ebur128(tmp_path / "a.f32", peak=True)[1], abs=0.15
    )
    assert highest_true_peak(np.zeros((100, 2), np.float32)) == 0
    whole, _ = metered(sound, 0)
    later, _ = metered(sound, 10 * HOP)
    assert np.allclose(later, whole[10:], rtol=1e-6)
    assert 10 * HOP >= SETTLE


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
    assert integrated(figures.mixed(found.voice)) == pytest.approx(wanted, abs=STEP_DB / 2 + 0.05)
    assert found.whole == pytest.approx(1.0, abs=0.01)
    steps = peak_decibels(found.voice) / STEP_DB
    assert steps == pytest.approx(round(steps), abs=1e-6)
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
    assert integrated(figures.mixed(found.voice)) == pytest.approx(-23, abs=STEP_DB / 2 + 0.2)
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


def test_gains_stay_where_they_are_when_a_little_changes() -> None:
    source, voice = noise(60, 0.05), noise(60, 0.3, 1)
    found = set()
    for silence in range(20):
        voice[: silence * HOP // 10] = 0
        figures = measured(source, source * 0.05, voice)
        found.add(
            balance(
                figures,
                source_lufs=integrated(figures.source),
                spoken=[hops(0, 60)],
                placed=[hops(0, 60)],
            )
        )
    assert len(found) == 1


def test_exact_files_give_back_sixteen_bits_and_what_is_above_full_scale(tmp_path: Path) -> None:
    steps = np.random.default_rng(0).integers(-32768, 32767, (3000, 2)).astype(np.float32) / 32768
    write_exact(tmp_path / "a.flac", [steps[:1000], steps[1000:]])
    with ExactFile(tmp_path / "a.flac") as file:
        assert np.array_equal(file.read(0, 5000), steps)
        assert np.array_equal(file.read(990, 20), steps[990:1010])
    loud = steps * np.float32(1.7)
    write_exact(tmp_path / "b.flac", [loud])
    with ExactFile(tmp_path / "b.flac") as file:
        assert np.abs(file.read(0, 3000) - loud).max() < 1.7 / 32768


@given(st.integers(-50, 350), st.integers(1, 400))
@settings(deadline=None, max_examples=30)
def test_files_of_blocks_are_one_sound(
    tmp_path_factory: pytest.TempPathFactory, start: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    sound = np.random.default_rng(1).integers(-99, 99, (250, 2)).astype(np.float32) / 32768
    paths = {}
    for number in (0, 1, 2, 4):  # the fourth block is missing, the sixth is none of the source's
        part = sound[number * 50 : number * 50 + 50]
        if len(part):
            paths[number] = folder / f"{number}.flac"
            write_exact(paths[number], [part])
    sound[150:200] = 0
    expected = np.zeros((count, 2), np.float32)
    first, last = max(start, 0), min(start + count, 250)
    if last > first:
        expected[first - start : last - start] = sound[first:last]
    with BlockFiles(paths, 50) as files:
        assert np.array_equal(files.read(start, count), expected)


@given(st.integers(0, 10**9), st.sampled_from([76_800, 1_612_800]))
def test_blocks_lie_side_by_side(total: int, length: int) -> None:
    grid = Grid(total, length * 100)
    blocks = list(grid)
    assert blocks[0].start == 0
    assert blocks[-1].end == total
    assert all(one.end == two.start for one, two in itertools.pairwise(blocks))
    assert grid.touched(-5, total + 5) == range(len(blocks) if total else 0)
    with pytest.raises(ValueError, match="frames"):
        Grid(total, length + 1)


def mix_of(tmp_path: Path, seconds: int) -> int:
    """Measure and mix so many seconds of speech and noise; returns the most bytes that were in use at
    once."""
    voice = noise(2, 0.1, 3)[:, 0]
    path = tmp_path / "voice.flac"
    soundfile.write(path, voice, SAMPLE_RATE, subtype="PCM_16")
    starts = range(SAMPLE_RATE, (seconds - 3) * SAMPLE_RATE, 5 * SAMPLE_RATE)
    lines = [VoicedLine(Placement(str(at), at, at + len(voice), 0), path) for at in starts]
    regions = [Region(at, at + len(voice)) for at in starts]
    raw_path, mixed_path = tmp_path / "sound.f32", tmp_path / "mixed.f32"
    with raw_path.open("wb") as file:
        for second in range(seconds):
            file.write(noise(1, 0.05, second).tobytes())
    total = seconds * SAMPLE_RATE
    with RawSound(raw_path) as sound, SpeechTrack(lines) as track, mixed_path.open("wb") as mixed:
        mix = Mix(sound, track, Envelope(regions, Ducking()), total)
        tracemalloc.start()
        figures = mix.measure(0, total, CancelToken())
        gains = balance(figures, source_lufs=-20.0, spoken=hops_of(regions), placed=hops_of(regions))
        for start, count in stretches(0, total):
            mixed.write(mix.read(start, count, gains)[0].tobytes())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert ebur128(mixed_path)[0] == pytest.approx(-20.0, abs=STEP_DB / 2 + 0.3)
    return peak


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    # Ten figures a second are kept for the loudness: 2.5 KiB a minute, beside some 40 MiB of blocks.
    short, long = mix_of(tmp_path, 20), mix_of(tmp_path, 200)
    assert long < short * 1.1
    assert long < 100 * 1024 * 1024


def test_any_stretch_of_a_mix_is_that_of_the_whole_and_so_are_its_figures(tmp_path: Path) -> None:
    source = noise(8, 0.05)
    path = tmp_path / "voice.flac"
    soundfile.write(path, noise(2, 0.1, 3)[:, 0], SAMPLE_RATE, subtype="PCM_16")
    line = VoicedLine(Placement("a", 3 * SAMPLE_RATE + 7, 5 * SAMPLE_RATE + 7, 0), path)
    region = Region(line.placement.start, line.placement.end)
    total = 7 * SAMPLE_RATE
    with raw(tmp_path / "a.f32", source) as sound, SpeechTrack([line]) as track:
        mix = Mix(sound, track, Envelope([region], Ducking()), total)
        gains = Balance(0.7, 1.1)
        whole, voice = mix.read(0, 8 * SAMPLE_RATE, gains)
        assert not whole[total:].any(), "nothing sounds behind the end"
        for start, count in ((0, 100), (3 * SAMPLE_RATE - 50, 5_000), (5 * SAMPLE_RATE, SAMPLE_RATE)):
            part, spoken = mix.read(start, count, gains)
            assert np.array_equal(part, whole[start : start + count])
            assert np.array_equal(spoken, voice[start : start + count])
        all_figures = mix.measure(0, total, CancelToken())
        later = mix.measure(40 * HOP, total, CancelToken())
        assert np.allclose(later.voice, all_figures.voice[40:], rtol=1e-5)
        assert np.allclose(later.bed, all_figures.bed[40:], rtol=1e-5)
        cancel = CancelToken()
        cancel.cancel("cancelled")
        with pytest.raises(JobCancelledError):
            mix.measure(0, total, cancel)
