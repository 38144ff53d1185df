"""Changes that people make to the lines of a dub, and what comes of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.editing.errors import UnknownSegmentError, UnsuitableChangeError
from octavia_gateway.editing.lines import Line, Lines, in_order

LEAST_SECONDS = 0.1
MOST_LINES = 20_000

Text = Annotated[str, Field(max_length=2000)]
Seconds = Annotated[float, Field(ge=0, le=24 * 3600, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class Change(BaseModel):
    """A change of one line, or of two."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ChangeLine(Change):
    """What is left out stays as it is."""

    op: Literal["change"] = "change"
    id: Name
    text: Text | None = None
    source_text: Text | None = None
    speaker: Name | None = None
    start: Seconds | None = None
    end: Seconds | None = None


class AddLine(Change):
    """A line where nobody was heard."""

    op: Literal["add"] = "add"
    start: Seconds
    end: Seconds
    speaker: Name = "S1"
    text: Text
    source_text: Text = ""


class SplitLine(Change):
    """Two lines instead of one, at a moment within it; `texts` and `source_texts` are of the two."""

    op: Literal["split"] = "split"
    id: Name
    at: Seconds
    texts: tuple[Text, Text]
    source_texts: tuple[Text, Text]


class JoinLines(Change):
    """A line and the one that follows it become one."""

    op: Literal["join"] = "join"
    id: Name


class DeleteLine(Change):
    """Nobody says this any more."""

    op: Literal["delete"] = "delete"
    id: Name


class TranslateLine(Change):
    """The translator is to say it anew, from its source text and in its time."""

    op: Literal["translate"] = "translate"
    id: Name


AnyChange = Annotated[
    ChangeLine | AddLine | SplitLine | JoinLines | DeleteLine | TranslateLine, Field(discriminator="op")
]


def applied(
    lines: Lines,
    changes: Sequence[Change],
    *,
    revision: int,
    duration: float,
    texts: Mapping[str, str] | None = None,
) -> Lines:
    """The lines after all of `changes`, in their order; new lines get ids of the revision.

    `texts` are what the translator answered of the lines that were to be translated anew, by their ids.

    Raises UnknownSegmentError, UnsuitableChangeError (422), both with the change's place: then none holds.
    """
    for place, change in enumerate(changes):
        lines = in_order(_one(lines, change, f"e{revision}-{place}", place, duration, texts))
        if len(lines) > MOST_LINES:
            raise UnsuitableChangeError(place, f"a dub has at most {MOST_LINES} lines.")
    return lines


def _one(
    lines: Lines,
    change: Change,
    new_id: str,
    place: int,
    duration: float,
    texts: Mapping[str, str] | None,
) -> list[Line]:
    kept = list(lines)
    if isinstance(change, AddLine):
        made = Line(new_id, change.speaker, change.start, change.end, change.source_text, change.text)
        return [*kept, _timed(made, place, duration)]
    index = _index(kept, getattr(change, "id", ""), place)
    line = kept[index]
    match change:
        case ChangeLine():
            kept[index] = _timed(_changed(line, change), place, duration)
        case TranslateLine():
            if not line.source_text.strip():
                raise UnsuitableChangeError(place, "the line has no source text that could be translated.")
            kept[index] = line.translated(texts)
        case DeleteLine():
            del kept[index]
        case JoinLines():
            if index + 1 == len(kept):
                raise UnsuitableChangeError(place, "no line follows the one that is to be joined.")
            kept[index : index + 2] = [_joined(line, kept[index + 1])]
        case SplitLine():
            kept[index : index + 1] = _split(line, change, new_id, place)
    return kept


def _changed(line: Line, change: ChangeLine) -> Line:
    if change.text is not None and change.text != line.text:
        line = line.saying(change.text)
    if change.source_text is not None:
        line = replace(line, source_text=change.source_text)
    if change.speaker is not None:
        line = replace(line, speaker=change.speaker)
    start = line.start if change.start is None else change.start
    end = line.end if change.end is None else change.end
    return line if (start, end) == (line.start, line.end) else line.moved(start, end)


def _joined(first: Line, second: Line) -> Line:
    line = first.moved(first.start, max(first.end, second.end))
    source = f"{first.source_text} {second.source_text}".strip()
    return replace(line.saying(f"{first.text} {second.text}".strip()), source_text=source)


def _split(line: Line, change: SplitLine, new_id: str, place: int) -> list[Line]:
    if not line.start + LEAST_SECONDS <= change.at <= line.end - LEAST_SECONDS:
        raise UnsuitableChangeError(
            place,
            f"{change.at:g} s is not within the line, from {line.start:g} to {line.end:g} s.",
        )
    first = replace(line.moved(line.start, change.at), source_text=change.source_texts[0])
    second = Line(new_id, line.speaker, change.at, line.end, change.source_texts[1], change.texts[1])
    return [first.saying(change.texts[0]), second]


def _timed(line: Line, place: int, duration: float) -> Line:
    if line.end - line.start < LEAST_SECONDS:
        raise UnsuitableChangeError(place, f"a line lasts at least {LEAST_SECONDS:g} s.")
    if line.end > duration + LEAST_SECONDS:
        raise UnsuitableChangeError(place, f"the video ends at {duration:g} s.")
    return line


def _index(lines: Sequence[Line], wanted: str, place: int) -> int:
    for index, line in enumerate(lines):
        if line.id == wanted:
            return index
    raise UnknownSegmentError(place, wanted)
