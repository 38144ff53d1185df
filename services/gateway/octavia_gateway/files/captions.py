"""Subtitles of a result in forms that are not kept: made when they are asked for, from what is."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import ChunkPlan, DubResult, Subtitles
from octavia_subtitles.reading import UnreadableSubtitlesError, read
from octavia_subtitles.rules import Cue, Rules, Violation, validate
from octavia_subtitles.substation import ASS_TYPE, to_ass
from octavia_subtitles.timing import SpokenText, make_cues
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE, to_srt, to_vtt


class SubtitleForm(StrEnum):
    """How subtitles are written."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"

    @property
    def media_type(self) -> str:
        """Its name on the wire."""
        return {SubtitleForm.SRT: SRT_TYPE, SubtitleForm.VTT: VTT_TYPE, SubtitleForm.ASS: ASS_TYPE}[self]

    def write(self, cues: Sequence[Cue]) -> str:
        """The file that holds these cues."""
        return {SubtitleForm.SRT: to_srt, SubtitleForm.VTT: to_vtt, SubtitleForm.ASS: to_ass}[self](cues)


async def restyled(store: ArtifactStore, track: Subtitles, form: SubtitleForm) -> bytes:
    """A track that is kept, in another form. Raises ArtifactMissingError where it is gone."""
    kept = await store.read(track.srt)

    def rewrite() -> bytes:
        try:
            cues = read(kept).cues
        except UnreadableSubtitlesError:  # what nobody spoke in has no cues
            cues = ()
        return form.write(cues).encode()

    return await asyncio.to_thread(rewrite)


async def checked(
    store: ArtifactStore, document: DubResult, track: Subtitles
) -> tuple[Sequence[Cue], Sequence[Violation], Rules]:
    """The cues of a track, everything that is wrong with them, and the rules of its picture.

    Raises ArtifactMissingError where it is gone.
    """
    kept = await store.read(track.srt)
    frame_rate = None
    if document.plan is not None:
        frame_rate = (await store.read_document(document.plan, ChunkPlan)).frame_rate
    rules = Rules.for_frame_rate(frame_rate)

    def check() -> tuple[Sequence[Cue], Sequence[Violation], Rules]:
        try:
            cues = read(kept).cues
        except UnreadableSubtitlesError:  # what nobody spoke in has no cues
            cues = ()
        return cues, tuple(validate(cues, rules)), rules

    return await asyncio.to_thread(check)


async def bilingual(document: DubResult, language: str, form: SubtitleForm) -> bytes:
    """The subtitles in `language`, with the same in the other of source and target below.

    They are timed to what is heard: the dub for the target's, the source's speech for the source's.
    """

    def make() -> bytes:
        of_source = language == document.source_language
        said = [
            SpokenText(line.start, line.end, line.source_text, line.speaker, line.text)
            if of_source
            else SpokenText(line.placed_start, line.placed_end, line.text, line.speaker, line.source_text)
            for line in document.segments
        ]
        return form.write(make_cues(said, Rules(), document.duration_seconds)).encode()

    return await asyncio.to_thread(make)
