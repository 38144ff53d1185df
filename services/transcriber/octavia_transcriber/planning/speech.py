"""Finds the stretches in which somebody speaks, by energy against a background that moves.

Three passes over `Features`. Cores: frames whose voice bands stand well above the floor and not far
below the speech around them (which leaves out music under the speech). Edges: each core is widened,
down to just above the loudest that the background gets nearby, so that soft first consonants are
kept. Sieve: what is too short to be a word, or holds its pitch like an instrument, is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from octavia_common.documents import SpeechRegion

from octavia_transcriber.planning.features import FRAMES_PER_SECOND, VOICE_BANDS, Features, Levels
from octavia_transcriber.planning.surroundings import Surroundings

Mask = NDArray[np.bool_]
Span = tuple[int, int]

_BLOCK_FRAMES = 5 * 60 * FRAMES_PER_SECOND


@dataclass(frozen=True)
class SpeechRules:
    """What counts as speech. Levels in dB, times in frames of 10 ms."""

    above_floor: float = 9.0
    """A core stands so far above the quietest tenth of its surroundings,"""
    below_speech: float = 18.0
    """and at most so far below the loudest twentieth: music 25 dB under the speech stays out."""
    below_loudest: float = 24.0
    """As far below the loudest band's: where a voice is weak, noise beside it is not."""
    least_level: float = -60.0
    """What is softer than this is silence, however quiet the rest."""
    above_background: float = 3.0
    """An edge may go down to so far above the loudest background nearby."""
    core_gap: int = 15
    least_core: int = 6
    reach: int = 30
    """How far an edge may lie from its core: longer than any fricative."""
    edge_gap: int = 3
    end_gap: int = 10
    """Silences within an edge; those at the end may be the closure before a last "t" or "ch"."""
    breath: float = 27.0
    """What is so far below a region's own mean at its start is breath: nobody hears speech begin there."""
    merge_gap: int = 12
    """Shorter silences are closures of plosives, not pauses."""
    least_length: int = 15
    held_note: int = 75
    """Tonality (hundredths) from which a frame is no evidence of speech;"""
    instrument: float = 70.0
    """median tonality from which a whole region is an instrument. Measured medians: speech of six
    voices 4 to 13, with music 15 dB under it 48; chords, notes and hum 93 to 99."""


def find_speech(features: Features, rules: SpeechRules | None = None) -> list[SpeechRegion]:
    """Regions of speech in order, without overlap, in seconds of the sound the features are of."""
    rules = rules or SpeechRules()
    if len(features) == 0:
        return []
    lively: Mask = features.tonality < rules.held_note
    high = _CoreLevels(features, rules)
    cores = _cores(features, lively, high, rules)
    # First roughly, so that consonants outside the cores do not pass for background; then to the point.
    rough = _widen(features, lively, cores, _EdgeLevels(features, cores, high, rules, percentile=97), rules)
    low = _EdgeLevels(features, rough, high, rules, percentile=100)
    spans = _merge(_widen(features, lively, cores, low, rules), rules.merge_gap)
    spans = [(_voice_start(span, features, low, rules), span[1]) for span in spans]
    kept = [span for span in spans if _is_speech(span, features, rules)]
    return [SpeechRegion(start=a / FRAMES_PER_SECOND, end=b / FRAMES_PER_SECOND) for a, b in kept]


class _CoreLevels:
    """How loud a frame in the middle of speech must be, by band."""

    def __init__(self, features: Features, rules: SpeechRules) -> None:
        self._rules = rules
        self._floor = Surroundings.of(features, percentile=10, seconds=5)
        self._speech = Surroundings.of(features, percentile=95, seconds=15)

    def at(self, near: slice) -> Levels:
        """Levels in dB, frames x bands."""
        rules, speech = self._rules, self._speech.at(near)
        loudest = speech.max(axis=1, keepdims=True)
        least = np.maximum(speech - rules.below_speech, loudest - rules.below_loudest)
        high: Levels = np.maximum(
            np.maximum(self._floor.at(near) + rules.above_floor, least), rules.least_level
        )
        return high


class _EdgeLevels:
    """How loud a frame at the edge of a core must be: above all that sounds between cores nearby."""

    def __init__(
        self, features: Features, speech: list[Span], high: _CoreLevels, rules: SpeechRules, percentile: float
    ) -> None:
        background = np.ones(len(features), np.bool_)
        for a, b in speech:
            background[max(0, a - rules.core_gap) : b + rules.core_gap] = False
        self._rules = rules
        self._high = high
        self._loudest = Surroundings.of(features, percentile=percentile, seconds=5, where=background)

    def at(self, near: slice) -> Levels:
        """Levels in dB, frames x bands."""
        rules, high = self._rules, self._high.at(near)
        above = np.nan_to_num(self._loudest.at(near) + rules.above_background, nan=np.inf)
        low: Levels = np.maximum(np.minimum(above, high), rules.least_level - 5)
        return low


def _cores(features: Features, lively: Mask, high: _CoreLevels, rules: SpeechRules) -> list[Span]:
    def voiced(near: slice) -> Mask:
        return _in_any((features.decibels(near) > high.at(near))[:, :VOICE_BANDS])

    heard = _blockwise(features, voiced) & lively
    return [(a, b) for a, b in _merge(_runs(heard), rules.core_gap) if heard[a:b].sum() >= rules.least_core]


def _in_any(bands: Mask) -> Mask:
    return np.asarray(bands.any(axis=1), np.bool_)


def _blockwise(features: Features, decide: Callable[[slice], Mask]) -> Mask:
    """`decide` over all frames, some minutes at a time: thresholds of hours would fill the memory."""
    starts = range(0, len(features), _BLOCK_FRAMES)
    return np.concatenate([decide(slice(a, min(a + _BLOCK_FRAMES, len(features)))) for a in starts])


def _widen(
    features: Features, lively: Mask, cores: list[Span], low: _EdgeLevels, rules: SpeechRules
) -> list[Span]:
    """The cores with all that sounds at their edges."""
    audible = _blockwise(features, lambda near: _in_any(features.decibels(near) > low.at(near))) & lively
    return [
        (
            a - _walk(audible[max(0, a - rules.reach) : a][::-1], rules.edge_gap),
            b + _walk(audible[b : b + rules.reach], rules.end_gap),
        )
        for a, b in cores
    ]


def _walk(audible: Mask, gap: int) -> int:
    """How many frames from a core outwards still sound, over silences shorter than `gap`."""
    reached = 0
    for step, sounds in enumerate(audible, start=1):
        if sounds:
            reached = step
        elif step - reached >= gap:
            break
    return reached


def _voice_start(span: Span, features: Features, low: _EdgeLevels, rules: SpeechRules) -> int:
    """The first frame after the breath that a span may begin with (at most as far as an edge reaches).

    Bands that do not rise above the background tell nothing: music must not pass for breath's sound.
    Ends are not searched for breath: what little follows the last word does no harm there.
    """
    a, b = span
    levels = features.decibels(slice(a, b))
    power = 10 ** (levels / 10)
    least = power.sum(axis=1).mean() * 10 ** (-rules.breath / 10)
    heard = np.flatnonzero(np.where(levels > low.at(slice(a, b)), power, 0).sum(axis=1) > least)
    return a + min(int(heard[0]), rules.reach) if len(heard) else a


def _is_speech(span: Span, features: Features, rules: SpeechRules) -> bool:
    a, b = span
    return b - a >= rules.least_length and float(np.median(features.tonality[a:b])) < rules.instrument


def _runs(mask: Mask) -> list[Span]:
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _merge(spans: list[Span], gap: int) -> list[Span]:
    merged: list[Span] = []
    for a, b in spans:
        if merged and a - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged
