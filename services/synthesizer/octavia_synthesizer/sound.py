"""Sound as samples: resampling, trimming, exact lengths, and FLAC that says what it is."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped]  # ships no types
from octavia_common.errors import ArtifactCorruptError
from pydantic import BaseModel, ValidationError

from octavia_synthesizer.engine import Samples, Sound
from octavia_synthesizer.fitting import SAMPLE_RATE
from octavia_synthesizer.loudness import loudness

FRAME = SAMPLE_RATE // 200
"""5 ms: speech's onset is found to this."""

ONSET_DB, RELEASE_DB = -40.0, -50.0
"""Speech begins and ends where a frame's level is this near the loudest frame's."""

CLEAR_DB, CLEAR_FRAMES = -22.0, 4
"""Speech is clearly heard, also over music, where this many frames in a row are this near the loudest."""

LEAD_IN_FRAMES = 8
"""Most of a soft beginning (an f, s or z of up to 100 ms) that is kept: 40 ms. With more of it the line would
be heard later than it is placed."""

SILENCE_RMS = 1e-3
"""A sound whose loudest frame stays under -60 dBFS holds no speech."""

TAIL = SAMPLE_RATE // 50
FADE_IN, FADE_OUT = SAMPLE_RATE // 1000, SAMPLE_RATE // 200
SHORTENED_FADE_IN = SAMPLE_RATE // 100
CUT_FADE = SAMPLE_RATE // 20
PEAK = 0.98

FLAC_TYPE = "audio/flac"


AUDIBLE_DB = -30.0
"""Speech is heard from the first frame this near the loudest one: about 20 dB below the line's level."""


class Note(BaseModel):
    """What is known of a spoken line beside its samples; kept as the FLAC's comment.

    `natural` is its length in samples at the engine's natural rate, `onset` the sample from which it is
    heard, `lufs` its loudness; these two are unknown of lines that were made before they were noted. `cut`
    samples are missing at its end.
    """

    natural: int
    onset: int | None = None
    lufs: float | None = None
    cut: int = 0


@dataclass(frozen=True)
class Figures:
    """A spoken line in samples: natural and played length, where it is first heard, what its end lacks."""

    natural: int
    played: int
    onset: int | None = None
    lufs: float | None = None
    cut: int = 0


@dataclass(frozen=True)
class Take:
    """A spoken line at 48 kHz, trimmed, with its natural length; `cut` samples of its end did not fit."""

    samples: Samples
    natural: int
    cut: int = 0


def at_48k(sound: Sound) -> Samples:
    """The sound at the platform's rate (soxr, high quality)."""
    samples = np.asarray(sound.samples, dtype=np.float32)
    if sound.sample_rate == SAMPLE_RATE:
        return samples
    return np.asarray(soxr.resample(samples, sound.sample_rate, SAMPLE_RATE), dtype=np.float32)


def trimmed(samples: Samples) -> Samples:
    """The speech alone: from less than 5 ms before its onset to 20 ms after its end, edges faded.

    A soft beginning is shortened to 40 ms. Empty where there is none.
    """
    levels = _levels(samples)
    loudest = float(levels.max(initial=0.0))
    if loudest < SILENCE_RMS:
        return np.zeros(0, dtype=np.float32)
    first = int(np.argmax(levels >= loudest * 10 ** (ONSET_DB / 20)))
    last = len(levels) - 1 - int(np.argmax(levels[::-1] >= loudest * 10 ** (RELEASE_DB / 20)))
    begin = max(first, _clearly_heard(levels, loudest) - LEAD_IN_FRAMES)
    speech = samples[begin * FRAME : (last + 1) * FRAME + TAIL].copy()
    _fade(speech, FADE_IN if begin == first else SHORTENED_FADE_IN)
    return speech


def exactly(samples: Samples, length: int) -> Samples:
    """The sound in exactly `length` samples, by interpolation: for the last per cent or two only."""
    if len(samples) == length:
        return samples
    places = np.linspace(0, len(samples) - 1, length)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def ended_at(samples: Samples, limit: int) -> Samples:
    """The sound's first `limit` samples, its end faded where there is more; else the sound itself."""
    if len(samples) <= limit:
        return samples
    kept = samples[:limit].copy()
    fall = min(CUT_FADE, limit)
    kept[limit - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return kept


def encode(take: Take) -> bytes:
    """Mono 48 kHz 16-bit FLAC, peaks under full scale."""
    peak = float(np.abs(take.samples).max(initial=0.0))
    samples = take.samples * (PEAK / peak) if peak > PEAK else take.samples
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=SAMPLE_RATE, channels=1, format="FLAC", subtype="PCM_16"
    ) as file:
        file.comment = Note(
            natural=take.natural, onset=heard_from(samples), lufs=loudness(samples), cut=take.cut
        ).model_dump_json()
        file.write(samples)
    return buffer.getvalue()


def heard_from(samples: Samples) -> int:
    """The first sample of the frame from which speech is heard; 0 where none is."""
    levels = _levels(samples)
    audible = levels >= float(levels.max(initial=0.0)) * 10 ** (AUDIBLE_DB / 20)
    return int(np.argmax(audible)) * FRAME if audible.any() else 0


def figures(flac: bytes) -> Figures:
    """What is known of a line that `encode` made. Raises ArtifactCorruptError where it is none."""
    try:
        with soundfile.SoundFile(io.BytesIO(flac)) as file:
            note = Note.model_validate_json(file.comment)
            return Figures(note.natural, int(file.frames), note.onset, note.lufs, note.cut)
    except (soundfile.LibsndfileError, ValidationError) as error:
        raise ArtifactCorruptError(f"A spoken line cannot be read: {error}") from None


def lengths(flac: bytes) -> tuple[int, int]:
    """Natural and played length, in samples, of a line that `encode` made. Raises ArtifactCorruptError."""
    known = figures(flac)
    return known.natural, known.played


def _levels(samples: Samples) -> Samples:
    """The root mean square of each frame; the last one may be padded with silence."""
    padded = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
    return np.asarray(np.sqrt(np.mean(np.square(padded), axis=1)), dtype=np.float32)


def _clearly_heard(levels: Samples, loudest: float) -> int:
    """The first frame from which speech is clearly heard; the first of all where it never is for long."""
    clear = levels >= loudest * 10 ** (CLEAR_DB / 20)
    runs = np.convolve(clear, np.ones(CLEAR_FRAMES), mode="valid") == CLEAR_FRAMES
    return int(np.argmax(runs)) if runs.any() else 0


def _fade(samples: Samples, rise: int) -> None:
    """Soften both edges in place, so that a cut does not click."""
    rise, fall = min(rise, len(samples)), min(FADE_OUT, len(samples))
    samples[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    samples[len(samples) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
