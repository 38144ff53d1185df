"""Sound alone: the dub's, its voice, and the source's without its speech."""

from typing import Any

import numpy as np
import pytest
import soundfile
from octavia_assembler.exporting.order import ExportImpossibleError
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.cancellation import CancelToken
from octavia_common.events import ExportKind
from octavia_samples.measure import level, onset_errors, packet_digests, sound, tracks


@pytest.mark.parametrize(
    ("container", "codec"),
    [("m4a", "aac"), ("mp3", "mp3"), ("flac", "flac"), ("wav", "pcm_s16le"), ("ogg", "opus")],
)
async def test_the_sound_of_a_dub_comes_alone_in_every_form(
    container: str, codec: str, bench: Any, exports: Any, talk: Any
) -> None:
    made = await bench.dub(talk)
    path = (await exports.make(made, ExportKind.AUDIO, container)).path
    assert [track.codec for track in tracks(path, "audio")] == [codec]
    assert not tracks(path, "video")
    starts = [line.start for line in talk.truth.lines]
    assert all(abs(error) <= 0.05 for error in onset_errors(sound(path), starts))
    if codec == "aac":
        assert packet_digests(path, "a:0") == packet_digests(made.media, "a:0")


async def test_speech_alone_is_silent_where_nobody_speaks(bench: Any, exports: Any, talk: Any) -> None:
    made = await bench.dub(talk)
    path = (await exports.make(made, ExportKind.SPEECH, "flac")).path
    heard, lines = sound(path), talk.truth.lines
    for line in made.result.segments:
        assert level(heard, line.placed_start + 0.1, line.placed_end - 0.1) > -40
    assert level(heard, lines[1].end + 0.5, lines[2].start - 0.1) < -80, "the music is not in it"
    assert (await exports.make(made, ExportKind.SPEECH, "mp3")).path.stat().st_size > 0


async def test_the_ducked_bed_is_the_source_where_nobody_speaks_and_low_under_speech(
    bench: Any, exports: Any, talk: Any
) -> None:
    made = await bench.dub(talk)
    path = (await exports.make(made, ExportKind.BACKGROUND, "wav")).path
    bed, source, lines = sound(path), sound(talk.path), talk.truth.lines
    pause = (lines[1].end + 0.6, lines[2].start - 0.2)
    assert level(bed, *pause) == pytest.approx(level(source, *pause), abs=0.1)
    for line in lines:
        assert (
            level(source, line.start + 0.1, line.end - 0.1) - level(bed, line.start + 0.1, line.end - 0.1)
            > 25
        )


class Known(Separator):
    """Knows the voice: whatever is above the quiet music."""

    name, version = "known", "1"

    def work(self, request: SeparationRequest, cancel: CancelToken) -> None:
        mixed = np.fromfile(request.sound, dtype="<f4").reshape(-1, 2)
        voice = np.zeros_like(mixed)
        for region in request.regions:
            voice[region.start : region.end] = mixed[region.start : region.end] * 0.75
        voice.tofile(request.voice)


async def test_with_a_separator_only_the_voice_goes(bench: Any, exports: Any, talk: Any) -> None:
    made, separator = await bench.dub(talk), Known()
    await separator.start()
    path = (await exports.make(made, ExportKind.BACKGROUND, "wav", separator=separator)).path
    await separator.close()
    line = talk.truth.lines[0]
    heard, _ = soundfile.read(path)
    source = sound(talk.path, rate=SAMPLE_RATE)
    first, last = (round(moment * SAMPLE_RATE) for moment in (line.start + 0.1, line.end - 0.1))
    kept = np.sqrt(np.mean(heard[first:last].mean(axis=1) ** 2) / np.mean(source[first:last] ** 2))
    assert kept == pytest.approx(1 - 0.75 * (1 - 10 ** (-30 / 20)), abs=0.01)


async def test_where_nobody_speaks_there_is_no_voice(bench: Any, exports: Any, talk: Any) -> None:
    made = await bench.dub(talk, segments=[])
    with pytest.raises(ExportImpossibleError, match="Nobody speaks"):
        await exports.make(made, ExportKind.SPEECH, "flac")
    path = (await exports.make(made, ExportKind.BACKGROUND, "flac")).path
    assert level(sound(path), 1, 8) == pytest.approx(level(sound(talk.path), 1, 8), abs=0.1)
