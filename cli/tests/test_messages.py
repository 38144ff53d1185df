"""Every sentence in both languages."""

import ast
import os
import string
import subprocess
import sys
from pathlib import Path

import octavia_cli
import pytest
from octavia_cli.messages import _, catalogue, language

from .conftest import Client
from .miniature import Miniature

SOURCE = Path(octavia_cli.__file__).parent


def said() -> set[str]:
    """Every text inside `_()`."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                first = node.args[0]
                assert isinstance(first, ast.Constant), f"{path}:{node.lineno}: the text must stand there"
                found.add(first.value)
    return found


def fields(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


def test_the_catalogue_is_complete_and_has_nothing_left_over() -> None:
    assert set(catalogue()) == said()


def test_translations_keep_what_is_filled_in() -> None:
    for english, vietnamese in catalogue().items():
        assert fields(vietnamese) == fields(english)
        assert vietnamese != english


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "vi"}, "vi"),
        ({"LANG": "de_DE"}, "en"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_locale_chooses(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected
    assert _("Password") == {"en": "Password", "vi": "Mật khẩu"}[expected]


def test_a_vietnamese_reads_vietnamese(octavia: Client, gateway: Miniature) -> None:
    environment = {**os.environ, "LANG": "vi_VN.UTF-8", "OCTAVIA_SERVER": gateway.address}
    command = [sys.executable, "-c", "from octavia_cli.main import main; main()"]
    helped = subprocess.run([*command, "--help"], env=environment, capture_output=True, text=True, check=True)
    assert "Đăng xuất" in helped.stdout
    refused = subprocess.run(
        [*command, "credits"], env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 3
    assert "chưa đăng nhập" in refused.stderr
    environment["OCTAVIA_TOKEN"] = "unknown"
    subprocess.run([*command, "credits"], env=environment, capture_output=True, check=False)
    assert gateway.headers[-1]["accept-language"] == "vi"
