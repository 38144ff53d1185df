"""What is broken when: a pure function of the seed, so that a run that failed can be had again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

SERVICES = ("gateway", "billing", "transcriber", "translator", "synthesizer", "assembler", "videogen")
SERVERS = ("kafka", "postgres", "s3")
TARGETS = (*SERVICES, *SERVERS)

FIRST_SECONDS = 3.0
"""Jobs flow for a moment before the first fault."""

PAUSE_SECONDS = (1.0, 7.0)
"""From the beginning of one fault to that of the next; some overlap."""

KILLED_SECONDS = (0.0, 6.0)
STOPPED_SECONDS = (0.5, 9.0)
"""Some pauses outlast the session of a consumer (6 s here): its work is given to others, then it wakes."""


class Action(StrEnum):
    """How something is broken."""

    KILL = "kill"
    """SIGKILL, and started again when the fault ends."""
    PAUSE = "pause"
    """SIGSTOP, and SIGCONT when the fault ends."""
    RESTART = "restart"
    """SIGTERM, as at a new version, and started again when the fault ends."""


@dataclass(frozen=True)
class Fault:
    """One fault; times are seconds from the beginning of the run."""

    at: float
    lasts: float
    target: str
    action: Action

    @property
    def end(self) -> float:
        return self.at + self.lasts

    def __str__(self) -> str:
        return f"{self.at:7.2f} s  {self.action:7}  {self.target:11}  for {self.lasts:.2f} s"


def schedule(seed: int, seconds: float) -> tuple[Fault, ...]:
    """The faults of a run of `seconds`, all over by its end.

    A longer run of the same seed begins like a shorter one.
    """
    return tuple(
        fault for fault in takewhile(lambda f: f.at < seconds, _endless(seed)) if fault.end <= seconds
    )


def _endless(seed: int) -> Iterator[Fault]:
    rng = random.Random(seed)
    whole_again = dict.fromkeys(TARGETS, 0.0)
    now = FIRST_SECONDS
    while True:
        # One server at a time: nothing is promised of a platform whose store and database are both gone.
        well = [name for name in TARGETS if whole_again[name] < now]
        if any(name not in well for name in SERVERS):
            well = [name for name in well if name not in SERVERS]
        target = rng.choice(well)
        action = rng.choice(tuple(Action))
        lasts = rng.uniform(*(STOPPED_SECONDS if action is Action.PAUSE else KILLED_SECONDS))
        yield Fault(round(now, 2), round(lasts, 2), target, action)
        # A process that was ended takes a while to be there again.
        whole_again[target] = now + lasts + (1.0 if action is Action.PAUSE else 6.0)
        now += rng.uniform(*PAUSE_SECONDS)
