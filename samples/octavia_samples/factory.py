"""Making videos: lines are laid on a timeline, music under them, a running clock above."""

import tempfile
import wave
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from octavia_samples.music import loop
from octavia_samples.script import VOICES, Line, endless
from octavia_samples.tools import ffmpeg
from octavia_samples.truth import SpokenLine, Truth
from octavia_samples.voices import RATE, SPEECH_RMS, Sound, decode_file, speak

_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
_EXACT = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
"""No dates and versions in the file: the same call makes the same bytes on one machine."""


@dataclass(frozen=True)
class Picture:
    """How a video looks. `preset` and `quality` are x264's; None for no picture at all."""

    width: int = 640
    height: int = 360
    rate: str = "25"
    preset: str = "veryfast"
    quality: int = 30


CHEAP = Picture(width=160, height=90, preset="ultrafast", quality=40)
"""For long videos in tests."""


def make_speech_video(
    path: Path,
    lines: Iterable[Line],
    *,
    music_db: float | None = -25.0,
    tail: float = 1.5,
    picture: Picture | None = None,
    voices: dict[str, str] | None = None,
    audio_track: Sequence[str] = ("-c:a", "aac", "-b:a", "128k"),
) -> Truth:
    """A video in which `lines` are spoken by flite; returns when each can be heard.

    `music_db` is the level of the music relative to the speech (None for none), `tail` the seconds after the
    last line. The container follows the path's suffix. Memory stays flat in the number of lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        track = Path(folder) / "speech.wav"
        truth = _lay_out(track, lines, music_db, tail, voices or VOICES)
        put_under_picture(path, track, truth.duration, picture=picture, audio_track=audio_track)
    return truth


def make_long_video(
    path: Path, seconds: float, *, music_db: float | None = -25.0, picture: Picture = CHEAP
) -> Truth:
    """A video of about this many seconds, full of speech, whose truth is known."""
    position = 0.0

    def fits(line: Line) -> bool:
        nonlocal position
        position += line.pause + len(speak(line.text, VOICES[line.speaker]).sound) / RATE
        return bool(position < seconds - 1.5)

    return make_speech_video(path, takewhile(fits, endless()), music_db=music_db, picture=picture)


def make_video_over_speech(
    path: Path,
    recordings: Sequence[Path],
    *,
    pause: float = 1.5,
    tone_db: float = -30.0,
    picture: Picture = CHEAP,
) -> list[tuple[float, float]]:
    """A video with real recordings one after another under a picture, and a quiet tone under them.

    Returns between which seconds each recording lies (it may have silence of its own at its edges).
    `tone_db` is the tone's level relative to -20 dBFS.
    """
    spans: list[tuple[float, float]] = []
    pieces: list[Sound] = []
    position = 0
    for recording in recordings:
        sound = decode_file(recording)
        pieces += [np.zeros(int(pause * RATE), np.float32), sound]
        position += int(pause * RATE)
        spans.append((position / RATE, (position + len(sound)) / RATE))
        position += len(sound)
    pieces.append(np.zeros(int(pause * RATE), np.float32))
    mixed = np.concatenate(pieces)
    level = SPEECH_RMS * 10 ** (tone_db / 20) * np.sqrt(2)
    mixed = mixed + (level * np.sin(2 * np.pi * 440 * np.arange(len(mixed)) / RATE)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        track = Path(folder) / "speech.wav"
        with _writer(track) as out:
            out.writeframes(_pcm(mixed))
        put_under_picture(path, track, len(mixed) / RATE, picture=picture)
    return spans


def put_under_picture(
    path: Path,
    track: Path,
    duration: float,
    *,
    picture: Picture | None = None,
    audio_track: Sequence[str] = ("-c:a", "aac", "-b:a", "128k"),
) -> None:
    """Encode a moving picture with a running clock, `duration` seconds long, with a sound track."""
    look = picture or Picture()
    clock = (
        f"drawtext=fontfile={_FONT}:text='%{{pts\\:hms}}':x=(w-tw)/2:y=h*0.72:fontsize=h/8:fontcolor=white"
        ":box=1:boxcolor=black@0.6:boxborderw=6"
    )
    ffmpeg(
        *(
            "-f",
            "lavfi",
            "-i",
            f"testsrc2=size={look.width}x{look.height}:rate={look.rate}:duration={duration:.6f}",
        ),
        *("-i", str(track), "-map", "0:v", "-map", "1:a", "-vf", f"{clock},format=yuv420p"),
        *("-c:v", "libx264", "-preset", look.preset, "-crf", str(look.quality)),
        *("-g", "50", *audio_track, *_EXACT, str(path)),
    )


def _lay_out(
    track: Path, lines: Iterable[Line], music_db: float | None, tail: float, voices: dict[str, str]
) -> Truth:
    """Write the whole sound track piece by piece, a whole number of frames of 25 fps long."""
    spoken: list[SpokenLine] = []
    music = None if music_db is None else loop() * np.float32(SPEECH_RMS * 10 ** (music_db / 20))
    position = 0
    with _writer(track) as out:

        def put(sound: Sound) -> None:
            nonlocal position
            if music is not None:
                under = np.take(music, np.arange(position, position + len(sound)), mode="wrap")
                sound = sound + under
            out.writeframes(_pcm(sound))
            position += len(sound)

        for line in lines:
            put(np.zeros(round(line.pause * RATE), np.float32))
            utterance = speak(line.text, voices[line.speaker])
            start, end = position + utterance.onset, position + utterance.end
            put(utterance.sound)
            spoken.append(SpokenLine(line.speaker, line.text, round(start / RATE, 4), round(end / RATE, 4)))
        total = position + round(tail * RATE)
        put(np.zeros(-(-total // 1920) * 1920 - position, np.float32))
    return Truth(position / RATE, "en", tuple(spoken))


@contextmanager
def _writer(path: Path) -> Iterator[wave.Wave_write]:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        yield out


def _pcm(sound: Sound) -> bytes:
    both = np.repeat(np.clip(sound, -1, 1)[:, None], 2, axis=1)
    return bytes((both * 32767).round().astype("<i2").tobytes())
