"""`octavia engines`: each engine in a process of its own, and one line about each."""

import json
import sys
from pathlib import Path

import pytest
from octavia_common.commands import engines
from octavia_common.engines import EngineOffer
from typer.testing import CliRunner

OFFER = """
import os, time
from octavia_common.engines import Engine, EngineOffer
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import EnginePublished

class Toy(Engine):
    kind = "translator"
    def __init__(self, name):
        super().__init__()
        self.name = name
    def load(self):
        print("packages chatter")
        if self.name == "missing":
            raise EngineUnavailableError("The program toy is missing: install it.")
        if self.name == "broken":
            raise ValueError("what is this")
        if self.name == "killed":
            os._exit(9)
        if self.name == "slow":
            time.sleep(60)
    def work(self, request, cancel):
        return None
    def published(self):
        gentle = os.environ.get("TOY_DOWNLOAD", "true")
        return EnginePublished(kind="translator", engine="toy", version="1", model=gentle, licence="MIT")

OFFER = EngineOffer(
    kind="translator",
    names=("good", "missing", "broken", "killed", "slow"),
    chosen=lambda: os.environ.get("TOY_ENGINE", "good"),
    make=Toy,
    gently={"TOY_DOWNLOAD": "false"},
)
"""


@pytest.fixture
def toys(tmp_path, monkeypatch) -> EngineOffer:
    (tmp_path / "toys.py").write_text(OFFER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    import toys  # type: ignore[import-not-found]

    monkeypatch.setattr(engines, "offers", lambda: [("toys:OFFER", toys.OFFER)])
    yield toys.OFFER
    del sys.modules["toys"]


def test_each_engine_is_tried_and_says_why_it_cannot(toys, monkeypatch):
    others = _only(toys, "good", "missing", "broken", "killed")
    monkeypatch.setattr(engines, "offers", lambda: [("toys:OFFER", others)])
    shown = CliRunner().invoke(engines.app, ["--json"])
    assert shown.exit_code == 0, shown.output
    by_name = {each["engine"]: each for each in json.loads(shown.stdout)}
    good = by_name["good"]
    assert (good["loads"], good["chosen"], good["version"], good["licence"]) == (True, True, "1", "MIT")
    assert good["model"] == "false"  # nothing is fetched unless it is asked for
    why = {name: each["why"] for name, each in by_name.items() if not each["loads"]}
    assert why == {
        "missing": "The program toy is missing: install it.",
        "broken": "ValueError: what is this",
        "killed": "it ended with 9",
    }


def test_one_that_does_not_come_to_an_end_is_given_up(toys):
    slow = engines.tried("toys:OFFER", toys, "slow", fetch=False, timeout=0.5)
    assert (slow.loads, slow.why) == (False, "It did not load within 0.5 s.")


def test_a_chosen_engine_that_cannot_load_is_a_failure_and_models_are_fetched_on_request(toys, monkeypatch):
    monkeypatch.setattr(engines, "offers", lambda: [("toys:OFFER", _only(toys, "good", "missing"))])
    shown = CliRunner().invoke(engines.app, ["--fetch", "--kind", "translator"])
    assert shown.exit_code == 0
    assert "* translator   good            yes" in shown.stdout
    assert "1, true, licence MIT" in shown.stdout
    assert "  translator   missing         no   The program toy is missing" in shown.stdout
    monkeypatch.setenv("TOY_ENGINE", "missing")
    assert CliRunner().invoke(engines.app, []).exit_code == 1
    assert CliRunner().invoke(engines.app, ["--kind", "transcriber"]).stdout == ""


def _only(offer: EngineOffer, *names: str) -> EngineOffer:
    return EngineOffer(offer.kind, names, offer.chosen, offer.make, offer.gently)


def test_an_engine_with_an_environment_of_its_own_is_tried_in_that(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert engines.python_of("heavy") == Path(sys.executable)
    own = tmp_path / ".engines" / "heavy" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert engines.python_of("heavy") == own


def test_every_service_with_an_engine_offers_what_its_setting_takes():
    offers = {offer.kind: offer for _, offer in engines.offers()}
    assert set(offers) == {"transcriber", "translator", "synthesizer"}
    assert {"espeak", "coqui"} <= set(offers["synthesizer"].names)
    assert {"apertium", "vllm"} <= set(offers["translator"].names)
    assert {"pocketsphinx", "faster-whisper"} <= set(offers["transcriber"].names)
    for offer in offers.values():
        assert offer.chosen() in offer.names
        assert {offer.make(name).name for name in offer.names} == set(offer.names)
