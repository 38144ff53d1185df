"""Which engine calls were made, in which order, by any process: read from the logs, which outlast a kill."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STAGES = ("transcriber", "translator", "synthesizer")


@dataclass(frozen=True, order=True)
class Call:
    """One engine call, when it began. The job is told by its id."""

    at: str
    job: str
    stage: str
    chunk: int
    language: str

    @property
    def piece(self) -> tuple[str, str, int, str]:
        """What of which job was worked on."""
        return self.job, self.stage, self.chunk, self.language


def calls_in(folder: Path) -> list[Call]:
    """All calls in the logs of a platform's processes, in their order."""
    calls = []
    for stage in STAGES:
        for path in folder.glob(f"{stage}-*.log"):
            for line in path.read_text(errors="replace").splitlines():
                if '"engine call"' in line and line.startswith("{"):
                    entry = json.loads(line)
                    calls.append(
                        Call(entry["timestamp"], entry["subject"], stage, entry["chunk"], entry["language"])
                    )
    return sorted(calls)


def made_twice(calls: Sequence[Call]) -> int:
    """How many calls did again what another had done or was doing."""
    return sum(count - 1 for count in Counter(call.piece for call in calls).values())
