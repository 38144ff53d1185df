"""What a made video really contains."""

from dataclasses import asdict, dataclass
from json import dumps, loads
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class SpokenLine:
    """A line and the seconds between which it can be heard."""

    speaker: str
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Truth:
    """The length of a video in seconds, and every line in it."""

    duration: float
    language: str
    lines: tuple[SpokenLine, ...]

    @property
    def words(self) -> list[str]:
        """All that is said, in lower case and without signs."""
        text = " ".join(line.text for line in self.lines).lower()
        return "".join(sign if sign.isalnum() or sign in " '" else " " for sign in text).split()

    def pauses(self) -> list[tuple[float, float]]:
        """The seconds between which nobody speaks, from the beginning to the end."""
        edges = [0.0, *(edge for line in self.lines for edge in (line.start, line.end)), self.duration]
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it from JSON."""
        found = loads(path.read_text())
        return cls(found["duration"], found["language"], tuple(SpokenLine(**line) for line in found["lines"]))
