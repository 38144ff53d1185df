"""Subtitle files of strangers: any encoding, SubRip, WebVTT or (Advanced) SubStation, and their defects.

What is read keeps everything around its text, so that the same file can be written with other words:
times, numbers, settings, styles, comments and the mark-up that encloses a whole cue.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from types import MappingProxyType

import charset_normalizer
import pysubs2

from octavia_subtitles.rules import Cue
from octavia_subtitles.substation import ass_text
from octavia_subtitles.writing import srt_text, vtt_text

MOST_BYTES = 10 * 1024 * 1024
MOST_CUES = 50_000
MOST_LINES = 500_000
MOST_CUE_CHARACTERS = 1000
"""What one subtitle says; the rules of reading allow 84."""

_TIMES = re.compile(
    r"^\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]\d{1,3})\s*-->\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]\d{1,3})(.*)$"
)
_OVERRIDES = r"\{\\[^{}\n]{0,200}\}"
_SRT_TAGS = rf"(?:<[A-Za-z/!?][^<>\n]{{0,80}}>|{_OVERRIDES})"
_VTT_TAGS = r"<[^<>\n]{0,80}>"
_BLOCK = re.compile(r"\{[^{}]*\}")
"""A block of overrides. (pysubs2's own functions take a time that grows with the square of their number.)"""
_DRAWS = re.compile(r"\\p[1-9]")
_LONGEST_CLOSING = 44
_CLOSING_TAG = re.compile(r"</[^<>\n]{0,40}>$")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&lrm;": "\u200e", "&rlm;": "\u200f", "&amp;": "&"}


class Form(StrEnum):
    """How a subtitle file is written; each name is also its extension."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"
    SSA = "ssa"

    @property
    def tick_ms(self) -> int:
        """The finest step of its times."""
        return 10 if self in (Form.ASS, Form.SSA) else 1


class UnreadableSubtitlesError(ValueError):
    """A file that is no subtitle file; the message tells a person why."""


@dataclass(frozen=True)
class SubtitleFile:
    """A subtitle file as it was read. `cues` are plain text, in the order of the file."""

    form: Form
    encoding: str
    cues: tuple[Cue, ...]
    _source: str

    def retold(self, texts: Sequence[Sequence[str]], moved: Mapping[int, Cue] = MappingProxyType({})) -> str:
        """The same file with the lines of `texts` in its cues, one for each, and other times for those that
        are `moved`, by their numbers from 0.

        Mark-up that encloses a whole cue stays; mark-up of single words, which are others now, goes.
        Raises ValueError where there is not one text a cue.
        """
        if len(texts) != len(self.cues):
            raise ValueError(f"{len(texts)} texts for {len(self.cues)} cues")
        if self.form in (Form.ASS, Form.SSA):
            return _retold_ass(self._source, self.form, texts, moved)
        write = vtt_text if self.form is Form.VTT else srt_text
        blocks, numbers = _split(self._source), count()
        for block in blocks:
            if block.is_cue:
                before, after = _enclosing("\n".join(block.payload), self.form)
                number = next(numbers)
                lines = [write(line) for line in texts[number]]
                if number in moved:
                    block.head[-1] = _at_times(block.head[-1], moved[number])
                block.payload = f"{before}{chr(10).join(lines)}{after}".split("\n")
        return "\n".join(line for block in blocks for line in block.lines()) + "\n"


def read(data: bytes) -> SubtitleFile:
    """A subtitle file from its bytes. Raises UnreadableSubtitlesError."""
    if len(data) > MOST_BYTES:
        raise UnreadableSubtitlesError(
            f"A subtitle file may have up to {MOST_BYTES // 1024 // 1024} MiB; this one is larger."
        )
    text, encoding = _decoded(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_bounds(text)
    form = _form_of(text)
    cues = _ass_cues(text, form) if form in (Form.ASS, Form.SSA) else _block_cues(text, form)
    if not cues:
        raise UnreadableSubtitlesError("There is not one subtitle with its times in this file.")
    if len(cues) > MOST_CUES:
        raise UnreadableSubtitlesError(f"A subtitle file may have up to {MOST_CUES} subtitles.")
    if any(len(cue.text) > MOST_CUE_CHARACTERS for cue in cues):
        raise UnreadableSubtitlesError(f"One subtitle may say up to {MOST_CUE_CHARACTERS} characters.")
    return SubtitleFile(form, encoding, tuple(cues), text)


def _check_bounds(text: str) -> None:
    """Refuse, before anything is made of it, what nobody's subtitles are and what takes minutes to parse."""
    if text.count("\n") > MOST_LINES:
        raise UnreadableSubtitlesError(f"A subtitle file may have up to {MOST_LINES} lines.")
    if max(text.count("-->"), text.count("\nDialogue:")) > 2 * MOST_CUES:
        raise UnreadableSubtitlesError(f"A subtitle file may have up to {MOST_CUES} subtitles.")


def _decoded(data: bytes) -> tuple[str, str]:
    """Text and the encoding that was found: a mark of byte order, else UTF-8, else the likeliest."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(data[:200_000]).best()
    if best is None:
        raise UnreadableSubtitlesError("This is no text in any known encoding. Save it as UTF-8.")
    return data.decode(best.encoding, errors="replace"), best.encoding


def _form_of(text: str) -> Form:
    """By what comes first: a cue may say anything, the words of other forms' heads too."""
    if text.lstrip("\ufeff \n").startswith("WEBVTT"):
        return Form.VTT
    for line in text.split("\n", 2000)[:2000]:
        if _TIMES.match(line):
            return Form.SRT
        if line.lstrip("\ufeff ").startswith(("[Script Info]", "[Events]")):
            return Form.SSA if re.search(r"^\[V4 Styles\]", text, re.MULTILINE) else Form.ASS
    raise UnreadableSubtitlesError(
        "This is no subtitle file: SubRip (.srt), WebVTT (.vtt) and SubStation (.ass, .ssa) can be read."
    )


@dataclass
class _Block:
    """Lines up to a cue's text (`head`), the text itself, and whether there is one."""

    head: list[str]
    payload: list[str]
    start: str = ""
    end: str = ""

    @property
    def is_cue(self) -> bool:
        return bool(self.end)

    def lines(self) -> list[str]:
        return [*self.head, *self.payload, ""] if self.is_cue else self.head


def _split(text: str) -> list[_Block]:
    """Blocks of a SubRip or WebVTT file. A line with times begins a cue, whatever stands around it."""
    blocks: list[_Block] = []
    waiting: list[str] = []
    lines = text.lstrip("\ufeff").split("\n")
    at = 0
    while at < len(lines):
        times = _TIMES.match(lines[at])
        if not times:
            waiting.append(lines[at])
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].strip() and not _begins_cue(lines, end):
            end += 1
        blocks.append(_Block([*waiting, lines[at]], lines[at + 1 : end], times[1], times[2]))
        waiting = []
        at = end + 1 if end < len(lines) and not lines[end].strip() else end
    if any(line.strip() for line in waiting):
        blocks.append(_Block(waiting, []))
    return blocks


def _begins_cue(lines: Sequence[str], at: int) -> bool:
    """Whether the next cue begins here although the empty line before it is missing."""
    follows = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(_TIMES.match(lines[at]) or (lines[at].strip().isdigit() and _TIMES.match(follows)))


def _block_cues(text: str, form: Form) -> list[Cue]:
    cues = []
    for block in _split(text):
        if block.is_cue:
            lines = (_plain(line, form) for line in block.payload)
            shown = tuple(line for line in lines if line)
            cues.append(Cue(_milliseconds(block.start), _milliseconds(block.end), shown))
    return cues


def _milliseconds(clock: str) -> int:
    whole, _, part = clock.replace(",", ".").partition(".")
    hours, minutes, seconds = (int(each) for each in ("0:" * (2 - whole.count(":")) + whole).split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(part.ljust(3, "0"))


def _at_times(line: str, cue: Cue) -> str:
    """A line with times, with those of `cue`; written as they were, and its settings stay."""
    times = _TIMES.match(line)
    assert times is not None, "a cue's head ends with its times"
    start, end = (_clock(ms, like=times[n]) for n, ms in ((1, cue.start_ms), (2, cue.end_ms)))
    return f"{line[: times.start(1)]}{start}{line[times.end(1) : times.start(2)]}{end}{line[times.end(2) :]}"


def _clock(milliseconds: int, *, like: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes = f"{seconds // 60 % 60:02}:{seconds % 60:02}{',' if ',' in like else '.'}{rest:03}"
    hours = like.count(":") > 1 or seconds >= 3600
    return f"{seconds // 3600:02}:{minutes}" if hours else minutes


def _tags(form: Form) -> str:
    """The pattern of one piece of mark-up."""
    return {Form.SRT: _SRT_TAGS, Form.VTT: _VTT_TAGS}.get(form, _OVERRIDES)


def _plain(line: str, form: Form) -> str:
    line = re.sub(_tags(form), "", line)
    if form is Form.VTT:
        for entity, letter in _ENTITIES.items():
            line = line.replace(entity, letter)
    return line.strip()


def _enclosing(text: str, form: Form) -> tuple[str, str]:
    """The mark-up before and behind everything that a cue says. Its time grows no faster than the text."""
    found = re.match(rf"(?:{_tags(form)}|\s)*", text)
    begin = found.end() if found else 0
    end = len(text)
    while end > begin:
        if text[end - 1].isspace():
            end -= 1
            continue
        closing = _CLOSING_TAG.search(text, max(begin, end - _LONGEST_CLOSING), end)
        if closing is None:
            break
        end = closing.start()
    return text[:begin], text[end:]


def _parsed(text: str, form: Form) -> pysubs2.SSAFile:
    try:
        return pysubs2.SSAFile.from_string(text, format_=form.value)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise UnreadableSubtitlesError(f"This SubStation file is damaged: {error}") from None


def _ass_cues(text: str, form: Form) -> list[Cue]:
    return [
        Cue(event.start, event.end, _ass_lines(event))
        for event in _parsed(text, form).events
        if _is_shown(event)
    ]


def _is_shown(event: pysubs2.SSAEvent) -> bool:
    """Whether it is text: no comment, and no vector graphics."""
    return not event.is_comment and not any(_DRAWS.search(block) for block in _BLOCK.findall(event.text))


def _ass_lines(event: pysubs2.SSAEvent) -> tuple[str, ...]:
    """What is shown. Escaped braces are letters, and no overrides."""
    text = _BLOCK.sub("", event.text.replace(r"\{", "\ue000").replace(r"\}", "\ue001"))
    text = text.replace(r"\h", " ").replace(r"\n", "\n").replace(r"\N", "\n")
    text = text.replace("\ue000", "{").replace("\ue001", "}")
    return tuple(line.strip() for line in text.split("\n") if line.strip())


def _retold_ass(source: str, form: Form, texts: Sequence[Sequence[str]], moved: Mapping[int, Cue]) -> str:
    document, numbers = _parsed(source, form), count()
    for event in document.events:
        if _is_shown(event):
            before, _ = _enclosing(event.text, form)
            number = next(numbers)
            event.text = before + r"\N".join(ass_text(line) for line in texts[number])
            if number in moved:
                event.start, event.end = moved[number].start_ms, moved[number].end_ms
    return document.to_string(form.value)
