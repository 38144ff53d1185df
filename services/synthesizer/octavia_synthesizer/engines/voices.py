"""espeak-ng's voices: which one speaks a language, and how speakers are told apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

import langcodes
from langcodes.tag_parser import LanguageTagError

VARIANTS = ("", "f2", "m3", "f4", "m7", "f3", "m1", "f5")
"""Ways to speak any voice, different enough to tell people apart; the first is the voice itself."""

CHOICES = {
    "plain": ("", "Plain"),
    "female-2": ("f2", "Female 2"),
    "female-3": ("f3", "Female 3"),
    "female-4": ("f4", "Female 4"),
    "female-5": ("f5", "Female 5"),
    "male-1": ("m1", "Male 1"),
    "male-3": ("m3", "Male 3"),
    "male-7": ("m7", "Male 7"),
}
"""Voices that a job may ask for, in any language: variant and title by id."""

STAND_INS = {"gl": "es"}
"""Languages that espeak-ng 1.51 has no voice for, and the voice that reads their spelling best:
Galician is written by Spanish rules and has its vowels."""

_ALIAS = re.compile(r"\(([\w-]+) (\d+)\)")
_NUMBERED = re.compile(r"^\D*(\d+)$")


@dataclass(frozen=True, order=True)
class Candidate:
    """A voice that can speak a language; the lowest `priority` is the best."""

    priority: int
    voice: str


def best_voices(listing: str) -> dict[str, str]:
    """The best voice by language tag, from what `espeak-ng --voices` prints.

    A language alone (`fr`) is spoken by its best region (`fr-fr`) where no voice has its name.
    """
    found: dict[str, list[Candidate]] = {}
    for tag, candidate in _candidates(listing.splitlines()[1:]):
        found.setdefault(tag, []).append(candidate)
    for tag in list(found):
        base = tag.split("-")[0]
        if base != tag:
            found.setdefault(base, []).extend(Candidate(100 + c.priority, c.voice) for c in found[tag])
    voices = {tag: min(candidates).voice for tag, candidates in found.items()}
    for tag, model in STAND_INS.items():
        if model in voices:
            voices.setdefault(tag, voices[model])
    return dict(sorted(voices.items()))


def voice_of(language: str, voices: dict[str, str]) -> str | None:
    """The voice for a tag, or for its language without region; None where nobody speaks it."""
    tag = _tag(language)
    if tag is None:
        return None
    return voices.get(tag) or voices.get(tag.split("-")[0])


def variant_of(speaker: str) -> str:
    """How a speaker sounds: numbered ones (`S1`, `S2`) in turn, others by their name."""
    numbered = _NUMBERED.match(speaker)
    number = int(numbered[1]) - 1 if numbered else crc32(speaker.encode())
    return VARIANTS[number % len(VARIANTS)]


def _candidates(rows: Iterable[str]) -> Iterator[tuple[str, Candidate]]:
    """Each row names a language and its priority, a voice, and other languages it can do."""
    for row in rows:
        fields = row.split(maxsplit=5)
        if len(fields) < 5 or not fields[0].isdigit():
            continue
        voice = fields[1]
        aliases = _ALIAS.findall(fields[5]) if len(fields) > 5 else []
        for name, priority in ((voice, "0"), *aliases):
            tag = _tag(name)
            if tag is not None:
                yield tag, Candidate(int(priority), voice)


def _tag(name: str) -> str | None:
    try:
        return langcodes.standardize_tag(name)
    except LanguageTagError:
        return None
