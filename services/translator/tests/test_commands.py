"""`octavia languages`, and the choice of engine by setting."""

import json

from octavia_common.cancellation import CancelToken
from octavia_translator.checks import problem_of
from octavia_translator.commands import app
from octavia_translator.engine import Line, TranslationRequest
from octavia_translator.engines import make_engine
from octavia_translator.engines.apertium import ApertiumTranslator
from octavia_translator.engines.timed import TimedTranslator
from octavia_translator.settings import TranslatorSettings
from typer.testing import CliRunner


def test_pairs_are_listed_for_people_programs_and_the_gateway():
    text = CliRunner().invoke(app, [])
    assert text.exit_code == 0
    assert "en → " in text.stdout
    pairs = json.loads(CliRunner().invoke(app, ["--format", "json"]).stdout)
    assert {"es", "ca", "gl", "fr", "pt"} <= set(pairs["en"])
    setting = CliRunner().invoke(app, ["--format", "setting"]).stdout.strip().split(",")
    assert setting == [f"{source}:{target}" for source in pairs for target in pairs[source]]


def test_a_missing_engine_is_one_line_and_a_failure(tmp_path):
    (tmp_path / "modes").mkdir()
    result = CliRunner().invoke(app, [], env={"APERTIUM_DATA_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "APERTIUM_DATA_DIR" in result.stderr


def test_the_setting_names_the_engine(monkeypatch):
    assert isinstance(make_engine(TranslatorSettings()), ApertiumTranslator)
    monkeypatch.setenv("TRANSLATOR_ENGINE", "timed")
    monkeypatch.setenv("TIMED_ENGINE_SECONDS", "0.5")
    engine = make_engine(TranslatorSettings())
    assert isinstance(engine, TimedTranslator)
    assert engine.seconds == 0.5


async def test_the_timed_engine_passes_the_checks_and_is_deterministic():
    engine = TimedTranslator(0, threads=1)
    await engine.start()
    request = TranslationRequest("en", "es", (Line("a", "one two three"), Line("b", "yes")))
    answers = await engine.run(request, CancelToken())
    assert answers == await engine.run(request, CancelToken())
    for line, answer in zip(request.lines, answers, strict=True):
        assert problem_of(line.text, answer, "es") is None
    await engine.close()
