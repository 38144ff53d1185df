"""How a line is spoken when the take before was not understood: by other words, in parts, by chance. Pure."""

import re
from dataclasses import dataclass

from octavia_common.spelling import spelled_out

_CLAUSE_END = re.compile(r"(?<=[,;:.!?…。、，；：！？])\s*(?=\S)")
_WORDS = re.compile(r"\S+")

LONG_WORDS = 8
"""A part of more words is cut in its middle, too: what runs on is harder to understand."""


@dataclass(frozen=True)
class Way:
    """One way to speak a line: its parts, a short pause between them, and where an engine's dice start."""

    parts: tuple[str, ...]
    seed: int = 0


def way_of(text: str, language: str, take: int, *, seeds: bool) -> Way | None:
    """How to speak a line for the `take`-th time (0: as it is written).

    First with all spelled out, then also in parts. An engine that `seeds` makes another sound of the same
    text each time; for others there is no more to try once the spellings are used up: None.
    """
    if take == 0:
        return Way((text,))
    ways = _spellings(text, language)
    if take >= len(ways):
        return Way(ways[-1], take) if seeds else None
    return Way(ways[take], take if seeds else 0)


def _spellings(text: str, language: str) -> list[tuple[str, ...]]:
    """Different ones, in the order in which they are tried."""
    spelled = spelled_out(text, language)
    return list(dict.fromkeys([(text,), (spelled,), _parts(spelled)]))


def _parts(text: str) -> tuple[str, ...]:
    """The clauses of a line, long ones in halves; parts without a letter go with the one before."""
    parts: list[str] = []
    for clause in (each.strip() for each in _CLAUSE_END.split(text)):
        for part in _halves(clause):
            if parts and not any(character.isalnum() for character in part):
                parts[-1] += part
            else:
                parts.append(part)
    return tuple(parts)


def _halves(clause: str) -> list[str]:
    words = _WORDS.findall(clause)
    if len(words) <= LONG_WORDS:
        return [clause] if clause else []
    middle = len(words) // 2
    return [*_halves(" ".join(words[:middle])), *_halves(" ".join(words[middle:]))]
