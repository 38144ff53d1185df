"""The rules of readable subtitles, and a validator that reports each rule on each cue.

The figures are those of Netflix's timed text style guide: 42 characters a line, 2 lines, 17
characters a second, 5/6 s to 7 s a cue, 2 frames between cues.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from octavia_subtitles.width import columns

DEFAULT_FRAME_RATE = 25.0
"""For sound without a picture."""


@dataclass(frozen=True)
class Rules:
    """Limits of one cue; times in milliseconds, widths in columns (a wide CJK letter takes two)."""

    columns_a_line: int = 42
    lines: int = 2
    columns_a_second: float = 17.0
    shortest_ms: int = 834
    longest_ms: int = 7000
    gap_ms: int = 80

    @classmethod
    def for_frame_rate(cls, frames_a_second: float | None) -> "Rules":
        """The rules with a gap of two frames at this rate."""
        rate = frames_a_second if frames_a_second and frames_a_second >= 1 else DEFAULT_FRAME_RATE
        return cls(gap_ms=math.ceil(2000 / rate))

    def of_one_line(self) -> "Rules":
        """The same for one of two languages that share a cue."""
        return replace(self, lines=1)

    def reading_ms(self, text: str) -> int:
        """How long a text has to be shown: long enough to read it, within what a cue may last."""
        to_read = math.ceil(columns(text) / self.columns_a_second * 1000)
        return min(max(to_read, self.shortest_ms), self.longest_ms)


@dataclass(frozen=True)
class Cue:
    """One subtitle: its lines, shown from `start_ms` until `end_ms` of the output."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


Rule = Literal["empty", "line_width", "line_count", "reading_speed", "too_short", "too_long", "gap", "order"]


@dataclass(frozen=True)
class Violation:
    """A rule that the cue at `index` (from 0) breaks, and by how much, in words."""

    index: int
    rule: Rule
    message: str


def validate(cues: Sequence[Cue], rules: Rules) -> Iterator[Violation]:
    """Everything that is wrong with `cues`, cue by cue."""
    for index, cue in enumerate(cues):
        for rule, message in _of_one(cue, rules):
            yield Violation(index, rule, message)
        if index + 1 < len(cues):
            gap = cues[index + 1].start_ms - cue.end_ms
            if gap < 0:
                yield Violation(index, "order", f"ends {-gap} ms after the next begins")
            elif gap < rules.gap_ms:
                yield Violation(index, "gap", f"{gap} ms before the next, at least {rules.gap_ms} wanted")


def _of_one(cue: Cue, rules: Rules) -> Iterator[tuple[Rule, str]]:
    shown = cue.end_ms - cue.start_ms
    if not cue.text.strip():
        yield "empty", "shows nothing"
    if len(cue.lines) > rules.lines:
        yield "line_count", f"{len(cue.lines)} lines, at most {rules.lines} allowed"
    for line in cue.lines:
        if columns(line) > rules.columns_a_line:
            yield "line_width", f"a line of {columns(line)} columns, at most {rules.columns_a_line} allowed"
    if shown < rules.shortest_ms:
        yield "too_short", f"shown for {shown} ms, at least {rules.shortest_ms} wanted"
    if shown > rules.longest_ms:
        yield "too_long", f"shown for {shown} ms, at most {rules.longest_ms} allowed"
    speed = columns(cue.text) * 1000 / max(shown, 1)
    if speed > rules.columns_a_second:
        yield "reading_speed", f"{speed:.1f} characters a second, at most {rules.columns_a_second:g} wanted"
