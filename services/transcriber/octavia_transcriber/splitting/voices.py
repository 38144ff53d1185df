"""Clean speech of each speaker, from which a synthesizer may make a voice that sounds like theirs.

Noise, music and a second voice are copied along with a voice, so only stretches are taken that are long, far
above their surroundings, without held notes and not clipped; who has too little of them has no voice here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from octavia_common.documents import SpeechRegion

from octavia_transcriber.planning.features import FRAMES_PER_SECOND, Features

SAMPLE_RATE = 24_000
"""What synthesizers that clone voices (XTTS) speak at."""

VOICES = "1"
"""Version of these rules, part of a plan's key: change it when they change."""


@dataclass(frozen=True)
class VoiceRules:
    """What counts as clean. Seconds, dB, hundredths of tonality."""

    least: float = 3.0
    """A speaker with less is left out: voices made of less sound like nobody."""
    most: float = 24.0
    """More does not make voices better."""
    shortest: float = 0.8
    """Shorter stretches begin and end more than they speak."""
    above_surroundings: float = 15.0
    most_tonality: float = 40.0
    """Median tonality of a region: speech alone has 4 to 13, with music 15 dB below it 48."""
    surroundings: float = 5.0
    beside: float = 0.25
    """Another speaker this near may still be heard in it."""


@dataclass(frozen=True)
class Stretch:
    """From a time to a time in seconds of the source."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def clean_speech(
    regions: Sequence[SpeechRegion], features: Features, rules: VoiceRules | None = None
) -> Mapping[str, tuple[Stretch, ...]]:
    """The cleanest stretches of each speaker who has enough of them, in order of time."""
    rules = rules or VoiceRules()
    found: dict[str, list[tuple[float, Stretch]]] = {}
    for number, region in enumerate(regions):
        stretch = Stretch(region.start, region.end)
        if stretch.seconds < rules.shortest or _beside_another(number, regions, rules):
            continue
        above = _above_surroundings(stretch, features, rules)
        if above >= rules.above_surroundings and _tonality(stretch, features) <= rules.most_tonality:
            found.setdefault(region.speaker, []).append((above, stretch))
    chosen = {speaker: _best(stretches, rules) for speaker, stretches in sorted(found.items())}
    return {
        speaker: stretches
        for speaker, stretches in chosen.items()
        if sum(stretch.seconds for stretch in stretches) >= rules.least
    }


def _best(stretches: Iterable[tuple[float, Stretch]], rules: VoiceRules) -> tuple[Stretch, ...]:
    """The cleanest, as many as are wanted; the last one is cut where it would be more."""
    taken: list[Stretch] = []
    left = rules.most
    for _, stretch in sorted(stretches, key=lambda each: (-each[0], each[1].start)):
        if left < rules.shortest:
            break
        taken.append(Stretch(stretch.start, min(stretch.end, stretch.start + left)))
        left -= taken[-1].seconds
    return tuple(sorted(taken, key=lambda stretch: stretch.start))


def _beside_another(number: int, regions: Sequence[SpeechRegion], rules: VoiceRules) -> bool:
    here = regions[number]
    before, after = regions[max(0, number - 1)], regions[min(len(regions) - 1, number + 1)]
    return (before.speaker != here.speaker and here.start - before.end < rules.beside) or (
        after.speaker != here.speaker and after.start - here.end < rules.beside
    )


def _above_surroundings(stretch: Stretch, features: Features, rules: VoiceRules) -> float:
    """How far the stretch's mean power is above the quietest tenth of what is around it."""
    around = features.decibels(_frames(stretch.start - rules.surroundings, stretch.end + rules.surroundings))
    inside = features.decibels(_frames(stretch.start, stretch.end))
    if not len(inside) or not len(around):
        return 0.0
    floor = np.percentile(_power(around), 10)
    return float(10 * np.log10(_power(inside).mean() / max(float(floor), 1e-12)))


def _power(levels: np.ndarray) -> np.ndarray:
    return np.asarray((10 ** (levels.astype(np.float64) / 10)).sum(axis=1))


def _tonality(stretch: Stretch, features: Features) -> float:
    inside = features.tonality[_frames(stretch.start, stretch.end)]
    return float(np.median(inside)) if len(inside) else 100.0


def _frames(start: float, end: float) -> slice:
    return slice(max(0, round(start * FRAMES_PER_SECOND)), max(0, round(end * FRAMES_PER_SECOND)))
