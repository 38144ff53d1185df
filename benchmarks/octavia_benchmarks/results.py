"""Figures, and where they go: a table, `results.json`, and the generated part of the README."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_HEAD = ("name", "value", "unit", "baseline", "ratio", "target", "holds")


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        baseline: what it is compared with, in the same unit; None where it has an absolute aim.
        ratio: how many times better than the baseline, so more is always better.
        target: the aim: of the ratio where there is a baseline, of the value where there is none.
        holds: whether the aim is reached; None where there is no aim.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    target: float | None = None
    holds: bool | None = None


def at_most(name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that is to stay below an absolute aim."""
    return Figure(name, _rounded(value), unit, target=target, holds=value < target)


def higher_is_better(
    name: str, value: float, unit: str, *, baseline: float, target: float | None = None
) -> Figure:
    """A rate beside its baseline."""
    return _compared(name, value, unit, baseline, value / baseline, target)


def lower_is_better(
    name: str, value: float, unit: str, *, baseline: float, target: float | None = None
) -> Figure:
    """A time beside its baseline."""
    return _compared(name, value, unit, baseline, baseline / value, target)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed: nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def table(figures: Sequence[Figure]) -> str:
    """The figures for a person, as a Markdown table whose columns line up."""
    rows = [_HEAD, *([_cell(value) for value in asdict(figure).values()] for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def merged(old: Sequence[Figure], new: Sequence[Figure]) -> list[Figure]:
    """`old` with the figures measured anew in their places; figures not known before come last."""
    fresh = {figure.name: figure for figure in new}
    kept = [fresh.pop(figure.name, figure) for figure in old]
    return [*kept, *fresh.values()]


def read(path: Path) -> list[Figure]:
    """What `write` wrote; nothing where there is no file."""
    if not path.exists():
        return []
    return [Figure(**each) for each in json.loads(path.read_text())]


def write(path: Path, figures: Sequence[Figure]) -> None:
    """Keep the figures as a list of objects."""
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")


def write_section(readme: Path, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Put the figures, with date and machine, between the marks of the README.

    A note begins with the name of its benchmark; those of benchmarks not told of now stay as they were.
    """
    before, _, rest = readme.read_text().partition(BEGIN)
    section, _, after = rest.partition(END)
    old = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]
    told = {note.partition(":")[0] for note in notes}
    kept = [note for note in old if note.partition(":")[0] not in told]
    listed = "\n".join(f"- {note}" for note in (*kept, *notes))
    today = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    section = f"\nMeasured {today} on {machine()}.\n\n{table(figures)}\n\n{listed}\n"
    readme.write_text(f"{before}{BEGIN}{section}{END}{after}")


def machine() -> str:
    """The machine in a few words."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{cores} cores ({_cpu()}), {memory:.0f} GiB, Linux, Python {platform.python_version()}"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _compared(
    name: str, value: float, unit: str, baseline: float, ratio: float, target: float | None
) -> Figure:
    holds = None if target is None else ratio >= target
    return Figure(name, _rounded(value), unit, _rounded(baseline), round(ratio, 2), target, holds)


def _rounded(value: float) -> float:
    return round(value, 3 if value < 10 else 1)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
