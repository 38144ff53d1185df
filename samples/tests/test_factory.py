"""The videos are what their truth says, and measuring finds it without being told."""

import sys
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import pytest
from octavia_samples import measure, oddities
from octavia_samples.factory import CHEAP, make_long_video, make_speech_video, make_video_over_speech
from octavia_samples.script import SAMPLE, Line, endless
from octavia_samples.tools import ToolError, ffmpeg, run
from octavia_samples.truth import Truth

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("samples") / "short.mp4"
    return path, make_speech_video(path, SAMPLE[:4], picture=CHEAP)


def test_the_speech_lies_where_the_truth_says(short: tuple[Path, Truth]) -> None:
    path, truth = short
    heard = measure.sound(path)
    errors = measure.onset_errors(heard, [line.start for line in truth.lines])
    assert all(abs(error) < 0.03 for error in errors), errors
    assert [line.text for line in truth.lines] == [line.text for line in SAMPLE[:4]]
    for line in truth.lines:
        assert measure.level(heard, line.start, line.end) == pytest.approx(-20, abs=1.5)


def test_speech_that_was_moved_is_noticed(short: tuple[Path, Truth], tmp_path: Path) -> None:
    path, truth = short
    late = tmp_path / "late.mp4"
    ffmpeg("-i", str(path), "-c:v", "copy", "-af", "adelay=120:all=1", str(late))
    errors = measure.onset_errors(measure.sound(late), [line.start for line in truth.lines])
    assert errors == pytest.approx([0.12] * len(errors), abs=0.03)


def test_music_fills_the_pauses_25_db_below(short: tuple[Path, Truth]) -> None:
    path, truth = short
    heard = measure.sound(path)
    for start, end in truth.pauses():
        assert -52 < measure.level(heard, start + 0.05, end - 0.05) < -38


def test_without_music_the_pauses_are_silent(tmp_path: Path) -> None:
    path = tmp_path / "dry.mp4"
    truth = make_speech_video(path, SAMPLE[:2], music_db=None, picture=CHEAP)
    heard = measure.sound(path)
    spans = measure.spans_above(heard, -50, bridge=0.5)
    assert len(spans) >= 2
    for start, end in truth.pauses():
        assert measure.level(heard, start + 0.05, end - 0.05) < -65


def test_picture_and_sound_are_equally_long(short: tuple[Path, Truth]) -> None:
    path, truth = short
    [video] = measure.tracks(path, "video")
    [audio] = measure.tracks(path, "audio")
    frame = measure.frame_seconds(path)
    assert frame == 0.04
    assert video.duration == pytest.approx(truth.duration, abs=1e-3)
    assert audio.duration == pytest.approx(truth.duration, abs=frame)
    assert measure.duration(path) == pytest.approx(truth.duration, abs=frame)
    assert (video.codec, audio.codec) == ("h264", "aac")


def test_the_clock_runs(short: tuple[Path, Truth]) -> None:
    path, _ = short
    assert len({measure.picture_hash_at(path, seconds) for seconds in (1, 2, 3)}) == 3


def test_the_same_call_makes_the_same_bytes(short: tuple[Path, Truth], tmp_path: Path) -> None:
    again = tmp_path / "short.mp4"
    assert make_speech_video(again, SAMPLE[:4], picture=CHEAP) == short[1]
    assert again.read_bytes() == short[0].read_bytes()


def test_the_truth_survives_its_file(short: tuple[Path, Truth], tmp_path: Path) -> None:
    short[1].save(tmp_path / "truth.json")
    assert Truth.load(tmp_path / "truth.json") == short[1]
    assert short[1].words[:3] == ["welcome", "to", "the"]


def test_copied_packets_have_equal_digests_and_encoded_ones_do_not(
    short: tuple[Path, Truth], tmp_path: Path
) -> None:
    path, _ = short
    copied, encoded = tmp_path / "copied.mkv", tmp_path / "encoded.mp4"
    ffmpeg("-i", str(path), "-c:v", "copy", "-an", str(copied))
    ffmpeg("-i", str(path), "-c:v", "libx264", "-preset", "ultrafast", "-an", str(encoded))
    digests = measure.packet_digests(path)
    assert len(digests) == len(measure.packet_times(path)) == round(measure.duration(path) * 25)
    assert measure.packet_digests(copied) == digests
    assert measure.packet_digests(encoded) != digests


def test_loudness_follows_a_change_of_level(short: tuple[Path, Truth], tmp_path: Path) -> None:
    path, _ = short
    quieter = tmp_path / "quieter.mp4"
    ffmpeg("-i", str(path), "-c:v", "copy", "-af", "volume=-6dB", str(quieter))
    before, after = measure.loudness(path), measure.loudness(quieter)
    assert before.integrated - after.integrated == pytest.approx(6, abs=0.3)
    assert before.true_peak - after.true_peak == pytest.approx(6, abs=0.8)
    assert before.true_peak < 0


def test_subtitles_and_their_languages(short: tuple[Path, Truth], tmp_path: Path) -> None:
    words, both = tmp_path / "w.srt", tmp_path / "both.mp4"
    words.write_text(
        "1\n00:00:01,250 --> 00:00:02,500\nXin chào\n\n2\n00:00:03,000 --> 00:00:04,000\nHai\ndòng\n"
    )
    ffmpeg(
        *("-i", str(short[0]), "-i", str(words), "-map", "0", "-map", "1", "-map", "1"),
        *("-c", "copy", "-c:s", "mov_text"),
        *("-metadata:s:s:0", "language=spa", "-metadata:s:s:1", "language=vie", str(both)),
    )
    assert [track.language for track in measure.tracks(both, "subtitle")] == ["spa", "vie"]
    first, second = measure.cues(both, track=1)
    assert (first.start, first.end, first.text) == (1.25, 2.5, "Xin chào")
    assert second.text == "Hai\ndòng"


def test_a_long_video_is_as_long_as_asked_and_does_not_drift(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    truth = make_long_video(path, 90)
    assert 80 < truth.duration <= 92
    heard = measure.sound(path)
    errors = measure.onset_errors(heard, [line.start for line in truth.lines])
    assert all(abs(error) < 0.03 for error in errors), errors


def test_one_line_alone(tmp_path: Path) -> None:
    truth = make_speech_video(tmp_path / "one.mp4", [replace(SAMPLE[1], pause=0.5)], tail=0.5, picture=CHEAP)
    assert len(truth.lines) == 1
    assert truth.lines[0].start == pytest.approx(0.5, abs=0.1)


def test_real_recordings_lie_under_a_picture(tmp_path: Path) -> None:
    recording, path = tmp_path / "r.wav", tmp_path / "real.mp4"
    run(["flite", "-voice", "awb", "-t", "A voice from somewhere else.", "-o", str(recording)])
    [(start, end), (second, _)] = make_video_over_speech(path, [recording, recording])
    heard = measure.sound(path)
    assert measure.level(heard, start, end) > measure.level(heard, 0.1, start - 0.1) + 6
    assert measure.level(heard, 0.1, start - 0.1) == pytest.approx(-50, abs=1.5)
    assert second == pytest.approx(end + 1.5, abs=1e-3)


def test_lines_never_end_and_speakers_take_turns() -> None:
    lines = list(islice(endless(), 100))
    assert all(isinstance(line, Line) and 0.7 <= line.pause <= 2.0 for line in lines)
    assert {(a.speaker, b.speaker) for a, b in pairwise(lines)} == {
        ("S1", "S2"),
        ("S2", "S1"),
    }


def test_oddities(short: tuple[Path, Truth], tmp_path: Path) -> None:
    assert measure.tracks(oddities.without_sound(tmp_path / "mute.mp4"), "audio") == []
    assert measure.loudness(oddities.silent(tmp_path / "silent.mp4")).integrated <= -70
    assert -40 < measure.loudness(oddities.without_speech(tmp_path / "music.mp4")).integrated < -15
    assert oddities.empty(tmp_path / "empty.mp4").stat().st_size == 0
    assert b"\0" not in oddities.text(tmp_path / "text.mp4").read_bytes()
    assert str(short[0]) in oddities.playlist(tmp_path / "evil.mp4", short[0]).read_text()
    with pytest.raises(ToolError, match="moov atom not found"):
        measure.duration(oddities.cut_off(tmp_path / "cut.mp4", short[0]))


def test_the_script_makes_the_bundled_sample(tmp_path: Path) -> None:
    target = tmp_path / "made" / "sample.mp4"
    said = run([sys.executable, str(HERE.parent / "make_sample.py"), str(target)]).decode()
    assert str(target) in said
    truth = Truth.load(target.with_suffix(".json"))
    assert 35 < truth.duration < 50
    assert {line.speaker for line in truth.lines} == {"S1", "S2"}
    assert target.stat().st_size < 3_000_000
    assert sorted(path.name for path in target.parent.iterdir()) == ["sample.json", "sample.mp4"]
