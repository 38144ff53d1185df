"""The set that dubbing is judged on: what makes it hard, each in a short video whose truth is known."""

import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from octavia_samples.factory import CHEAP, put_under_picture
from octavia_samples.music import loop
from octavia_samples.tools import run
from octavia_samples.truth import SpokenLine, Truth
from octavia_samples.voices import RATE, SPEECH_RMS, Sound, decode_file, rms, speak

FRAME = RATE // 25
LAUGHTER_DB = -8.0
"""Of laughter against speech: it is heard, and does not drown what is said."""


@dataclass(frozen=True)
class Said:
    """A line of `voice`, `pause` seconds after the one before; `slowness` as flite stretches durations.

    Somebody laughs into its end where `laughed_at` is set.
    """

    voice: str
    text: str
    pause: float
    slowness: float = 1.0
    laughed_at: bool = False


@dataclass(frozen=True)
class Scene:
    """One video of the set; `music_db` is the level of the music against the speech, None for none."""

    name: str
    lines: tuple[Said, ...]
    music_db: float | None = None


SET: tuple[Scene, ...] = (
    Scene(
        "two speakers over music",
        (
            Said("slt", "Welcome to the history museum. How can I help you?", 1.0),
            Said("rms", "Thank you. We would like to see the old paintings first.", 0.8),
            Said("slt", "They are on the second floor, next to the big window.", 0.7),
            Said("rms", "How many people work here every day?", 1.2),
            Said("slt", "More than thirty, and all of them can speak English and French.", 0.9),
        ),
        music_db=-22.0,
    ),
    Scene(
        "laughter into the lines",
        (
            Said("rms", "My brother works in a small hospital near the station.", 0.8, laughed_at=True),
            Said("slt", "The dog was sleeping under the table all afternoon.", 0.6),
            Said("rms", "Nobody knew the name of the old man.", 0.7, laughed_at=True),
            Said("slt", "He closed the door and turned off the light.", 0.9, laughed_at=True),
        ),
    ),
    Scene(
        "pauses of all lengths",
        (
            Said("slt", "The river was high after three days of rain.", 0.3),
            Said("slt", "We decided to leave the house early in the morning.", 0.2),
            Said("slt", "The train to the city leaves in ten minutes.", 0.45),
            Said("slt", "She wrote a long letter to her mother last week.", 3.0),
            Said("slt", "They built the bridge more than a hundred years ago.", 7.0),
        ),
        music_db=-28.0,
    ),
    Scene(
        "a fast talker",
        (
            Said("rms", "The teacher asked the students to open the book.", 0.6, 0.75),
            Said("rms", "Every summer they travel to the mountains with their friends.", 0.35, 0.75),
            Said("rms", "The children were playing in the garden behind the church.", 0.3, 0.75),
            Said("rms", "You can find the answer at the end of the lesson.", 0.5, 0.75),
        ),
    ),
    Scene(
        "a slow talker",
        (
            Said("slt", "The new road will connect the two villages.", 0.9, 1.45),
            Said("slt", "Our company wants to open another office next year.", 1.2, 1.45),
            Said("slt", "The doctor said that he must stay in bed for a month.", 1.0, 1.45),
        ),
        music_db=-25.0,
    ),
)


def make_scene(path: Path, scene: Scene) -> Truth:
    """Write the video of a scene; returns when each of its lines can be heard."""
    parts: list[Sound] = []
    laughs: list[tuple[int, Sound]] = []
    spoken: list[SpokenLine] = []
    position = 0
    for line in scene.lines:
        pause = round(line.pause * RATE)
        sound, onset, end = _said(line)
        parts += [np.zeros(pause, np.float32), sound]
        begins = position + pause
        spoken.append(
            SpokenLine(
                line.voice,
                line.text,
                round((begins + onset) / RATE, 4),
                round((begins + end) / RATE, 4),
            )
        )
        position = begins + len(sound)
        if line.laughed_at:
            laughter = speak("ha ha ha ha ha.", "kal16").sound * np.float32(10 ** (LAUGHTER_DB / 20))
            laughs.append((max(0, position - len(laughter) // 2), laughter))
    total = -(-(position + round(1.5 * RATE)) // FRAME) * FRAME
    track = np.zeros(total, np.float32)
    track[:position] = np.concatenate(parts)
    for begins, laughter in laughs:
        heard = laughter[: total - begins]
        track[begins : begins + len(heard)] += heard
    if scene.music_db is not None:
        level = np.float32(SPEECH_RMS * 10 ** (scene.music_db / 20))
        track += level * np.take(loop(), np.arange(total), mode="wrap")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "track.wav"
        with wave.open(str(wav), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes((np.clip(track, -1, 1) * 32767).round().astype("<i2").tobytes())
        put_under_picture(
            path, wav, total / RATE, picture=CHEAP, audio_track=("-ac", "2", "-c:a", "aac", "-b:a", "128k")
        )
    return Truth(total / RATE, "en", tuple(spoken))


def _said(line: Said) -> tuple[Sound, int, int]:
    """The sound of a line, and the samples between which it can be heard."""
    utterance = speak(line.text, line.voice)
    if line.slowness == 1.0:
        return utterance.sound, utterance.onset, utterance.end
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        how: Sequence[str] = ("--setf", f"duration_stretch={line.slowness}")
        run(["flite", "-voice", line.voice, *how, "-t", line.text, "-o", str(path)])
        sound = decode_file(path)
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    sound = sound[loud[0] : loud[-1] + 1] * np.float32(SPEECH_RMS / max(rms(sound), 1e-9))
    return np.clip(sound, -0.95, 0.95), 0, len(sound)
