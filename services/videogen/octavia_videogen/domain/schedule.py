"""When a video is looked at next. All times are seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PollSchedule:
    """How often a provider's record is read: every `first` seconds, and slower the older the video is.

    From the age of `slower_after` on the interval grows with the age, so that one of twice the age is asked
    for half as often; it never exceeds `longest`.
    """

    first: float = 5.0
    slower_after: float = 60.0
    longest: float = 60.0

    def after(self, age: float) -> float:
        """The wait until the next look at a video that was created `age` ago."""
        return min(self.first * max(1.0, age / self.slower_after), max(self.longest, self.first))

    def foreseen(self, age: float, figure: float) -> float:
        """The wait where the provider's own progress (above 0, to 100) foretells the end; never less than a
        second, and never more than without it."""
        left = age * (100.0 - figure) / figure
        return min(self.after(age), max(min(NEAR_SECONDS, self.first), left + NEAR_SECONDS / 4))

    def after_release(self, age: float) -> float:
        """The wait where the hold was released `age` ago: a late success is only kept for audit."""
        return min(max(self.longest, age / 4), LATE_INTERVAL_SECONDS)


NEAR_SECONDS = 1.0
"""A video that is nearly done is looked at this often, for as long as its progress rises."""

LATE_INTERVAL_SECONDS = 3600.0

TROUBLE_FIRST_SECONDS = 1.0
TROUBLE_LONGEST_SECONDS = 60.0


def after_trouble(times: int, told: float | None = None) -> float:
    """The wait after the `times`-th failure in a row, from 1; `told` is what the other side asked for."""
    wait = min(TROUBLE_FIRST_SECONDS * 2.0 ** min(times - 1, 16), TROUBLE_LONGEST_SECONDS)
    return max(wait, min(told or 0.0, TROUBLE_LONGEST_SECONDS))


def waited_after(times: int) -> float:
    """How long the waits after so many failures in a row are together."""
    return sum(after_trouble(number) for number in range(1, times + 1))
