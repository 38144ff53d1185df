"""What a hostile server sends stays where it belongs."""

from pathlib import Path

import pytest
from octavia_cli.downloads import result_path
from octavia_cli.errors import UnreachableError
from octavia_cli.foreign import file_name, plain

from .conftest import Client
from .miniature import Miniature
from .test_jobs_and_credits import made


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/x.mp4", "x.mp4"),
        ("..\\..\\evil.mp4", "evil.mp4"),
        ("..", "result"),
        ("", "result"),
        ("a\0b.mp4", "ab.mp4"),
        ("a\r\nSet-Cookie: x.mp4", "a Set-Cookie: x.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("Việt Nam ☺.mp4", "Việt Nam ☺.mp4"),
        (".hidden", "hidden"),
    ],
)
def test_a_name_cannot_leave_its_folder(raw: str, name: str) -> None:
    assert file_name(raw) == name


def test_a_long_name_fits_with_all_that_is_put_around_it() -> None:
    name = file_name("ü" * 5000 + ".mp4")
    assert name.endswith(".mp4")
    assert len(f".{name}.es.part".encode()) <= 255


@pytest.mark.parametrize(
    "language", ["../../x", "/etc/x", "e\0s", "", "es/..", "es\n", ".", None, 7, "x" * 300]
)
def test_a_language_that_is_a_path_writes_nothing(language: object) -> None:
    with pytest.raises(UnreachableError):
        result_path(Path("talk.mp4"), language, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["es", "pt-BR", "zh-Hant-TW"])
def test_a_language_is_part_of_the_name(language: str) -> None:
    assert result_path(Path("a/talk.mp4"), language, None, None) == Path(f"a/talk.{language}.mp4")


def test_a_terminal_takes_no_orders() -> None:
    hostile = {"step": "\x1b]0;owned\x07\x1b[2J\u202eline\nnext\ttab", "list": ["\x9b31m", "\ud800"]}
    assert plain(hostile) == {"step": "]0;owned[2Jline\nnext\ttab", "list": ["31m", ""]}


@pytest.mark.parametrize("name", ["../../outside.mp4", "\x1b[31m[bold]a[/nothing]\u202e.mp4"])
def test_hostile_names_through_the_program(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path, name: str
) -> None:
    job_id = made(signed_in, talk)
    gateway.jobs[job_id]["filename"] = name
    listed = signed_in("jobs")
    assert listed.exit_code == 0, listed.output
    assert "\x1b[31m" not in listed.output
    folder = tmp_path / "deep" / "er" / "out"
    assert signed_in("download", job_id, "--out", str(folder)).exit_code == 0
    assert [path.parent for path in tmp_path.rglob("*.es.mp4") if path.parent != talk.parent] == [folder]


def test_a_hostile_language_through_the_program(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path
) -> None:
    job_id = made(signed_in, talk)
    before = sorted(tmp_path.rglob("*"))
    gateway.jobs[job_id]["target_languages"] = ["../../escaped"]
    result = signed_in("download", job_id, "--out", str(tmp_path / "x"))
    assert result.exit_code != 0
    assert "language" in result.output
    assert sorted(tmp_path.rglob("*")) == before
