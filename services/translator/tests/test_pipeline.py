"""The stream format, and pipelines that die, hang or are cancelled."""

import shutil
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError
from octavia_translator.engines.pipeline import Pipeline, PipelineError, PipelinePool, deformat, reformat

ECHO = "cat"


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Zl", "Zp", "Cc"))))
def test_any_text_survives_the_stream_format(text):
    assert reformat(deformat(text)) == text.strip()


@given(st.text())
def test_the_stream_format_has_no_bare_reserved_character(text):
    stream = deformat(text).removesuffix(".[]")
    bare = stream.replace("\\\\", "")
    assert "\0" not in stream
    assert all(f"\\{sign}" in bare or sign not in bare for sign in "[]{}^$/@<>")


@pytest.fixture
def pipeline():
    made: list[Pipeline] = []

    def make(script: str) -> Pipeline:
        made.append(Pipeline(script, "test"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_answers_one_line_after_the_other(pipeline):
    echo = pipeline(ECHO)
    assert [echo.ask(text, CancelToken(), timeout=10) for text in ("uno", "", "tres [x] \\")] == [
        "uno",
        "",
        "tres [x] \\",
    ]
    assert echo.uses == 3


def test_a_dead_pipeline_is_a_transient_error(pipeline):
    with pytest.raises(PipelineError, match=r"apertium test"):
        pipeline("head -c 0").ask("x", CancelToken(), timeout=10)


def test_a_silent_pipeline_is_given_up(pipeline):
    with pytest.raises(PipelineError, match="too long"):
        pipeline("sleep 60").ask("x", CancelToken(), timeout=0.05)


def test_two_answers_to_one_line_are_refused(pipeline):
    with pytest.raises(PipelineError, match="more than once"):
        pipeline(r"sed -z -u 's/.*/&\x00again/'").ask("x", CancelToken(), timeout=10)


def test_cancel_ends_the_programs_at_once(pipeline):
    silent = pipeline("sleep 60")
    token = CancelToken()
    timer = threading.Timer(0.1, token.cancel)
    timer.start()
    with pytest.raises(JobCancelledError):
        silent.ask("x", token, timeout=50)
    timer.join()


def test_too_long_a_line_is_refused(pipeline):
    with pytest.raises(ValueError, match="more than"):
        pipeline(ECHO).ask("x" * 40_000, CancelToken(), timeout=1)


@pytest.mark.skipif(shutil.which("apertium-wblank-mode") is None, reason="needs Apertium")
def test_pool_keeps_good_pipelines_and_drops_failed_ones(tmp_path: Path):
    modes = tmp_path / "modes"
    modes.mkdir()
    for name in ("a", "b", "c"):
        (modes / f"{name}.mode").write_text("sed -u 's/x/y/'")
    pool = PipelinePool(tmp_path, limit=2)
    with pool.borrow("a") as first:
        assert first.ask("x", CancelToken(), timeout=10) == "y"
    with pool.borrow("a") as again:
        assert again is first
    with pytest.raises(RuntimeError), pool.borrow("a"):
        raise RuntimeError
    with pool.borrow("a") as fresh:
        assert fresh is not first
    with pool.borrow("b"), pool.borrow("c"):
        pass
    with pool.borrow("a") as evicted:
        assert evicted is not fresh
    with pytest.raises(PipelineError, match="is missing"):
        pool.script("nowhere")
    pool.close()
