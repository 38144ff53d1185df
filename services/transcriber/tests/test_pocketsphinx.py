"""The real recogniser: what it hears, and that nothing it does stops the service."""

import asyncio
import os
import signal
import sys

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, JobCancelledError, UnsupportedLanguageError
from octavia_transcriber.engines import pocketsphinx as module
from octavia_transcriber.engines import pocketsphinx_process
from octavia_transcriber.engines.base import RecognitionRequest
from octavia_transcriber.engines.pocketsphinx import PocketsphinxRecogniser
from octavia_transcriber.planning.features import extract
from octavia_transcriber.planning.speech import find_speech


@pytest.fixture
async def engine():
    engine = PocketsphinxRecogniser()
    await engine.start()
    yield engine
    await engine.close()


def request_of(talk, language: str = "en-US") -> RecognitionRequest:
    return RecognitionRequest(talk.pcm, tuple(find_speech(extract([talk.pcm]))), language)


def word_error_rate(truth: str, heard: str) -> float:
    """Edit distance in words, over the number of true words."""
    reference = ["".join(c for c in w if c.isalpha() or c == "'") for w in truth.lower().split()]
    row = list(range(len(heard.split()) + 1))
    for true in reference:
        above, row = row, [row[0] + 1]
        for column, word in enumerate(heard.lower().split(), start=1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (true != word)))
    return row[-1] / len(reference)


async def test_it_understands_most_words_and_knows_when_they_were_said(engine, talk):
    heard = await engine.run(request_of(talk), CancelToken())
    assert heard.language == "en"
    assert word_error_rate(talk.text, " ".join(word.text for word in heard.words)) < 0.3
    assert not any(set(word.text) & set("<>[]+()") for word in heard.words)
    for one, two in zip(heard.words, heard.words[1:], strict=False):
        assert one.start < one.end <= two.start + 0.011
    for word in heard.words:
        assert any(start - 0.15 < word.start and word.end < end + 0.15 for start, end in talk.spoken), word


async def test_the_same_sound_gives_the_same_words_whatever_came_before(engine, talk, talk_over_music):
    first = await engine.run(request_of(talk), CancelToken())
    await engine.run(request_of(talk_over_music), CancelToken())
    assert await engine.run(request_of(talk), CancelToken()) == first


async def test_the_event_loop_lives_while_it_decodes(engine, talk):
    task = asyncio.create_task(engine.run(request_of(talk), CancelToken()))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks >= 5  # decoding in this process let a timer of 10 ms tick twice


async def test_cancelling_ends_it_and_the_next_chunk_works(engine, talk):
    token = CancelToken()
    running = asyncio.create_task(engine.run(request_of(talk), token))
    await asyncio.sleep(0.1)
    token.cancel("test")
    with pytest.raises(JobCancelledError):
        await running
    assert (await engine.run(request_of(talk), CancelToken())).words


async def test_a_decoder_that_dies_is_started_again(engine, talk):
    running = asyncio.create_task(engine.run(request_of(talk), CancelToken()))
    await asyncio.sleep(0.1)
    os.kill(engine._process._process.pid, signal.SIGKILL)
    assert (await running).words


async def test_a_decoder_that_hangs_is_killed(engine, talk, monkeypatch):
    monkeypatch.setattr(module, "_LEAST_LIMIT_SECONDS", 0.05)
    monkeypatch.setattr(module, "_LIMIT_TIMES_REAL_TIME", 0.0)
    engine.attempts = 1
    with pytest.raises(module.TransientError, match="stopped in a chunk"):
        await engine.run(request_of(talk), CancelToken())


async def test_silence_and_nothing_have_no_words(engine):
    quiet = np.zeros(32_000, np.int16)
    assert (await engine.run(RecognitionRequest(quiet, (), "en"), CancelToken())).words == ()


async def test_other_languages_are_refused_with_what_can_be_done(engine, talk):
    with pytest.raises(UnsupportedLanguageError, match="understands en") as refused:
        await engine.run(request_of(talk, "de"), CancelToken())
    assert refused.value.context["supported"] == ["en"]


async def test_a_missing_package_is_one_clear_line(monkeypatch):
    def missing(_: str) -> str:
        raise module.PackageNotFoundError

    monkeypatch.setattr(module, "version", missing)
    with pytest.raises(EngineUnavailableError, match=r"octavia-transcriber\[pocketsphinx\]"):
        await PocketsphinxRecogniser().start()


async def test_a_decoder_that_cannot_start_is_one_clear_line(monkeypatch, tmp_path):
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError('no model\\nhere')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match=r"^pocketsphinx does not start: no model here$"):
        await PocketsphinxRecogniser().start()
    monkeypatch.setattr(pocketsphinx_process.sys, "executable", "/bin/false")
    with pytest.raises(EngineUnavailableError, match="status 1"):
        await PocketsphinxRecogniser().start()
    assert sys.executable == "/bin/false"


async def test_closing_leaves_no_process(talk):
    engine = PocketsphinxRecogniser()
    await engine.start()
    pid = engine._process._process.pid
    await engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
