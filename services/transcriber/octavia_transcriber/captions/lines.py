"""From cues to the lines of a job, and from lines to chunks. Pure; times are seconds of the source."""

from collections.abc import Sequence
from dataclasses import dataclass

from octavia_common.documents import Segment, SpeechRegion
from octavia_common.events import ChunkRef
from octavia_subtitles.rules import Cue
from octavia_subtitles.sentences import Passage, passages

VERSION = "1"
"""Of these rules, part of the keys of what is made by them: change it when they change."""

MOST_SPOKEN_SECONDS = 9.0
"""A line that is dubbed is no longer (DESIGN: about 1.5 to 9 s)."""

MOST_WRITTEN_SECONDS = 30.0
"""A line that is only written may be as long as a sentence is."""

BREATH_SECONDS = 0.05
"""Kept free before the next line's speech."""

CHUNK_SECONDS = 30.0
MOST_CHUNK_SECONDS = 45.0
"""From the first on a chunk ends at the next pause, from the second on wherever a line ends."""

PAUSE_SECONDS = 1.0
MOST_LINES = 40
"""Of one chunk: what is asked of a translator at once."""


@dataclass(frozen=True)
class GivenChunk:
    """A chunk and its lines, in order."""

    chunk: ChunkRef
    segments: tuple[Segment, ...]


def lines_of(
    cues: Sequence[Cue], *, seconds: float, spoken: bool, voices: Sequence[SpeechRegion] = ()
) -> tuple[Segment, ...]:
    """The lines of a source of so many seconds, by when they begin. What lies behind its end is left out.

    `voices` tells who speaks when: a line is of whoever speaks most of it. What is not `spoken` is shown as
    long as its subtitles are, and no longer.
    """
    most = MOST_SPOKEN_SECONDS if spoken else MOST_WRITTEN_SECONDS
    ordered = sorted(
        (each for each in passages(cues, most_ms=round(most * 1000)) if each.start_ms < seconds * 1000),
        key=lambda each: (each.start_ms, each.first),
    )
    starts = [each.start_ms / 1000 for each in ordered] + [seconds + BREATH_SECONDS]
    return tuple(
        _segment(passage, following=starts[place + 1] if spoken else None, seconds=seconds, voices=voices)
        for place, passage in enumerate(ordered)
    )


def _segment(
    passage: Passage, *, following: float | None, seconds: float, voices: Sequence[SpeechRegion]
) -> Segment:
    start = passage.start_ms / 1000
    end = max(min(passage.end_ms / 1000, seconds), start)
    return Segment(
        id=passage.id,
        speaker=_speaker(start, end, voices),
        start=start,
        end=end,
        slot_end=end if following is None else max(following - BREATH_SECONDS, start),
        text=passage.text,
    )


def _speaker(start: float, end: float, voices: Sequence[SpeechRegion]) -> str:
    shares: dict[str, float] = {}
    for voice in voices:
        shared = min(end, voice.end) - max(start, voice.start)
        if shared > 0:
            shares[voice.speaker] = shares.get(voice.speaker, 0.0) + shared
    return max(sorted(shares), key=lambda name: shares[name], default="S1")


def chunks_of(segments: Sequence[Segment], *, seconds: float) -> tuple[GivenChunk, ...]:
    """Chunks of about `CHUNK_SECONDS`, cut where nobody speaks."""
    groups: list[list[Segment]] = []
    for segment in segments:
        if groups and not _is_full(groups[-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    starts = [group[0].start for group in groups] + [seconds]
    return tuple(
        GivenChunk(
            ChunkRef(
                index=index,
                total=len(groups),
                start=group[0].start,
                end=max(segment.end for segment in group),
                next_speech_start=max(starts[index + 1], group[0].start),
            ),
            tuple(group),
        )
        for index, group in enumerate(groups)
    )


def _is_full(group: Sequence[Segment], following: Segment) -> bool:
    long = following.start - group[0].start
    pause = following.start - max(segment.end for segment in group)
    if len(group) >= MOST_LINES or long >= MOST_CHUNK_SECONDS:
        return True
    return long >= CHUNK_SECONDS and pause >= PAUSE_SECONDS
