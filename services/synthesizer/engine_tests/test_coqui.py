"""The real Coqui with tiny models of random weights, loaded by path."""

import asyncio
import json
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, UnsupportedLanguageError
from octavia_synthesizer.engine import LineUnspeakableError, SpeechRequest, UnknownVoiceError
from octavia_synthesizer.engines.coqui import model as coqui
from octavia_synthesizer.engines.coqui.engine import MOST_TAKES, CoquiSynthesizer
from octavia_synthesizer.engines.coqui.model import ModelLine
from octavia_synthesizer.engines.coqui.short_texts import script_of
from octavia_synthesizer.engines.coqui.takes import judged

from . import tiny_vits
from .conftest import clean_speech

TEXT = "Vamos a la ciudad y compraremos pan para nuestros amigos."


@pytest.fixture
async def started():
    running = []

    async def start(models, **options) -> CoquiSynthesizer:
        engine = CoquiSynthesizer(str(models), device="cpu", **options)
        await engine.start()
        running.append(engine)
        return engine

    yield start
    for engine in running:
        await engine.close()


async def say(engine, text=TEXT, language="es", **more):
    request = SpeechRequest(text, language, more.pop("voice", engine.voice_for(language, "S1")), **more)
    return await engine.run(request, CancelToken())


async def test_a_line_is_spoken_and_its_take_is_right(started, plain):
    engine = await started(plain)
    sound = await say(engine)
    assert sound.sample_rate == tiny_vits.RATE
    assert judged(sound.samples, sound.sample_rate, TEXT) is None
    again = await say(engine)
    assert np.array_equal(sound.samples, again.samples)


async def test_it_tells_what_it_is_and_can(started, plain, cloning):
    told = (await started(plain)).published()
    assert (told.kind, told.engine, told.model, told.licence) == (
        "synthesizer", "coqui", "plain", "CC0-1.0",
    )  # fmt: skip
    assert told.languages == ("en", "es", "fr-FR")
    assert [(voice.id, voice.language) for voice in told.voices] == [
        ("ana", None), ("bob", None), ("eva", None),
    ]  # fmt: skip
    assert (told.clones_voices, told.honours) == (False, ("pronunciation", "voices"))
    honours = (await started(cloning)).published().honours
    assert honours == ("pronunciation", "voices", "clone_voice")


async def test_speakers_keep_their_voice_and_differ(started, plain):
    engine = await started(plain)
    voices = [engine.voice_for("es", f"S{n}") for n in (1, 2, 3, 4)]
    assert voices == ["ana", "bob", "eva", "ana"]
    assert engine.voice_called("eva", "fr-CA") == "eva"
    one, two = [await say(engine, voice=voice) for voice in voices[:2]]
    assert len(one.samples) != len(two.samples) or not np.allclose(one.samples, two.samples, atol=1e-3)
    with pytest.raises(UnknownVoiceError):
        engine.voice_called("nobody", "es")
    with pytest.raises(UnsupportedLanguageError, match="COQUI_MODELS"):
        engine.voice_for("ja", "S1")


async def test_the_operator_chooses_speakers(started, plain):
    engine = await started(plain, speakers="eva, nobody, ana")
    assert [engine.voice_for("es", f"S{n}") for n in (1, 2, 3)] == ["eva", "ana", "eva"]


async def test_a_model_for_each_language(started, plain, tmp_path):
    galician = tiny_vits.make(tmp_path / "gl", languages=("es",), seed=11)
    engine = await started(f"{plain},gl={galician}")
    assert list(engine.languages()) == ["en", "es", "fr-FR", "gl"]
    voices = {voice.id: voice.language for voice in engine.published().voices}
    assert voices["gl:ana"] == "gl"
    assert engine.voice_called("gl:bob", "gl") == "bob"
    with pytest.raises(UnknownVoiceError):
        engine.voice_called("gl:bob", "es")
    assert judged((await say(engine, language="gl")).samples, tiny_vits.RATE, TEXT) is None
    alone = await started(plain)
    assert engine.version != alone.version


async def test_lines_that_are_spoken_together_are_each_as_long_as_alone(started, plain):
    engine = await started(plain, batch=4)
    texts = [TEXT, "Una frase mucho más corta que las otras.", "Sí", f"{TEXT} {TEXT}"]
    lines = [ModelLine(script_of(text), "es", "bob", None, 0) for text in texts]
    (model,) = engine._models
    together = model.speak(lines)
    alone = [model.speak([line])[0] for line in lines]
    for one, other, text in zip(together, alone, texts, strict=True):
        # Where a short text is cut depends on the noise; a line's own length does not.
        slack = 0.25 * tiny_vits.RATE if text == "Sí" else 1
        assert abs(len(one) - len(other)) <= slack
        assert judged(one, tiny_vits.RATE, text) is None


async def test_lines_at_once_come_out_of_batches(started, plain):
    engine = await started(plain, batch=4)
    sizes = []
    speak = engine._models[0].speak
    engine._models[0].speak = lambda lines: (sizes.append(len(lines)), speak(lines))[1]
    texts = [f"{TEXT[: 20 + 3 * n]} {n}" for n in range(12)]
    sounds = await asyncio.gather(*(say(engine, text) for text in texts))
    assert all(judged(s.samples, s.sample_rate, t) is None for s, t in zip(sounds, texts, strict=True))
    assert 1 < max(sizes) <= 4


async def test_a_short_text_is_only_heard_once(started, plain):
    engine = await started(plain)
    short, long = await say(engine, "Sí"), await say(engine, "Sí. Sí. Sí. Sí. Sí. Sí. Sí. Sí.")
    assert len(short.samples) < len(long.samples) / 3


async def test_own_voices(started, cloning):
    engine = await started(cloning)
    high, low = clean_speech(220.0), clean_speech(90.0)
    mine = await say(engine, voice=f"own:{high.sha256}", own=high)
    assert np.array_equal(mine.samples, (await say(engine, voice="x", own=high)).samples)
    theirs = await say(engine, voice=f"own:{low.sha256}", own=low)
    assert len(mine.samples) != len(theirs.samples) or not np.allclose(mine.samples, theirs.samples)
    made = engine._models[0]
    assert {high.sha256, low.sha256} <= set(made._made)
    assert {path.suffix for path in made._made.values()} == {".pth"}
    folder = made._made[high.sha256].parent
    assert not list(folder.glob("*.wav")), "somebody's speech is left lying about"
    await engine.close()
    assert not folder.exists()


async def test_numbers_are_spoken_by_voices_that_know_letters_alone(started, plain):
    engine = await started(plain)
    said = []
    tokenizer = engine._models[0]._model.tokenizer
    to_ids = tokenizer.text_to_ids
    tokenizer.text_to_ids = lambda text, language: (said.append(text), to_ids(text, language=language))[1]
    await say(engine, "Tenemos 21 casas y 1.500 libros, a 2,5 euros cada uno.")
    assert said[0] == ("Tenemos veintiuno casas y mil quinientos libros, a dos punto cinco euros cada uno.")
    await say(engine, "Nous avons 3 chats dans le jardin.", "fr")
    assert said[1] == "Nous avons trois chats dans le jardin."


async def test_own_voices_are_kept_up_to_a_limit(started, cloning, monkeypatch):
    monkeypatch.setattr(coqui, "MOST_OWN_VOICES", 2)
    engine = await started(cloning)
    for pitch in (80, 120, 160, 80):
        own = clean_speech(pitch, seconds=1.0)
        await say(engine, own=own)
    assert len(engine._models[0]._made) == 2
    assert sorted(engine._models[0]._made.values()) == sorted(
        engine._models[0]._made[own.sha256].parent.glob("*.pth")
    )


@pytest.mark.parametrize("wrong", ["silent", "babbling"])
async def test_a_take_that_is_wrong_is_made_again_at_most_twice(started, plain, wrong):
    engine = await started(plain)
    (model,) = engine._models
    speak, calls = model.speak, []

    def spoil(lines, until):
        calls.append([line.seed for line in lines])
        takes = speak(lines)
        if len(calls) > until:
            return takes
        return [take * 0 if wrong == "silent" else np.tile(take, 50) for take in takes]

    model.speak = lambda lines: spoil(lines, 2)
    assert judged((await say(engine)).samples, tiny_vits.RATE, TEXT) is None
    assert calls == [[0], [1], [2]]
    calls.clear()
    model.speak = lambda lines: spoil(lines, 99)
    with pytest.raises(LineUnspeakableError) as caught:
        await say(engine)
    assert len(caught.value.context["faults"]) == len(calls) == MOST_TAKES


async def test_a_line_of_unknown_signs_fails_alone(started, plain):
    engine = await started(plain)
    good, bad = await asyncio.gather(say(engine), say(engine, "今日は"), return_exceptions=True)
    assert isinstance(bad, LineUnspeakableError)
    assert len(good.samples) > tiny_vits.RATE


async def test_out_of_memory_is_answered_by_smaller_batches(started, plain):
    import torch

    engine = await started(plain, batch=4)
    (model,) = engine._models
    speak, sizes = model.speak, []

    def tight(lines):
        sizes.append(len(lines))
        if len(lines) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return speak(lines)

    model.speak = tight
    for _ in range(2):
        texts = [f"{TEXT} {n}" for n in range(8)]
        sounds = await asyncio.gather(*(say(engine, text) for text in texts))
        assert all(len(sound.samples) > tiny_vits.RATE for sound in sounds)
    assert engine._batcher.most == 1


def test_models_on_a_read_only_volume_that_remember_where_they_were_made(plain, tmp_path):
    folder = tmp_path / "volume"
    shutil.copytree(plain, folder)
    described = json.loads((folder / "config.json").read_text())
    described["speakers_file"] = described["model_args"]["speakers_file"] = "/home/maker/speaker_ids.json"
    described["speakers"] = []
    (folder / "config.json").write_text(json.dumps(described))
    (folder / "speaker_ids.json").write_text(json.dumps({"carla": 0, "dan": 1, "eli": 2}))
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    for path in (*folder.iterdir(), folder):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    engine = CoquiSynthesizer(str(folder), device="cpu")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(engine.load).result()
    assert engine.voice_for("es", "S1") == "carla"
    engine.unload()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    folder.chmod(0o755)


@pytest.mark.parametrize(
    ("break_", "match"),
    [
        (lambda folder: shutil.rmtree(folder), "There is no model at"),
        (lambda folder: (folder / "config.json").write_text("{}"), "no configuration of a Coqui model"),
        (lambda folder: (folder / "model.pth").unlink(), "no checkpoint"),
        (lambda folder: (folder / "model.pth").write_bytes(b"nothing"), "cannot be loaded"),
        (
            lambda folder: (folder / "LICENSE").write_text("CC BY-NC 4.0"),
            "COQUI_ACCEPT_LICENCES='CC BY-NC 4.0'",
        ),
    ],
)
async def test_a_model_that_cannot_be_used_says_why_in_one_line(plain, tmp_path, break_, match):
    folder = tmp_path / "m"
    shutil.copytree(plain, folder)
    break_(folder)
    engine = CoquiSynthesizer(str(folder), device="cpu")
    with pytest.raises(EngineUnavailableError, match=match) as caught:
        await engine.start()
    assert "\n" not in caught.value.message
    await engine.close()


async def test_an_accepted_licence_is_told(started, plain, tmp_path):
    folder = tmp_path / "m"
    shutil.copytree(plain, folder)
    (folder / "LICENSE").write_text("CC BY-NC 4.0")
    engine = await started(folder, accepted_licences="CPML, cc by-nc 4.0")
    assert engine.published().licence == "CC BY-NC 4.0"


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("tts_models/multilingual/multi-dataset/xtts_v2", "COQUI_ACCEPT_LICENCES='CPML'"),
        ("tts_models/spa/fairseq/vits", "COQUI_ACCEPT_LICENCES='CC BY-NC 4.0'"),
        ("tts_models/es/css10/nothing", "for es it has .*tts_models/es/css10/vits"),
    ],
)
async def test_models_of_the_catalogue_are_looked_at_before_they_are_fetched(name, match, tmp_path):
    engine = CoquiSynthesizer(name, models_dir=tmp_path, device="cpu")
    with pytest.raises(EngineUnavailableError, match=match):
        await engine.start()
    assert not list(tmp_path.rglob("*.pth"))
    await engine.close()


async def test_nothing_is_fetched_where_that_is_forbidden(tmp_path):
    engine = CoquiSynthesizer("tts_models/es/css10/vits", models_dir=tmp_path, download=False, device="cpu")
    with pytest.raises(EngineUnavailableError, match="COQUI_DOWNLOAD=false"):
        await engine.start()
    await engine.close()


async def test_the_default_models_allow_commercial_use():
    from octavia_synthesizer.engines.coqui.choice import choices
    from octavia_synthesizer.engines.coqui.files import _licence_of
    from octavia_synthesizer.engines.coqui.licences import check_accepted
    from octavia_synthesizer.settings import SynthesizerSettings
    from TTS.utils.manage import ModelManager

    catalogue = ModelManager().models_dict
    for choice in choices(SynthesizerSettings().coqui_models):
        check_accepted(choice.reference, _licence_of(choice, catalogue), [])


async def test_a_named_gpu_that_is_not_there_is_no_cpu(plain):
    engine = CoquiSynthesizer(str(plain), device="cuda:7")
    with pytest.raises(EngineUnavailableError, match="COQUI_DEVICE"):
        await engine.start()
    await engine.close()
