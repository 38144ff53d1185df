"""Sound for the tests: real synthetic voices, chords, and media files made of them."""

import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest
from numpy.typing import NDArray
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.events import JobKind, JobRef, JobSpec, hold_id_of
from octavia_common.messaging.handlers import Work

RATE = 16_000
NAMESPACE = UUID("6f1c0f64-7b8a-4a55-9a52-5b1f0c1d2e3f")
Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Talk:
    """Sound, and where in it somebody really speaks (seconds)."""

    sound: Samples
    spoken: tuple[tuple[float, float], ...]
    text: str

    @property
    def pcm(self) -> NDArray[np.int16]:
        return to_pcm(self.sound)


LINES = (
    ("slt", "Good morning, and welcome to the show.", 1.0),
    ("rms", "Thank you very much, it is good to be here.", 0.8),
    ("slt", "Today we want to talk about the history of the city and its people.", 0.6),
    ("rms", "Most of the families came here to work in the market.", 1.5),
    ("awb", "Almost half a million, and the number is growing every year.", 1.2),
)


def to_pcm(sound: Samples) -> NDArray[np.int16]:
    return np.asarray(np.clip(sound, -1, 1) * 32_767, np.int16)


def voice(name: str, text: str, folder: Path) -> Samples:
    """A sentence of a flite voice between the first and last 5 ms within 25 dB of its level."""
    path = folder / f"{name}-{abs(hash(text))}.wav"
    subprocess.run(["flite", "-voice", name, "-t", text, "-o", path], check=True)
    with wave.open(str(path), "rb") as file:
        assert file.getframerate() == RATE
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32_768
    frames = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    level = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(level > np.sqrt(np.mean(sound**2)) * 10 ** (-25 / 20))
    sound = sound[80 * loud[0] : 80 * (loud[-1] + 1)]
    return sound * (0.5 / np.abs(sound).max())


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    """Three voices in turn, with pauses, on silence."""
    folder = tmp_path_factory.mktemp("voices")
    now, spoken, parts = 1.5, [], [np.zeros(int(1.5 * RATE))]
    for name, text, pause in LINES:
        sound = voice(name, text, folder)
        spoken.append((now, now + len(sound) / RATE))
        parts += [sound, np.zeros(int(pause * RATE))]
        now += len(sound) / RATE + int(pause * RATE) / RATE
    return Talk(np.concatenate(parts), tuple(spoken), " ".join(text for _, text, _ in LINES))


def chords(seconds: float) -> Samples:
    """Soft music: a held chord every two seconds, with a bell that dies away every half second."""
    time = np.arange(int(seconds * RATE)) / RATE
    music = np.zeros(len(time))
    for bar, root in enumerate(220 * 2 ** (np.array([0, -2, -4, -5] * 500) / 12)):
        inside = (time >= 2 * bar) & (time < 2 * bar + 2)
        if not inside.any():
            break
        local = time[inside] - 2 * bar
        swell = np.minimum(1, np.minimum(local, 2 - local) / 0.05)
        for ratio in (1, 1.25, 1.5):
            music[inside] += swell * np.sin(2 * np.pi * root * ratio * local)
        since = local % 0.5
        music[inside] += (
            np.exp(-6 * since) * np.minimum(1, since / 0.005) * np.sin(2 * np.pi * 4 * root * local)
        )
    return music / np.sqrt(np.mean(music**2))


@pytest.fixture(scope="session")
def talk_over_music(talk: Talk) -> Talk:
    """The same talk with music 25 dB under it."""
    level = np.sqrt(np.mean(talk.sound[np.abs(talk.sound) > 1e-4] ** 2)) * 10 ** (-25 / 20)
    music = chords(len(talk.sound) / RATE + 1)[: len(talk.sound)] * level
    return Talk(talk.sound + music, talk.spoken, talk.text)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Work(CancelToken(), scratch)


@pytest.fixture
def store() -> FakeArtifactStore:
    return FakeArtifactStore()


@pytest.fixture
def job() -> JobRef:
    return make_job("one")


def make_job(name: str) -> JobRef:
    job_id = uuid5(NAMESPACE, name)
    return JobRef(
        job_id=job_id,
        user_id=uuid5(NAMESPACE, "user"),
        hold_id=hold_id_of(job_id, 1),
        deadline_at=datetime(2100, 1, 1, tzinfo=UTC),
    )


MakeSpec = Callable[..., "JobSpec"]


@pytest.fixture
def spec_of(store: FakeArtifactStore) -> MakeSpec:
    """Puts a file into the store and asks for its translation."""

    async def make(
        data: bytes, seconds: float, *, name: str = "talk.mp4", kind: JobKind = JobKind.VIDEO_TRANSLATE
    ) -> JobSpec:
        key = f"users/x/uploads/{uuid5(NAMESPACE, data.hex()[:200] + name)}"
        return JobSpec(
            kind=kind,
            source=await store.write(key, data, "video/mp4"),
            source_filename=name,
            duration_seconds=seconds,
            source_language="en",
            target_languages=("es", "fr"),
        )

    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., bytes]:
    """Makes an MP4 of a picture and, where given, sound; `options` go before the output."""

    def make(
        sound: Samples | None, *options: str, picture_seconds: float | None = None, delay: float = 0.0
    ) -> bytes:
        out = tmp_path / "film.mp4"
        seconds = picture_seconds or (len(sound) / RATE if sound is not None else 2.0)
        command = ["ffmpeg", "-v", "error", "-y"]
        command += ["-f", "lavfi", "-t", f"{seconds:.3f}", "-i", "color=c=navy:s=64x48:r=25"]
        if sound is not None:
            pcm = tmp_path / "film.pcm"
            pcm.write_bytes(to_pcm(sound).tobytes())
            command += ["-itsoffset", str(delay), "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", str(pcm)]
            command += ["-c:a", "aac", "-b:a", "128k"]
        subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", *options, str(out)], check=True)
        return out.read_bytes()

    return make
