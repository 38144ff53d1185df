"""Sound measured: onsets, ends, pitch, exact lengths, and what is written to FLAC."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.errors import ArtifactCorruptError
from octavia_samples.measure import loudness as measured_loudness
from octavia_synthesizer.engine import Sound
from octavia_synthesizer.fitting import SAMPLE_RATE
from octavia_synthesizer.loudness import loudness
from octavia_synthesizer.sound import Take, at_48k, encode, exactly, figures, lengths, trimmed

MS = SAMPLE_RATE // 1000


def tone(seconds: float, *, rate: int = SAMPLE_RATE, hertz: float = 200.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz / rate * np.arange(int(seconds * rate)))).astype(np.float32)


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def onset(samples: np.ndarray, share: float = 0.1) -> int:
    """The first sample at a tenth of full level: an ear's onset, found another way than the code's."""
    return int(np.argmax(np.abs(samples) >= share * np.abs(samples).max()))


@given(
    lead=st.integers(0, 48_000),
    tail=st.integers(0, 48_000),
    level=st.floats(0.02, 1),
    hiss=st.floats(0, 5e-4),
)
def test_speech_starts_within_10_ms_and_silence_after_it_goes(lead, tail, level, hiss):
    speech = tone(0.5, level=level)
    noise = (
        hiss * level * np.random.default_rng(1).standard_normal(lead + len(speech) + tail).astype(np.float32)
    )
    samples = noise + np.concatenate([np.zeros(lead), speech, np.zeros(tail)]).astype(np.float32)
    cut = trimmed(samples)
    assert onset(cut) < 10 * MS
    assert len(speech) - 10 * MS <= len(cut) <= len(speech) + 40 * MS


@pytest.mark.parametrize(("soft", "kept"), [(0.02, 0.02), (0.035, 0.035), (0.08, 0.04), (0.2, 0.04)])
def test_a_soft_beginning_is_kept_but_not_for_so_long_that_the_line_is_heard_late(soft, kept):
    speech = np.concatenate([tone(soft, hertz=3000, level=0.015), tone(0.4, level=0.5)])
    lead = len(trimmed(speech)) - int(0.4 * SAMPLE_RATE)
    assert abs(lead - kept * SAMPLE_RATE) <= 6 * MS


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(48_000), np.full(4800, 1e-5)])
def test_silence_has_no_speech(samples):
    assert len(trimmed(samples.astype(np.float32))) == 0


def test_edges_are_soft():
    cut = trimmed(np.ones(9600, dtype=np.float32))
    assert abs(cut[0]) < 0.01
    assert abs(cut[-1]) < 0.01


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_resampling_keeps_length_pitch_and_level(rate):
    sound = at_48k(Sound(tone(1.0, rate=rate, hertz=440), rate))
    assert len(sound) == pytest.approx(SAMPLE_RATE, abs=2)
    assert pitch(sound, SAMPLE_RATE) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_resampling_leaves_no_image_above_the_old_band():
    sound = at_48k(Sound(tone(1.0, rate=22_050, hertz=9_000), 22_050))
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    image = spectrum[int(len(sound) * 11_500 / SAMPLE_RATE) :].max()
    assert 20 * np.log10(image / spectrum.max()) < -80


@given(st.integers(2, 5000), st.integers(1, 5000))
def test_exact_lengths(length, wanted):
    samples = tone(1.0)[:length]
    made = exactly(samples, wanted)
    assert len(made) == wanted
    assert np.abs(made).max() <= np.abs(samples).max() + 1e-6


@given(st.integers(1, 10_000), st.integers(1, 10**9), st.floats(0.01, 3))
def test_flac_is_mono_48k_16_bit_and_tells_its_lengths(length, natural, level):
    data = encode(Take(tone(1.0, level=level)[:length], natural))
    info = soundfile.info(io.BytesIO(data))
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (48_000, 1, "PCM_16", length)
    assert lengths(data) == (natural, length)
    samples, _ = soundfile.read(io.BytesIO(data))
    assert np.abs(samples).max() <= 0.981


def test_flac_tells_where_it_is_heard_and_how_loud_it_is():
    soft, speech = tone(0.03, level=0.005), tone(2.0, hertz=1000.0, level=0.25)
    known = figures(encode(Take(np.concatenate([soft, speech]), 1)))
    assert known.onset == pytest.approx(0.03 * SAMPLE_RATE, abs=5 * MS)
    assert known.played == 2030 * MS
    # A sine of 1 kHz at -12.04 dBFS has -15.05 LUFS in one channel (BS.1770, its own example scaled).
    assert known.lufs == pytest.approx(-15.05 - 10 * np.log10(2.03 / 2.0), abs=0.1)
    assert figures(encode(Take(np.zeros(480, dtype=np.float32), 1))).lufs is None


def test_loudness_is_what_ffmpeg_measures(tmp_path):
    rng = np.random.default_rng(5)
    for number, hertz in enumerate((80.0, 400.0, 4000.0)):
        sound = tone(3.0, hertz=hertz, level=0.2) + rng.normal(0, 0.02, 3 * SAMPLE_RATE).astype(np.float32)
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, sound, SAMPLE_RATE)
        assert loudness(sound) == pytest.approx(measured_loudness(path).integrated, abs=0.15)


def test_a_line_of_an_earlier_version_is_read_without_what_it_did_not_note():
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE, 1, format="FLAC", subtype="PCM_16") as file:
        file.comment = '{"natural": 7}'
        file.write(tone(0.1))
    known = figures(buffer.getvalue())
    assert (known.natural, known.onset, known.lufs) == (7, None, None)


def test_equal_sound_is_equal_bytes():
    assert encode(Take(tone(0.3), 7)) == encode(Take(tone(0.3), 7))


def test_other_bytes_are_corrupt():
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(0.1), SAMPLE_RATE, format="FLAC")
    for data in (b"no flac", buffer.getvalue()):
        with pytest.raises(ArtifactCorruptError):
            lengths(data)
