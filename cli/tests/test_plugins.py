"""Commands of other packages: there when asked for, harmless when broken."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from octavia_cli import plugins

from .conftest import Client

GOOD = """
import typer
app = typer.Typer(help="Weighs things.")

@app.command()
def weigh(grams: int) -> None:
    typer.echo(f"{grams} g")
    raise typer.Exit(9 if grams > 100 else 0)

@app.command()
def other() -> None: ...
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "good_plugin.py").write_text(GOOD)
    (folder / "bad_plugin.py").write_text("raise RuntimeError('left half done')")
    monkeypatch.syspath_prepend(str(folder))
    points = {
        "scales": EntryPoint("scales", "good_plugin:app", plugins.GROUP),
        "bad": EntryPoint("bad", "bad_plugin:app", plugins.GROUP),
        "gone": EntryPoint("gone", "no_such_module:app", plugins.GROUP),
        "notyper": EntryPoint("notyper", "sys:path", plugins.GROUP),
        "jobs": EntryPoint("jobs", "bad_plugin:app", plugins.GROUP),
    }
    monkeypatch.setattr(plugins, "found", lambda: points)
    yield
    for name in ("good_plugin", "bad_plugin"):
        sys.modules.pop(name, None)


def test_a_plugin_is_a_command(octavia: Client) -> None:
    result = octavia("scales", "weigh", "12")
    assert (result.exit_code, result.stdout) == (0, "12 g\n")
    assert octavia("scales", "weigh", "101").exit_code == 9
    assert octavia("scales", "weigh", "much").exit_code == 2


def test_the_help_lists_all_and_survives_the_broken(octavia: Client) -> None:
    result = octavia("--help")
    assert result.exit_code == 0, result.output
    for name in ("translate", "scales", "bad", "gone"):
        assert name in result.stdout
    assert "Weighs things." in result.stdout
    assert "Exit codes" in result.stdout


@pytest.mark.parametrize(
    ("name", "reason"), [("bad", "left half done"), ("gone", "no_such_module"), ("notyper", "typer.Typer")]
)
def test_a_broken_plugin_says_why(octavia: Client, name: str, reason: str) -> None:
    result = octavia(name, "anything", "--at", "all")
    assert result.exit_code == 1
    assert reason in result.stderr


def test_nothing_is_imported_for_nothing(signed_in: Client) -> None:
    assert signed_in("credits").exit_code == 0
    assert "good_plugin" not in sys.modules
    assert "bad_plugin" not in sys.modules


def test_our_own_commands_stay_ours(signed_in: Client) -> None:
    assert "no jobs" in signed_in("jobs").stdout
