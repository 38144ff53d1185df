"""What a probe finds in good files, and what it says about bad ones."""

import os
import subprocess
import threading
from pathlib import Path

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError, MediaError
from octavia_common.media import (
    EmptyFileError,
    ForbiddenFormatError,
    MediaKind,
    NoAudioError,
    NotMediaError,
    PictureTooLargeError,
    TruncatedMediaError,
    probe,
)

from .conftest import H264, PICTURE, TONE, make


async def test_a_video(media: Path) -> None:
    info = await probe(media / "video.mp4")
    assert info.duration_seconds == pytest.approx(6.0, abs=0.05)
    assert info.container == "mov"
    assert info.size_bytes == (media / "video.mp4").stat().st_size
    assert info.video is not None
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 320, 180)
    assert (info.video.fps, info.video.frame_rate, info.video.frames) == (25.0, "25/1", 150)
    assert info.video.time_base == "1/12800"
    [track] = info.audio
    assert (track.codec, track.channels, track.sample_rate, track.language) == ("aac", 1, 44100, None)
    assert info.require_audio() == track


async def test_languages_and_subtitles(media: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    both = tmp_path / "both.mkv"
    make("-i", str(media / "video.mkv"), "-i", str(words), "-map", "0", "-map", "1", "-c", "copy",
         "-metadata:s:s:0", "language=vie", str(both))  # fmt: skip
    info = await probe(both)
    assert [track.language for track in info.audio] == ["eng"]
    assert [(track.codec, track.language) for track in info.subtitles] == [("subrip", "vie")]


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4", "late.ts"])
async def test_a_clock_that_starts_late_is_no_fault(media: Path, tmp_path: Path, name: str) -> None:
    late = tmp_path / name
    make("-i", str(media / "video.mp4"), "-c", "copy", "-output_ts_offset", "7", str(late))
    info = await probe(late)
    assert info.duration_seconds == pytest.approx(6.0, abs=0.15)


async def test_exact_frame_rates(tmp_path: Path) -> None:
    path = tmp_path / "ntsc.mp4"
    make("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=30000/1001:duration=2", *H264, str(path))
    info = await probe(path)
    assert info.video is not None
    assert info.video.frame_rate == "30000/1001"


@pytest.mark.parametrize("name", ["sound.wav", "sound.mp3", "sound.flac", "sound.ogg", "sound.m4a"])
async def test_sound_alone(media: Path, name: str) -> None:
    info = await probe(media / name, kind=MediaKind.AUDIO)
    assert info.video is None
    assert info.duration_seconds == pytest.approx(6.0, abs=0.06)
    assert info.require_audio().sample_rate == 44100


async def test_a_cover_is_no_video(media: Path, tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.png", tmp_path / "song.mp3"
    make("-f", "lavfi", "-i", "color=red:size=64x64:duration=1", "-frames:v", "1", str(cover))
    make("-i", str(media / "sound.mp3"), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy",
         "-disposition:v", "attached_pic", str(song))  # fmt: skip
    assert (await probe(song)).video is None


async def test_a_length_that_the_container_does_not_state_is_measured(media: Path, tmp_path: Path) -> None:
    # As browsers record: a WebM without a length.
    live = tmp_path / "live.mkv"
    make("-i", str(media / "video.mkv"), "-c", "copy", "-live", "1", str(live))
    assert (await probe(live)).duration_seconds == pytest.approx(6.0, abs=0.06)


async def test_a_guessed_length_is_measured(media: Path, tmp_path: Path) -> None:
    # Without its first frame's table an MP3 of changing bit rate looks longer or shorter than it is.
    path = tmp_path / "vbr.mp3"
    make(*TONE, "-f", "lavfi", "-i", "anoisesrc=d=6:a=0.5", "-filter_complex", "[0][1]concat=n=2:v=0:a=1",
         "-q:a", "2", "-write_xing", "0", str(path))  # fmt: skip
    assert (await probe(path)).duration_seconds == pytest.approx(12.0, abs=0.1)


async def test_no_sound(media: Path) -> None:
    info = await probe(media / "mute.mp4")
    with pytest.raises(NoAudioError, match="no audio track"):
        info.require_audio()


async def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(EmptyFileError, match="empty"):
        await probe(path)


@pytest.mark.parametrize("name", ["text.mp4", "text.txt", "text.mkv", "text.wav", "text"])
async def test_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Dear diary, today I renamed a text file.\n" * 50)
    with pytest.raises((NotMediaError, ForbiddenFormatError)) as caught:
        await probe(path)
    assert caught.value.status == 422


async def test_noise(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(os.urandom(100_000))
    with pytest.raises(MediaError):
        await probe(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("name", ["video.mp4", "fast.mp4"])
async def test_a_torso_of_an_mp4(media: Path, tmp_path: Path, name: str, share: float) -> None:
    whole = (media / name).read_bytes()
    path = tmp_path / "torso.mp4"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(TruncatedMediaError, match="cut off"):
        await probe(path)


@pytest.mark.parametrize("name", ["video.mkv", "sound.wav", "sound.flac"])
async def test_half_of_other_containers(media: Path, tmp_path: Path, name: str) -> None:
    whole = (media / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TruncatedMediaError):
        await probe(path)


async def test_something_after_the_end_is_no_fault(media: Path, tmp_path: Path) -> None:
    path = tmp_path / "tail.mp4"
    path.write_bytes((media / "video.mp4").read_bytes() + b"\0" * 300)
    assert (await probe(path)).duration_seconds == pytest.approx(6.0, abs=0.05)


async def test_tracks_of_unequal_length_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "unequal.mp4"
    make(*PICTURE, "-f", "lavfi", "-i", "sine=duration=1", *H264, "-c:a", "aac", str(path))
    assert (await probe(path)).duration_seconds == pytest.approx(6.0, abs=0.05)


async def test_a_picture_of_too_many_pixels(media: Path) -> None:
    with pytest.raises(PictureTooLargeError, match="scale it down"):
        await probe(media / "bomb.mp4")


async def test_too_many_pixels_where_only_the_picture_itself_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bomb.avi"
    black = ("-f", "lavfi", "-i", "color=black:size=9000x9000:rate=1:duration=1")
    make(*black, "-c:v", "mjpeg", "-q:v", "31", "-pix_fmt", "yuvj420p", str(path))
    with pytest.raises(PictureTooLargeError, match="scale it down"):
        await probe(path)


def hls(target: Path) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{target}\n#EXT-X-ENDLIST\n"


def concat(target: Path) -> str:
    return f"ffconcat version 1.0\nfile '{target}'\n"


class Watch:
    """Notices whether anybody opens a named pipe for reading: only then can it be opened for writing."""

    def __init__(self, pipe: Path) -> None:
        self.opened = False
        self._pipe = pipe
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._stop.wait(0.001):
            try:
                os.close(os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            self.opened = True
            return

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("kind", [MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.IMAGE, MediaKind.SUBTITLE])
@pytest.mark.parametrize("text", [hls, concat])
async def test_a_playlist_opens_nothing(tmp_path: Path, text: object, kind: MediaKind) -> None:
    secret, evil = tmp_path / "secret.ts", tmp_path / "evil.mp4"
    os.mkfifo(secret)
    evil.write_text(text(secret))  # type: ignore[operator]
    with Watch(secret) as watch, pytest.raises(ForbiddenFormatError, match="playlist"):
        await probe(evil, kind=kind)
    assert not watch.opened


def test_the_watch_above_would_notice(tmp_path: Path) -> None:
    secret, evil = tmp_path / "secret.ts", tmp_path / "evil.mp4"
    os.mkfifo(secret)
    evil.write_text(hls(secret))
    with Watch(secret) as watch:
        subprocess.run(
            ["ffprobe", "-v", "quiet", "-protocol_whitelist", "file,pipe", "-i", f"file:{evil}"],
            timeout=60,
            check=False,
        )
    assert watch.opened


async def test_pictures_and_subtitles_are_opened_as_what_they_are(media: Path, tmp_path: Path) -> None:
    picture, words = tmp_path / "p.png", tmp_path / "w.srt"
    make("-f", "lavfi", "-i", "color=red:size=64x32:duration=1", "-frames:v", "1", str(picture))
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    image = await probe(picture, kind=MediaKind.IMAGE)
    assert image.video is not None
    assert (image.video.width, image.video.height) == (64, 32)
    assert [track.codec for track in (await probe(words, kind=MediaKind.SUBTITLE)).subtitles] == ["subrip"]
    with pytest.raises(ForbiddenFormatError):
        await probe(media / "video.mp4", kind=MediaKind.IMAGE)
    with pytest.raises(ForbiddenFormatError):
        await probe(picture, kind=MediaKind.VIDEO)


async def test_nobody_waits_for_a_cancelled_job(media: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(JobCancelledError):
        await probe(media / "video.mp4", cancel=cancel)
