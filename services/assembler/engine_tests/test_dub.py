"""A whole dub with a separator by path: the voice goes, the music under it stays as loud as it was."""

from pathlib import Path

import numpy as np
import soundfile
from octavia_assembler.main import make_renderer
from octavia_assembler.rendering.renderer import Assembly
from octavia_assembler.separation.registry import make_separator
from octavia_assembler.settings import AssemblerSettings
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpokenSegment

from .tiny_demucs import Middle, write_pickle

SECONDS = 8
SPEECH = (2.0, 6.0)


def tone(hertz: int, level: float, seconds: float = SECONDS) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def level_of(sound: np.ndarray, hertz: int, start: float, end: float) -> float:
    """The amplitude of a tone in a stretch."""
    part = sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    time = np.arange(len(part)) / SAMPLE_RATE
    return float(2 * np.abs(np.mean(part * np.exp(-2j * np.pi * hertz * time))))


async def test_music_stays_under_the_dub_and_the_voice_does_not(tmp_path: Path) -> None:
    spoken = np.zeros(SECONDS * SAMPLE_RATE)
    first, last = (round(each * SAMPLE_RATE) for each in SPEECH)
    spoken[first:last] = tone(500, 0.2)[first:last]
    music = tone(2_000, 0.05)
    source = tmp_path / "source.wav"
    soundfile.write(source, np.stack([spoken + music, spoken - music], axis=1), SAMPLE_RATE, subtype="PCM_24")
    line = tmp_path / "line.flac"
    soundfile.write(line, tone(900, 0.2, 2.0), SAMPLE_RATE)
    segment = SpokenSegment(
        id="0001-01", speaker="S1", start=SPEECH[0], end=SPEECH[1], slot_end=7.5, source_text="a",
        text="b", audio=None, duration=2.0, rate=1.0,
    )  # fmt: skip
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assembly = Assembly(source, "en", "es", (segment,), {segment.id: line}, scratch)
    left = {}
    for engine in ("ducking", "demucs"):
        settings = AssemblerSettings(
            assembler_engine=engine, demucs_model=write_pickle(tmp_path / "middle.th", Middle())
        )
        renderer = make_renderer(settings, make_separator(settings))
        await renderer.start()
        rendered = await renderer.render(assembly, CancelToken())
        await renderer.close()
        made, rate = soundfile.read(rendered.media)
        assert rate == SAMPLE_RATE
        left[engine] = made[:, 0]
        for file in scratch.iterdir():
            file.unlink()
    for engine, sound in left.items():
        own = level_of(sound, 2_000, 0.5, 1.5)
        under = level_of(sound, 2_000, 4.5, 5.5)  # the source speaks, the dub no more
        voice = level_of(sound, 500, 4.5, 5.5)
        assert own > 0.01
        assert voice < 0.02 * own / 0.05
        if engine == "demucs":
            assert 0.98 < under / own < 1.02
        else:
            assert under < 0.05 * own
