"""The subtitles of one language: cut for reading, or a stranger's file told in other words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from octavia_common.documents import PlacedSegment, TranslatedSegment
from octavia_subtitles.reading import Form, SubtitleFile
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.sentences import cues_of, says_something
from octavia_subtitles.spreading import Lines, spread
from octavia_subtitles.substation import ASS_TYPE
from octavia_subtitles.timing import SpokenText, make_cues
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE, to_srt

from octavia_assembler.subtitling.moving import moved

TYPES: Mapping[Form, str] = {
    Form.SRT: SRT_TYPE,
    Form.VTT: VTT_TYPE,
    Form.ASS: ASS_TYPE,
    Form.SSA: ASS_TYPE,
}
NO_SPEECH = "Nobody speaks in it, so its subtitles are empty."


@dataclass(frozen=True)
class Writing:
    """What is to be written: all lines of a source of so many seconds, in one target language."""

    source_language: str
    target_language: str
    seconds: float
    segments: tuple[TranslatedSegment, ...]
    frame_rate: float | None = None


@dataclass(frozen=True)
class Written:
    """The file of one language, and the subtitles of both as cues."""

    media: bytes
    media_type: str
    cues: Mapping[str, tuple[Cue, ...]]
    segments: tuple[PlacedSegment, ...]
    seconds: float
    notes: tuple[str, ...] = ()


def subtitled(writing: Writing) -> Written:
    """Subtitles cut for reading, timed to what the source says. A SubRip file."""
    rules = Rules.for_frame_rate(writing.frame_rate)
    said = [SpokenText(each.start, each.end, each.source_text, each.speaker) for each in writing.segments]
    told = [SpokenText(each.start, each.end, each.text, each.speaker) for each in writing.segments]
    cues = {
        writing.source_language: make_cues(said, rules, writing.seconds),
        # Last, so that where it is the source's own language an edited line is what is shown.
        writing.target_language: make_cues(told, rules, writing.seconds),
    }
    return Written(
        media=to_srt(cues[writing.target_language]).encode(),
        media_type=SRT_TYPE,
        cues=cues,
        segments=tuple(map(placed, writing.segments)),
        seconds=writing.seconds,
        notes=tuple(_notes(writing)),
    )


def retold(file: SubtitleFile, writing: Writing) -> Written:
    """The same file in other words: its numbers and styling are its own, its encoding is UTF-8. So are its
    times, but where those of a line were changed."""
    rules = Rules.for_frame_rate(writing.frame_rate)
    own = allotted(file.cues, writing.segments)
    moves = moved(file.cues, own, writing.segments, seconds=writing.seconds, tick_ms=file.form.tick_ms)
    timed = [moves.get(number, cue) for number, cue in enumerate(file.cues)]
    lines: list[Lines] = [() if says_something(cue) else cue.lines for cue in file.cues]
    for segment, numbers in zip(writing.segments, own, strict=True):
        on = [timed[number] for number in numbers]
        for number, said in zip(numbers, spread(segment.text, on, rules), strict=True):
            lines[number] = (*lines[number], *said)
    cues = tuple(replace(cue, lines=said) for cue, said in zip(timed, lines, strict=True))
    homeless = sum(
        bool(segment.text.strip()) and not on for segment, on in zip(writing.segments, own, strict=True)
    )
    return Written(
        media=file.retold(lines, moves).encode(),
        media_type=TYPES[file.form],
        cues={writing.source_language: file.cues, writing.target_language: cues},
        segments=tuple(map(placed, writing.segments)),
        seconds=writing.seconds,
        notes=(
            *_notes(writing),
            *([f"The file has no subtitle where {_count(homeless)} would be shown."] if homeless else ()),
        ),
    )


def allotted(cues: Sequence[Cue], segments: Sequence[TranslatedSegment]) -> list[list[int]]:
    """The numbers of the cues that each segment is put on; every cue that says something is of one at most.

    A segment has the cues that its name tells of, as far as it still lies over them; those that no name
    claims, because people split or joined their lines, go to the segment that lies over their middle.
    """
    own: list[list[int]] = [[] for _ in segments]
    free = {number for number, cue in enumerate(cues) if says_something(cue)}
    for place, segment in enumerate(segments):
        named = [number for number in cues_of(segment.id) if number in free]
        over = [number for number in named if _lies_over(segment, cues[number])]
        own[place] = over or named
        free -= set(own[place])
    for number in sorted(free):
        over_it = [p for p, segment in enumerate(segments) if _lies_over(segment, cues[number])]
        if over_it:
            own[over_it[0]] = sorted({*own[over_it[0]], number})
    return own


def _lies_over(segment: TranslatedSegment, cue: Cue) -> bool:
    middle = (cue.start_ms + cue.end_ms) / 2000
    return segment.start <= middle <= segment.end


def placed(segment: TranslatedSegment) -> PlacedSegment:
    """A line where the source says it: nothing was spoken."""
    return PlacedSegment(
        **dict(segment),
        audio=None,
        duration=max(segment.end - segment.start, 0.0),
        rate=1.0,
        placed_start=segment.start,
        placed_end=segment.end,
    )


def _notes(writing: Writing) -> Iterator[str]:
    if not writing.segments:
        yield NO_SPEECH
    missing = sum("untranslated" in segment.flags for segment in writing.segments)
    if missing:
        yield f"{_count(missing)} could not be translated; the subtitles are empty there."


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
