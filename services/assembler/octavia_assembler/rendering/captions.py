"""Subtitles of both languages, as cues and as the files that go into the output's tracks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from octavia_common.documents import PlacedSegment
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.timing import SpokenText, make_cues
from octavia_subtitles.writing import to_srt, to_vtt

from octavia_assembler.rendering.containers import Container
from octavia_assembler.rendering.media import SubtitleTrack
from octavia_assembler.rendering.renderer import Assembly

Cues = Mapping[str, tuple[Cue, ...]]


def make_captions(
    assembly: Assembly, segments: Sequence[PlacedSegment], frame_rate: float | None, total_seconds: float
) -> Cues:
    """Cues of the source's language, timed to its speech, and of the target's, timed to the dub."""
    rules = Rules.for_frame_rate(frame_rate)
    said = [SpokenText(each.start, each.end, each.source_text, each.speaker) for each in segments]
    dubbed = [SpokenText(each.placed_start, each.placed_end, each.text, each.speaker) for each in segments]
    return {
        assembly.source_language: make_cues(said, rules, total_seconds),
        assembly.target_language: make_cues(dubbed, rules, total_seconds),
    }


def write_tracks(folder: Path, cues: Cues, container: Container) -> tuple[SubtitleTrack, ...]:
    """The files that ffmpeg muxes from, in `folder`; none where the container has no room for them.

    SubRip, whose text ffmpeg carries over unchanged into all but WebM; but ffmpeg takes an empty
    SubRip file for damage, so a track without cues comes from WebVTT.
    """
    if container.subtitle_codec is None:
        return ()
    tracks: list[SubtitleTrack] = []
    for number, (language, own) in enumerate(cues.items()):
        as_vtt = container.subtitle_codec == "webvtt" or not own
        path = folder / f"subtitles{number}.{'vtt' if as_vtt else 'srt'}"
        path.write_text(to_vtt(own) if as_vtt else to_srt(own), encoding="utf-8")
        tracks.append(SubtitleTrack(path, language))
    return tuple(tracks)
