"""How much text fits into the time that a line has. Pure; lengths are of `checks.weight`."""

from octavia_translator.checks import script_of, weight

NATURAL = 15.0
"""Letters and blanks a second of unhurried speech: some 155 words a minute of 5.8 characters each."""

FASTEST = 1.2
"""How much faster than natural a dub may be played before it is heard (DESIGN's media rules)."""

READ_SHARE = 0.85
"""What is only read has the time of so much of its slot: 17 characters a second are read (DESIGN's rules of
subtitles) where 18 are spoken at the fastest, and a tenth is kept for lines that do not break evenly."""

LEAST_SHARE = 0.6
"""No translation is asked for below this share of its source's length: it could not say the same."""

LEAST = 8.0

_WEIGHT_OF_A_CHARACTER = {"Jpan": 2.2, "Hans": 3.0, "Hant": 3.0, "Kore": 2.0}
"""As `checks.weight` counts them; Japanese is a mixture."""


def fits(text: str, source: str, seconds: float) -> bool:
    """Whether so many seconds are enough for the text, at most `FASTEST` times as fast as is natural."""
    return weight(text) <= _budget(source, seconds, FASTEST)


def characters(source: str, seconds: float, target_language: str, *, rate: float = FASTEST) -> int:
    """The most characters of the target language that such a line may have, as a model is told."""
    return int(_budget(source, seconds, rate) / _WEIGHT_OF_A_CHARACTER.get(script_of(target_language), 1.0))


def _budget(source: str, seconds: float, rate: float) -> float:
    return max(seconds * NATURAL * rate, weight(source) * LEAST_SHARE, LEAST)
