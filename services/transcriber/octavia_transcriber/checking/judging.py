"""Which take of a line is the best, which lines are spoken again, and what is told of the others. Pure."""

from collections.abc import Mapping, Sequence

from octavia_common.documents import Flag, SpokenSegment
from octavia_common.events import MOST_RETAKES


def better(best: SpokenSegment | None, take: SpokenSegment) -> SpokenSegment:
    """The take that was understood better, the earlier one of equals; it knows how many there were."""
    if best is None:
        return take
    picked = take if _error(take) < _error(best) else best
    return picked.model_copy(update={"takes": max(best.takes, take.takes)})


def retakes(lines: Sequence[SpokenSegment], asked: Mapping[str, int], most_error: float) -> dict[str, int]:
    """Which lines are to be spoken again, and the number of that take.

    `asked` are the takes that were asked for last: a line that has no more of them than before cannot be
    spoken in another way.
    """
    return {
        line.id: line.takes
        for line in lines
        if _error(line) > most_error and line.takes <= MOST_RETAKES and asked.get(line.id) != line.takes
    }


def judged(line: SpokenSegment, most_error: float) -> SpokenSegment:
    """The line with what a person should know: that it stayed bad, or that it is well now."""
    flag: Flag | None = None
    if _error(line) > most_error:
        flag = "misheard"
    elif line.takes > 1:
        flag = "repaired"
    return line if flag is None else line.model_copy(update={"flags": (*line.flags, flag)})


def _error(line: SpokenSegment) -> float:
    return line.heard_error or 0.0
