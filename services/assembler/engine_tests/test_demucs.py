"""The real Demucs and torch on models by path: exact where the model is, whole and flat where it is noise."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from octavia_assembler.separation import blocks
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.separation.registry import make_separator
from octavia_assembler.settings import AssemblerSettings
from octavia_assembler.sound.ducking import Region
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, JobCancelledError, TransientError

from .tiny_demucs import Middle, tiny_htdemucs, write_bag, write_pickle, write_safetensors

Sound = NDArray[np.float32]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "exact": write_pickle(folder / "middle.th", Middle()),
        "safetensors": write_safetensors(folder / "tiny.safetensors", tiny_htdemucs()),
        "bag": write_bag(folder / "bag", tiny_htdemucs(1), tiny_htdemucs(2)),
    }


@pytest.fixture
async def separator_of():
    started = []

    async def start(model: Path | None) -> Separator:
        separator = make_separator(AssemblerSettings(assembler_engine="demucs", demucs_model=model))
        assert separator is not None
        await separator.start()
        started.append(separator)
        return separator

    yield start
    for separator in started:
        await separator.close()


def tones(seconds: float, hertz: tuple[int, ...], opposite: bool) -> Sound:
    """Tones that come and go, alike in both channels or of opposite sign."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * each * time) for each in hertz) * (
        0.1 + 0.05 * np.sin(2 * np.pi * time / 3)
    )
    return np.stack([wave, -wave if opposite else wave], axis=1).astype(np.float32)


def put(path: Path, samples: Sound) -> Path:
    samples.astype("<f4").tofile(path)
    return path


def got(path: Path) -> Sound:
    return np.fromfile(path, "<f4").reshape(-1, 2)


def region(start: float, end: float) -> Region:
    return Region(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))


async def test_the_voice_comes_out_where_speech_is_to_the_sample_over_all_blocks(
    models, separator_of, tmp_path, monkeypatch
):
    monkeypatch.setattr(blocks, "BLOCK", 7 * SAMPLE_RATE)  # several blocks in half a minute
    voice, music = tones(30, (220, 1_760), opposite=False), tones(30, (330, 5_000), opposite=True)
    sound = put(tmp_path / "sound", voice + music)
    separator = await separator_of(models["exact"])
    wanted = [region(2, 4), region(9, 26)]
    await separator.run(SeparationRequest(sound, tmp_path / "voice", wanted), CancelToken())
    found = got(tmp_path / "voice")
    assert found.shape == voice.shape
    for each in wanted:
        inside = slice(each.start, each.end)
        assert np.abs(found[inside] - voice[inside]).max() < 2e-3
    for outside in (slice(0, SAMPLE_RATE), slice(6 * SAMPLE_RATE, 8 * SAMPLE_RATE)):
        assert not found[outside].any()
    assert (got(sound) == voice + music).all(), "the source is only read"


async def test_at_the_edges_of_a_source_nothing_is_lost(models, separator_of, tmp_path):
    voice = tones(3.3, (440,), opposite=False)
    sound = put(tmp_path / "sound", voice + tones(3.3, (600,), opposite=True))
    separator = await separator_of(models["exact"])
    await separator.run(SeparationRequest(sound, tmp_path / "voice", [region(0, 3.3)]), CancelToken())
    inner = slice(SAMPLE_RATE // 20, -SAMPLE_RATE // 20)  # resampling rings at the very ends
    assert np.abs(got(tmp_path / "voice")[inner] - voice[inner]).max() < 2e-3


@pytest.mark.parametrize("kind", ["safetensors", "bag"])
async def test_models_in_all_forms_give_whole_voices_and_the_same_each_time(
    kind, models, separator_of, tmp_path
):
    sound = put(tmp_path / "sound", tones(6, (220, 330), opposite=False))
    separator = await separator_of(models[kind])
    for name in ("one", "two"):
        request = SeparationRequest(sound, tmp_path / name, [region(1, 5)])
        await separator.run(request, CancelToken())
    one = got(tmp_path / "one")
    assert one.shape == (6 * SAMPLE_RATE, 2)
    assert np.isfinite(one).all()
    assert one[2 * SAMPLE_RATE : 4 * SAMPLE_RATE].any()
    assert (one == got(tmp_path / "two")).all()


async def test_a_source_where_nobody_speaks_needs_no_model(models, separator_of, tmp_path):
    sound = put(tmp_path / "sound", tones(2, (220,), opposite=False))
    separator = await separator_of(models["exact"])
    await separator.run(SeparationRequest(sound, tmp_path / "voice", []), CancelToken())
    assert not got(tmp_path / "voice").any()


async def test_memory_does_not_grow_with_the_length_of_the_speech(
    models, separator_of, tmp_path, monkeypatch
):
    monkeypatch.setattr(blocks, "BLOCK", 10 * SAMPLE_RATE)
    separator = await separator_of(models["exact"])
    peaks = []
    for seconds in (20, 80):
        sound = put(tmp_path / "sound", np.zeros((seconds * SAMPLE_RATE, 2), np.float32))
        tracemalloc.start()
        request = SeparationRequest(sound, tmp_path / "voice", [region(0, seconds)])
        await separator.run(request, CancelToken())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


async def test_too_little_memory_is_answered_by_shorter_segments(models, separator_of, tmp_path, monkeypatch):
    sound = put(tmp_path / "sound", tones(3, (220,), opposite=False))
    separator = await separator_of(models["exact"])
    asked = []

    def short_of_memory(model, mix, *, segment, **how):
        asked.append(segment)
        if len(asked) < 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return apply_model(model, mix, segment=segment, **how)

    import demucs.apply

    apply_model = demucs.apply.apply_model
    monkeypatch.setattr(demucs.apply, "apply_model", short_of_memory)
    await separator.run(SeparationRequest(sound, tmp_path / "voice", [region(1, 2)]), CancelToken())
    assert asked[0] is None
    assert set(asked[1:]) == {2.5}, "and so in all that follows"
    asked.clear()
    monkeypatch.setattr(demucs.apply, "apply_model", always_short)
    separator.attempts = 1
    with pytest.raises(TransientError, match="too little memory"):
        await separator.run(SeparationRequest(sound, tmp_path / "voice", [region(1, 2)]), CancelToken())


def always_short(*_, **__):
    raise RuntimeError("CUDA out of memory.")


async def test_a_cancelled_job_is_dropped_between_segments(models, separator_of, tmp_path):
    sound = put(tmp_path / "sound", tones(20, (220,), opposite=False))
    separator = await separator_of(models["exact"])
    token = CancelToken()
    heard = separator._model.forward
    calls = []

    def forward(mix):
        calls.append(mix)
        token.cancel("test")
        return heard(mix)

    separator._model.forward = forward
    with pytest.raises(JobCancelledError):
        await separator.run(SeparationRequest(sound, tmp_path / "voice", [region(0, 20)]), token)
    assert len(calls) == 1


async def test_what_is_no_model_is_one_clear_line(separator_of, tmp_path):
    broken = tmp_path / "broken.th"
    broken.write_bytes(b"no model")
    empty = tmp_path / "folder"
    empty.mkdir()
    for path, complaint in (
        (None, "needs DEMUCS_MODEL"),
        (tmp_path / "missing.th", "nothing at"),
        (broken, "cannot be loaded"),
        (empty, r"0 \.yaml files"),
    ):
        with pytest.raises(EngineUnavailableError, match=complaint) as refused:
            await separator_of(path)
        assert "\n" not in refused.value.message


async def test_another_model_makes_another_output(models, separator_of):
    found = [(await separator_of(model)).params() for model in models.values()]
    assert len({str(each) for each in found}) == 3
