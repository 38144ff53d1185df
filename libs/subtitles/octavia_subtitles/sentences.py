"""Which cues of a file say one thing together, where that can be told. Pure.

A sentence that runs over several cues has to be translated as one: word order differs between languages, and
half a sentence often has no translation at all.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from octavia_subtitles.rules import Cue
from octavia_subtitles.width import CLAUSE_ENDS, SENTENCE_ENDS, columns

MOST_GAP_MS = 1500
"""After a longer pause nobody goes on with a sentence."""

MOST_OVERLAP_MS = 50
"""What cues share by rounding; those that share more are shown at once, and say different things."""

MOST_CUES = 8
MOST_COLUMNS = 400

LEAST_PUNCTUATED = 0.3
"""Share of cues that end with a sentence, from which on a file is taken to write its full stops."""

_CLOSING = "\"'”’»)]}›」』"
_DASHES = ("-", "–", "—", "‐")
_ELLIPSES = ("...", "…")
_APART = ("[", "(", "♪", "♫", "#")
"""What sounds, signs and songs begin with."""


@dataclass(frozen=True)
class Passage:
    """Cues `first..last` of a file, counted from 0, and what they say together; times in milliseconds."""

    first: int
    last: int
    text: str
    start_ms: int
    end_ms: int

    @property
    def id(self) -> str:
        """A name that says which cues it is of, counted from 1: `cue-7`, or `cue-7-9`."""
        numbers = (self.first + 1,) if self.first == self.last else (self.first + 1, self.last + 1)
        return "-".join(("cue", *map(str, numbers)))


def cues_of(passage_id: str) -> range:
    """The cues, counted from 0, that a passage's name tells of; none where it is no such name."""
    head, *numbers = passage_id.split("-")
    if head != "cue" or not 1 <= len(numbers) <= 2 or not all(n.isascii() and n.isdigit() for n in numbers):
        return range(0)
    return range(int(numbers[0]) - 1, int(numbers[-1]))


def passages(cues: Sequence[Cue], *, most_ms: int) -> tuple[Passage, ...]:
    """Everything that is said in `cues`, in the order of the file.

    No passage is longer than `most_ms`, unless one cue is. Cues without a letter or figure say nothing.
    """
    punctuated = _is_punctuated(cues)
    found: list[Passage] = []
    run: list[int] = []
    for number, cue in enumerate(cues):
        if not says_something(cue):
            continue
        if run and not (run[-1] == number - 1 and _goes_on(cues[run[-1]], cue, punctuated=punctuated)):
            found += _bounded(cues, run, most_ms)
            run = []
        run.append(number)
    return (*found, *_bounded(cues, run, most_ms))


def says_something(cue: Cue) -> bool:
    """Whether there is anything in it to translate."""
    return any(letter.isalnum() for letter in cue.text)


def joined(cues: Sequence[Cue]) -> str:
    """What cues say as one text: an ellipsis that only stood for the break goes."""
    text = ""
    for cue in cues:
        after = cue.text
        if text and text.endswith(_ELLIPSES) and (after.startswith(_ELLIPSES) or after[:1].islower()):
            text = text.rstrip(".…")
            after = after.lstrip(".… ")
        text = f"{text}{_glue(text, after)}{after}" if text else after
    return text


def _is_punctuated(cues: Sequence[Cue]) -> bool:
    saying = [cue for cue in cues if says_something(cue)]
    return sum(_ends(cue.text) for cue in saying) >= LEAST_PUNCTUATED * len(saying)


def _ends(text: str) -> bool:
    """Whether a text ends with a sentence."""
    bare = text.rstrip(_CLOSING + " ")
    return bool(bare) and bare[-1] in SENTENCE_ENDS


def _goes_on(before: Cue, after: Cue, *, punctuated: bool) -> bool:
    """Whether what one cue says goes on in the next."""
    gap = after.start_ms - before.end_ms
    if not -MOST_OVERLAP_MS <= gap <= MOST_GAP_MS or after.start_ms < before.start_ms:
        return False
    if after.text.startswith(_DASHES) or before.text.startswith((*_DASHES, *_APART)):
        return False
    if after.text.startswith(_APART):
        return False
    lower = _first_letter(after.text).islower()
    if before.text.endswith(_ELLIPSES):
        return lower or after.text.startswith(_ELLIPSES)
    if _ends(before.text):
        return False
    if lower:
        return True
    # A capital may begin a name, and many scripts have none: then only full stops tell of sentences.
    return punctuated and not before.text.isupper()


def _first_letter(text: str) -> str:
    return next((letter for letter in text if letter.isalnum()), "")


def _bounded(cues: Sequence[Cue], run: Sequence[int], most_ms: int) -> list[Passage]:
    """A run of cues as one passage; halved, best where a clause ends, while it is too much for one."""
    if not run:
        return []
    own = [cues[number] for number in run]
    start, end = own[0].start_ms, max(cue.end_ms for cue in own)
    text = joined(own)
    too_much = end - start > most_ms or len(run) > MOST_CUES or columns(text) > MOST_COLUMNS
    if len(run) == 1 or not too_much:
        return [Passage(run[0], run[-1], text, start, end)]
    middle = len(run) / 2
    at = min(
        range(1, len(run)),
        key=lambda place: (
            abs(place - middle) - (1.5 if own[place - 1].text[-1:] in CLAUSE_ENDS else 0),
            place,
        ),
    )
    return [*_bounded(cues, run[:at], most_ms), *_bounded(cues, run[at:], most_ms)]


def _glue(before: str, after: str) -> str:
    """What stands between two lines that are one: a space, but not in a script that has none."""
    return "" if _spaceless(before[-1:]) and _spaceless(after[:1]) else " "


def _spaceless(letter: str) -> bool:
    """Whether it is of Chinese or Japanese writing (Korean, as wide, has spaces)."""
    if not letter or unicodedata.east_asian_width(letter) not in "WF":
        return False
    return not unicodedata.name(letter, "").startswith("HANGUL")
