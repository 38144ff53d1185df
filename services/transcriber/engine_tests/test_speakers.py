"""Telling voices apart with the real ONNX runtime: flite's voices, models of both kinds of input."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpeechRegion
from octavia_common.errors import EngineUnavailableError, JobCancelledError
from octavia_transcriber.planning.features import extract
from octavia_transcriber.planning.speech import find_speech
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.speakers.base import DiarizationRequest, Diarizer
from octavia_transcriber.speakers.registry import make_diarizer

from .tiny_voices import write_deviation_model, write_spectrum_model

RATE = 16_000
DISTANCE = 0.15
"""What parts voices for a model that only averages spectra; within a voice it finds up to 0.14."""
LINES = (
    ("slt", "Good morning, and welcome to the show, where we look at cities."),
    ("rms", "Thank you very much, it is good to be here with all of you today."),
    ("slt", "We want to talk about the history of the city and its people."),
    ("rms", "Most of the families came here to work in the market, I believe."),
    ("slt", "Almost half a million, and the number is growing every year."),
)


class Scene:
    """Voices in turn, and who speaks when."""

    def __init__(self, voice, folder: Path, lines: Sequence[tuple[str, str]]) -> None:
        now, parts = 0.0, []
        self.truth: list[tuple[float, float, str]] = []
        for name, text in lines:
            sound = voice(text, name)
            sound = (sound / max(1, np.abs(sound).max()) * 16_000).astype(np.int16)
            self.truth.append((now, now + len(sound) / RATE, name))
            parts += [sound, np.zeros(RATE // 2, np.int16)]
            now += len(sound) / RATE + 0.5
        samples = np.concatenate(parts)
        self.regions = tuple(find_speech(extract([samples])))
        self.pcm = folder / "scene.pcm"
        self.pcm.write_bytes(samples.tobytes())

    def share_right(self, found: Sequence[SpeechRegion]) -> float:
        """How much of the speech has the right speaker, under the best names."""
        names = sorted({name for _, _, name in self.truth})
        labels = sorted({region.speaker for region in found})
        total = sum(region.end - region.start for region in found)
        best = 0.0
        for order in itertools.permutations(labels, min(len(labels), len(names))):
            meaning = dict(zip(order, names, strict=False))
            right = sum(
                max(0.0, min(region.end, end) - max(region.start, start))
                for region in found
                for start, end, name in self.truth
                if meaning.get(region.speaker) == name
            )
            best = max(best, right)
        return best / total


@pytest.fixture(scope="session")
def scene(voice, tmp_path_factory) -> Scene:
    return Scene(voice, tmp_path_factory.mktemp("scene"), LINES)


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("voices")
    return {
        "samples": write_spectrum_model(folder / "spectrum.onnx"),
        "features": write_deviation_model(folder / "deviation.onnx"),
    }


@pytest.fixture
async def diarizer_of():
    started = []

    async def start(model: Path, **settings) -> Diarizer:
        diarizer = make_diarizer(TranscriberSettings(speaker_model=model, speaker_threads=1, **settings))
        await diarizer.start()
        started.append(diarizer)
        return diarizer

    yield start
    for diarizer in started:
        await diarizer.close()


@pytest.mark.parametrize(("kind", "least"), [("samples", 0.95), ("features", 0.75)])
async def test_two_voices_that_take_turns_are_told_apart(kind, least, scene, models, diarizer_of, cancel):
    diarizer = await diarizer_of(models[kind])
    found = await diarizer.run(DiarizationRequest(scene.pcm, scene.regions, 2), cancel)
    assert {region.speaker for region in found} == {"S1", "S2"}
    assert found[0].speaker == "S1"
    assert scene.share_right(found) > least
    # Nothing is lost and nothing added: the same stretches, cut where voices change.
    assert sum(r.end - r.start for r in found) == pytest.approx(sum(r.end - r.start for r in scene.regions))
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))


async def test_how_many_speak_is_found_out_where_nobody_says(scene, models, diarizer_of, cancel):
    diarizer = await diarizer_of(models["samples"], speaker_distance=DISTANCE)
    found = await diarizer.run(DiarizationRequest(scene.pcm, scene.regions), cancel)
    assert {region.speaker for region in found} == {"S1", "S2"}
    assert scene.share_right(found) > 0.95


async def test_one_voice_is_one_speaker(voice, models, diarizer_of, cancel, tmp_path):
    alone = Scene(voice, tmp_path, [("rms", text) for _, text in LINES])
    diarizer = await diarizer_of(models["samples"], speaker_distance=DISTANCE)
    found = await diarizer.run(DiarizationRequest(alone.pcm, alone.regions), cancel)
    assert {region.speaker for region in found} == {"S1"}
    told = await diarizer.run(DiarizationRequest(alone.pcm, alone.regions, 1), cancel)
    assert {region.speaker for region in told} == {"S1"}


async def test_a_change_without_a_pause_cuts_the_region(voice, models, diarizer_of, cancel, tmp_path):
    parts = [voice(text, name) for name, text in LINES[:2]]
    samples = np.concatenate([part[np.abs(part).argmax() // 4 : -2_000] for part in parts])
    pcm = tmp_path / "joined.pcm"
    pcm.write_bytes(samples.tobytes())
    whole = (SpeechRegion(start=0, end=len(samples) / RATE),)
    diarizer = await diarizer_of(models["samples"])
    found = await diarizer.run(DiarizationRequest(pcm, whole, 2), cancel)
    assert [region.speaker for region in found] == ["S1", "S2"]
    change = (len(parts[0]) - np.abs(parts[0]).argmax() // 4 - 2_000) / RATE
    assert found[0].end == found[1].start == pytest.approx(change, abs=0.8)


async def test_no_speech_and_scraps_of_it_are_no_trouble(scene, models, diarizer_of, cancel):
    diarizer = await diarizer_of(models["samples"])
    assert await diarizer.run(DiarizationRequest(scene.pcm, ()), cancel) == ()
    scraps = (SpeechRegion(start=0.2, end=0.4), SpeechRegion(start=1.0, end=1.2))
    found = await diarizer.run(DiarizationRequest(scene.pcm, scraps, 3), cancel)
    assert [region.speaker for region in found] == ["S1", "S1"]


async def test_another_model_makes_another_plan(models, diarizer_of):
    one, other = [await diarizer_of(model) for model in models.values()]
    farther = await diarizer_of(models["samples"], speaker_distance=0.7)
    assert len({str(each.params()) for each in (one, other, farther)}) == 3


async def test_a_cancelled_job_is_dropped(scene, models, diarizer_of):
    token = CancelToken()
    token.cancel("test")
    diarizer = await diarizer_of(models["samples"])
    with pytest.raises(JobCancelledError):
        await diarizer.run(DiarizationRequest(scene.pcm, scene.regions), token)


async def test_what_is_no_model_is_one_clear_line(diarizer_of, tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    for path, complaint in ((broken, "cannot be used"), (tmp_path / "missing.onnx", "there is no file")):
        with pytest.raises(EngineUnavailableError, match=complaint) as refused:
            await diarizer_of(path)
        assert "\n" not in refused.value.message
