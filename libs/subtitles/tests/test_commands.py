"""`octavia subtitles check` says what is wrong with a file, and by its exit status whether anything is."""

import json
from pathlib import Path

from octavia_subtitles.commands import app
from typer.testing import CliRunner

GOOD = "1\n00:00:01,000 --> 00:00:03,000\nGood morning.\n\n"


def checked(path: Path, text: str, *options: str) -> tuple[int, str]:
    path.write_text(text)
    result = CliRunner().invoke(app, ["check", str(path), *options])
    return result.exit_code, result.output


def test_a_good_file_is_called_good(tmp_path: Path) -> None:
    assert checked(tmp_path / "a.srt", GOOD) == (0, "1 cues (srt, utf-8): none with something wrong\n")


def test_each_broken_rule_is_told_with_its_cue(tmp_path: Path) -> None:
    code, output = checked(tmp_path / "a.srt", GOOD + f"2\n00:00:03,010 --> 00:00:03,500\n{'x' * 50}\n")
    assert code == 1
    for rule in ("gap", "line_width", "reading_speed", "too_short"):
        assert rule in output
    assert "2 cues (srt, utf-8): 2 with something wrong" in output


def test_programs_get_json(tmp_path: Path) -> None:
    code, output = checked(tmp_path / "a.srt", GOOD.replace("03,000", "09,000"), "--json")
    report = json.loads(output)
    assert code == 1
    assert [each["rule"] for each in report["violations"]] == ["too_long"]
    assert (report["form"], report["cues"]) == ("srt", 1)


def test_what_cannot_be_read_is_told_apart_from_what_is_wrong(tmp_path: Path) -> None:
    code, output = checked(tmp_path / "a.srt", "no subtitles")
    assert code == 2
    assert "no subtitle file" in output
