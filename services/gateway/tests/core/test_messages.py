"""The catalogue of messages."""

import ast
import string
from importlib.resources import files

import pytest
from octavia_gateway import messages


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("vi", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en-US,en;q=0.9,vi;q=0.8", "en"),
        ("fr, vi;q=0.5", "vi"),
        ("vi;q=0", "en"),
        ("vi;q=abc", "en"),
        ("de", "en"),
    ],
)
def test_the_best_language_of_ours_is_chosen(header: str | None, language: str) -> None:
    assert messages.chosen_language(header) == language


def test_vietnamese_is_filled_in_and_falls_back_to_english() -> None:
    context = {"required": 10, "balance": 3}
    assert "10" in messages.detail_of("insufficient_credits", "english", context, "vi")
    assert messages.detail_of("insufficient_credits", "english", {}, "vi") == "english"
    assert messages.detail_of("no_such_code", "english", {}, "vi") == "english"
    assert messages.title_of("no_such_code", "vi") == "No such code"


def test_every_error_of_the_gateway_is_in_the_catalogue() -> None:
    missing = [code for code in _codes_in_source() if code not in messages.CATALOGUE]
    assert missing == []


def test_templates_are_well_formed() -> None:
    for text in messages.CATALOGUE.values():
        assert text.en
        assert text.vi
        assert all(
            name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(text.vi_detail)
        )


def _codes_in_source() -> list[str]:
    """Every `code = "…"` in the body of a class of the package."""
    package = files("octavia_gateway")
    codes: list[str] = []
    for path in sorted(package.rglob("*.py")):  # type: ignore[attr-defined]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                codes += [
                    statement.value.value
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    and isinstance(statement.targets[0], ast.Name)
                    and statement.targets[0].id == "code"
                    and isinstance(statement.value, ast.Constant)
                ]
    return codes
