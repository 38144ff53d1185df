"""The real faster-whisper and ctranslate2 on models of random weights: calls, shapes, guards, languages."""

import asyncio
import itertools
from pathlib import Path

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpeechRegion
from octavia_common.errors import EngineUnavailableError, JobCancelledError, UnsupportedLanguageError
from octavia_transcriber.engines.base import RecognitionRequest, UnknownModelSizeError
from octavia_transcriber.engines.detection import DetectionRequest
from octavia_transcriber.engines.registry import make_engine
from octavia_transcriber.engines.whisper import hearing
from octavia_transcriber.engines.whisper.hearing import find_stretches, to_float
from octavia_transcriber.engines.whisper.recogniser import WhisperRecogniser
from octavia_transcriber.settings import TranscriberSettings

RATE = 16_000


def make(model: Path | str, **settings) -> WhisperRecogniser:
    chosen = TranscriberSettings(
        transcriber_engine="faster-whisper",
        whisper_model=str(model),
        whisper_download=False,
        whisper_threads=1,
        **settings,
    )
    engine = make_engine(chosen)
    assert isinstance(engine, WhisperRecogniser)
    return engine


def request_of(samples, language: str = "en", **changes) -> RecognitionRequest:
    everywhere = (SpeechRegion(start=0, end=len(samples) / RATE),)
    return RecognitionRequest(samples, changes.pop("regions", everywhere), language, **changes)


@pytest.fixture
async def engine(tiny_whisper):
    engine = make(tiny_whisper)
    await engine.start()
    yield engine
    await engine.close()


async def test_each_window_of_speech_gives_words_with_their_times(engine, talk, cancel):
    heard = await engine.run(request_of(talk), cancel)
    assert heard.language == "en"
    assert len(heard.words) > 20
    stretches = find_stretches(to_float(talk))
    assert len(stretches) == 3
    for word in heard.words:
        assert word.text == word.text.strip() != ""
        assert 0 <= word.confidence <= 1
        assert any(s.start - 0.25 < word.end and word.start < s.end + 0.25 for s in stretches), word
    for one, two in itertools.pairwise(heard.words):
        assert one.start <= two.start
        assert one.start < one.end
    for stretch in stretches:
        assert any(stretch.start <= word.start <= stretch.end for word in heard.words)


async def test_the_same_sound_gives_the_same_words(engine, talk, cancel):
    assert await engine.run(request_of(talk), cancel) == await engine.run(request_of(talk), cancel)


async def test_chunks_beside_each_other_are_heard_as_if_alone(engine, tiny_whisper, talk, voice, cancel):
    line = voice("And that is all for today.")
    alone = [await engine.run(request_of(each), cancel) for each in (talk, line)]
    both = make(tiny_whisper, whisper_chunks_at_once=2)
    assert both.abreast == 2
    await both.start()
    beside = await asyncio.gather(*(both.run(request_of(each), cancel) for each in (talk, line, talk, line)))
    assert beside == alone * 2
    await both.close()


async def test_silence_noise_and_nothing_have_no_words(engine, cancel):
    noise = np.random.default_rng(1).normal(0, 300, 10 * RATE).astype(np.int16)
    for samples in (np.zeros(10 * RATE, np.int16), noise, np.zeros(0, np.int16), np.zeros(100, np.int16)):
        assert (await engine.run(request_of(samples), cancel)).words == ()


async def test_only_where_the_plan_has_speech_anything_is_heard(engine, talk, cancel):
    first = find_stretches(to_float(talk))[0]
    regions = (SpeechRegion(start=first.start, end=first.end),)
    heard = await engine.run(request_of(talk, regions=regions), cancel)
    assert heard.words
    assert all(word.start < first.end + 0.25 for word in heard.words)


async def test_speech_longer_than_a_window_is_decoded_in_a_batch(engine, voice, cancel, monkeypatch):
    line = voice("Almost half a million, and the number is growing every year, as far as we know.")
    speech = np.tile(line, 1 + 40 * RATE // len(line))
    batches = []
    hear = hearing.hear
    monkeypatch.setattr(
        "octavia_transcriber.engines.whisper.recogniser.hear",
        lambda *a, **k: (batches.append((len(a[2]), a[4])), hear(*a, **k))[1],
    )
    heard = await engine.run(request_of(speech), cancel)
    assert batches == [(2, 8)]
    assert min(word.start for word in heard.words) < 15
    assert max(word.end for word in heard.words) > 25


async def test_a_loop_is_decoded_again_and_then_dropped(looping_whisper, talk, cancel, monkeypatch):
    engine = make(looping_whisper)
    await engine.start()
    tried = []
    again = hearing.hear_again
    monkeypatch.setattr(
        "octavia_transcriber.engines.whisper.recogniser.hear_again",
        lambda *a, **k: (tried.append(a[2]), again(*a, **k))[1],
    )
    assert (await engine.run(request_of(talk), cancel)).words == ()
    assert len(tried) == 3
    await engine.close()
    # It is the guard that drops it, and nothing else.
    lenient = make(looping_whisper, whisper_most_compression=1000.0)
    await lenient.start()
    assert (await lenient.run(request_of(talk), cancel)).words
    await lenient.close()


async def test_improbable_text_is_decoded_again_and_kept_where_somebody_speaks(tiny_whisper, talk, cancel):
    engine = make(tiny_whisper, whisper_least_log_probability=0.0)
    await engine.start()
    assert (await engine.run(request_of(talk), cancel)).words
    await engine.close()


async def test_hot_words_reach_the_decoder(engine, talk, cancel):
    plain = await engine.run(request_of(talk), cancel)
    hinted = await engine.run(request_of(talk, hot_words=("Octavia", "Kafka")), cancel)
    assert [word.text for word in hinted.words] != [word.text for word in plain.words]
    many = tuple(f"a term of the glossary, number {n}" for n in range(200))
    assert (await engine.run(request_of(talk, hot_words=many), cancel)).words


async def test_languages_are_taken_by_tag_and_unknown_ones_refused(engine, talk, cancel):
    for language in ("pt-BR", "zh-Hant", "nb", "vi", "fil"):
        heard = await engine.run(request_of(talk, language), cancel)
        assert heard.language == language
        assert heard.words
    with pytest.raises(UnsupportedLanguageError, match="'tlh'"):
        await engine.run(request_of(talk, "tlh"), cancel)


async def test_it_tells_what_it_can_do(engine, tiny_whisper):
    told = engine.published()
    assert (told.engine, told.model, told.licence) == ("faster-whisper", tiny_whisper.name, None)
    assert len(told.languages) == 99
    assert "jv" in told.languages
    assert (told.detects_language, told.honours, told.model_sizes) == (True, ("glossary", "check_speech"), ())


async def test_the_language_is_told_for_every_stretch(engine, tiny_whisper, voice, cancel):
    detector = engine.detector()
    await detector.start()
    stretches = tuple(voice(text) for text in ("Good morning.", "And welcome.", "Thank you very much."))
    found = await detector.run(DetectionRequest(stretches), cancel)
    assert len(found) == 3
    for likelihoods in found:
        assert len(likelihoods) == 99
        assert sum(likelihoods.values()) == pytest.approx(1, abs=0.01)
        assert max(likelihoods, key=likelihoods.get) == "pt"
    await detector.close()


async def test_a_job_chooses_among_the_sizes_that_are_offered(tiny_whisper, looping_whisper, talk, cancel):
    engine = make(tiny_whisper, whisper_model_sizes=f"other={looping_whisper}, same={tiny_whisper}")
    await engine.start()
    assert (await engine.run(request_of(talk, model_size="other"), cancel)).words == ()
    assert (await engine.run(request_of(talk, model_size="same"), cancel)).words
    assert len(engine.models._loaded) == 1, "only as many models as are kept"
    with pytest.raises(UnknownModelSizeError, match="other, same"):
        await engine.run(request_of(talk, model_size="huge"), cancel)
    assert engine.variant(None) == engine.variant("same") != engine.variant("other")
    await engine.close()


async def test_too_little_memory_is_answered_by_smaller_batches(engine, talk, cancel, monkeypatch):
    sizes = []
    hear = hearing.hear

    def short_of_memory(*given, **named):
        sizes.append(given[4])
        if given[4] > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return hear(*given, **named)

    monkeypatch.setattr("octavia_transcriber.engines.whisper.recogniser.hear", short_of_memory)
    assert (await engine.run(request_of(talk), cancel)).words
    assert sizes == [8, 4, 2]
    await engine.run(request_of(talk), cancel)
    assert sizes == [8, 4, 2, 2], "it is remembered"


async def test_the_event_loop_lives_while_it_works(engine, talk, cancel):
    task = asyncio.create_task(engine.run(request_of(np.tile(talk, 3)), cancel))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks >= 5


async def test_a_cancelled_job_is_dropped(engine, talk):
    token = CancelToken()
    token.cancel("test")
    with pytest.raises(JobCancelledError):
        await engine.run(request_of(talk), token)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"model": "/nowhere/at/all"}, "no folder"),
        ({"model": "tiny"}, "WHISPER_DOWNLOAD"),
        ({"model": "tinny"}, "tinny"),
        ({"whisper_device": "cuda:7"}, "GPUs"),
        ({"whisper_device": "tpu"}, "auto, cpu, cuda"),
        ({"whisper_compute_type": "int3"}, "WHISPER_COMPUTE_TYPE=int3"),
        ({"whisper_model_sizes": "small="}, "NAME=MODEL"),
        ({"whisper_model_sizes": "small=/nowhere"}, "no folder"),
    ],
)
async def test_what_cannot_start_says_why_in_one_line(settings, complaint, tiny_whisper, tmp_path):
    settings = {"whisper_models_dir": tmp_path} | settings
    model = settings.pop("model", tiny_whisper)
    with pytest.raises(EngineUnavailableError, match=complaint) as refused:
        await make(model, **settings).start()
    assert "\n" not in refused.value.message


async def test_a_broken_model_is_one_clear_line(tiny_whisper, tmp_path):
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_bytes((tiny_whisper / name).read_bytes())
    with pytest.raises(EngineUnavailableError, match=r"lacks model\.bin"):
        await make(tmp_path).start()
    (tmp_path / "model.bin").write_bytes((tiny_whisper / "model.bin").read_bytes()[:100_000])
    with pytest.raises(EngineUnavailableError, match="cannot be loaded"):
        await make(tmp_path).start()


async def test_a_model_is_the_same_wherever_it_lies(tiny_whisper, looping_whisper, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.symlink_to(tiny_whisper)
    one, two, other = (make(path) for path in (tiny_whisper, moved, looping_whisper))
    assert one.variant(None) == two.variant(None) != other.variant(None)
