"""Cuts speech into windows that are long enough to know a voice by, and puts labels back on regions."""

from collections.abc import Sequence
from dataclasses import dataclass

from octavia_common.documents import SpeechRegion

WINDOW_SECONDS = 1.5
"""Models of voices are trained on 2 to 4 s; shorter windows place changes better."""

LEAST_SECONDS = 0.5
"""What is shorter tells no voice: it goes with whoever speaks next to it."""


@dataclass(frozen=True)
class Window:
    """A part of region number `region`, in seconds; all windows of a region cover it."""

    region: int
    start: float
    end: float

    @property
    def tells(self) -> bool:
        """Whether it is long enough to know a voice by."""
        return self.end - self.start >= LEAST_SECONDS


def windows_of(regions: Sequence[SpeechRegion]) -> list[Window]:
    """Equal windows of about `WINDOW_SECONDS`, region by region."""
    windows = []
    for number, region in enumerate(regions):
        length = region.end - region.start
        count = max(1, round(length / WINDOW_SECONDS))
        edges = [region.start + length * n / count for n in range(count)] + [region.end]
        windows += [Window(number, edges[n], edges[n + 1]) for n in range(count)]
    return windows


def complete(windows: Sequence[Window], known: Sequence[int | None]) -> list[int]:
    """Labels for all windows: one that is None gets that of the nearest in time that is not, else 0."""
    told = [n for n, label in enumerate(known) if label is not None]

    def nearest(number: int) -> int:
        here = windows[number]

        def distance(n: int) -> float:
            return max(windows[n].start - here.end, here.start - windows[n].end)

        found = known[min(told, key=distance)] if told else 0
        return found or 0

    return [nearest(n) if label is None else label for n, label in enumerate(known)]


def labelled(
    regions: Sequence[SpeechRegion], windows: Sequence[Window], labels: Sequence[int]
) -> tuple[SpeechRegion, ...]:
    """The regions with speakers by the order in which they are first heard.

    A region is cut where the speaker changes for longer than one window; a single window that differs from
    both its neighbours in the region is a mistake more often than an interjection.
    """
    runs: list[tuple[Window, int]] = []
    for number, (window, label) in enumerate(zip(windows, labels, strict=True)):
        around = [
            labels[n]
            for n in (number - 1, number + 1)
            if 0 <= n < len(windows) and windows[n].region == window.region
        ]
        if len(around) == 2 and around[0] == around[1]:
            label = around[0]
        if runs and runs[-1][0].region == window.region and runs[-1][1] == label:
            runs[-1] = (Window(window.region, runs[-1][0].start, window.end), label)
        else:
            runs.append((window, label))
    names: dict[int, str] = {}
    for _, label in runs:
        names.setdefault(label, f"S{len(names) + 1}")
    return tuple(
        regions[run.region].model_copy(update={"start": run.start, "end": run.end, "speaker": names[label]})
        for run, label in runs
    )
