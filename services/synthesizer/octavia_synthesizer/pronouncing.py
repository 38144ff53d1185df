"""How a line is to be read: its owner's pronunciations put into the text that an engine gets.

Terms are found as whole words, whatever their case, the longest first; where a script does not part words, as
they stand.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import Pronunciation, Pronunciations
from octavia_common.events import ArtifactRef

from octavia_synthesizer.engine import Sounding, SynthesisEngine

_UNPARTED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts without spaces between words, as the names of their letters begin."""


@dataclass(frozen=True)
class Reading:
    """What is spoken instead of a line: its text, stretches of it in the engine's own codes, and whether
    some term could not be pronounced as it should."""

    text: str
    soundings: tuple[Sounding, ...] = ()
    lacking: bool = False

    @property
    def identity(self) -> bytes:
        """What tells it from other readings; of a line that is read as it is written, the line itself."""
        if not self.soundings:
            return self.text.encode()
        codes = [[each.start, each.end, each.codes] for each in self.soundings]
        return json.dumps([self.text, codes], ensure_ascii=False).encode()


class Reader:
    """Reads lines of one language by a job's pronunciations."""

    def __init__(self, engine: SynthesisEngine, language: str, terms: Sequence[Pronunciation]) -> None:
        self._engine = engine
        self._terms = {_folded(term.term): term for term in terms if _holds(term, language)}
        self._pattern = _pattern_of(self._terms)

    async def read(self, text: str, voice: str) -> Reading:
        """How the voice is to read it."""
        if self._pattern is None:
            return Reading(text)
        # A voice's sounds are asked of the engine, which may take a moment the first time.
        return await asyncio.to_thread(self._read, unicodedata.normalize("NFC", text), voice, self._pattern)

    def _read(self, text: str, voice: str, pattern: re.Pattern[str]) -> Reading:
        made, soundings, last, lacking = "", [], 0, False
        for found in pattern.finditer(text):
            term = self._terms[_folded(found[0])]
            codes = self._engine.codes_of(term.ipa, voice) if term.ipa else None
            lacking = lacking or (codes is None and term.spoken is None)
            made += text[last : found.start()]
            begin = len(made)
            made += term.spoken if codes is None and term.spoken else found[0]
            if codes is not None:
                soundings.append(Sounding(begin, len(made), codes))
            last = found.end()
        return Reading(made + text[last:], tuple(soundings), lacking)


async def reader_of(
    store: ArtifactStore, engine: SynthesisEngine, pronunciation: ArtifactRef | None, language: str
) -> Reader:
    """The reader of a job's lines; without pronunciations it reads what is written."""
    if pronunciation is None:
        return Reader(engine, language, ())
    found = await store.read_document(pronunciation, Pronunciations)
    return Reader(engine, language, found.terms)


def _holds(term: Pronunciation, language: str) -> bool:
    """Whether it is of this language; `es` holds for all of Spanish, `es-mx` for Mexico's alone."""
    if term.language is None:
        return True
    asked, spoken = term.language.lower(), language.lower()
    return spoken == asked or spoken.startswith(f"{asked}-")


def _folded(term: str) -> str:
    return unicodedata.normalize("NFC", term).casefold()


def _pattern_of(terms: Mapping[str, Pronunciation]) -> re.Pattern[str] | None:
    if not terms:
        return None
    written = {unicodedata.normalize("NFC", term.term) for term in terms.values()}
    each = [_bounded(term) for term in sorted(written, key=lambda term: (-len(term), term))]
    return re.compile("|".join(each), re.IGNORECASE)


def _bounded(term: str) -> str:
    before = r"(?<!\w)" if _parted(term[0]) else ""
    after = r"(?!\w)" if _parted(term[-1]) else ""
    return before + re.escape(term) + after


def _parted(letter: str) -> bool:
    return letter.isalnum() and not unicodedata.name(letter, "").startswith(_UNPARTED)
