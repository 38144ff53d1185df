"""Files that are not what a user means to send, for tests."""

from pathlib import Path

from octavia_samples.tools import ffmpeg

_PICTURE = "testsrc2=size=160x90:rate=25"
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def without_sound(path: Path, seconds: float = 5.0) -> Path:
    """A video that has no audio track."""
    ffmpeg("-f", "lavfi", "-i", f"{_PICTURE}:duration={seconds}", *_X264, str(path))
    return path


def without_speech(path: Path, seconds: float = 8.0) -> Path:
    """A video with a soft chord and nobody who speaks."""
    chord = "+".join(f"0.04*sin(2*PI*{hertz}*t)" for hertz in (220, 277.18, 329.63))
    ffmpeg(
        *("-f", "lavfi", "-i", f"{_PICTURE}:duration={seconds}"),
        *("-f", "lavfi", "-i", f"aevalsrc='{chord}':s=48000:d={seconds}"),
        *(*_X264, "-c:a", "aac", str(path)),
    )
    return path


def silent(path: Path, seconds: float = 8.0) -> Path:
    """A video whose audio track is digital silence."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"{_PICTURE}:duration={seconds}"),
        *("-f", "lavfi", "-i", f"anullsrc=r=48000:cl=stereo:d={seconds}"),
        *(*_X264, "-c:a", "aac", str(path)),
    )
    return path


def empty(path: Path) -> Path:
    """A file of no bytes."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """Prose, whatever it is called."""
    path.write_text("This is not a video. It only bears the name of one.\n" * 40)
    return path


def cut_off(path: Path, whole: Path, share: float = 0.6) -> Path:
    """The beginning of another file."""
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def playlist(path: Path, target: Path) -> Path:
    """An HLS playlist that points at another local file."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{target}\n#EXT-X-ENDLIST\n")
    return path


def too_many_pixels(path: Path, width: int = 16_000, height: int = 16_000) -> Path:
    """A small file with an enormous picture (and a tone). Making it takes about 1.5 GB."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"color=size={width}x{height}:rate=1:duration=1"),
        *("-f", "lavfi", "-i", "sine=duration=1", *_X264, "-c:a", "aac", str(path)),
    )
    return path
