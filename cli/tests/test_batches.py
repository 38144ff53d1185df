"""Several files with one command."""

import json
from pathlib import Path

import pytest
from octavia_cli import following

from .conftest import Client
from .miniature import Miniature


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.01)


@pytest.fixture
def videos(talk: Path) -> list[Path]:
    podcast, other = talk.with_name("news.mp3"), talk.with_name("other.mp4")
    podcast.write_bytes(b"sound")
    other.write_bytes(b"another video")
    return [talk, podcast, other]


def test_several_files_are_one_batch(signed_in: Client, gateway: Miniature, videos: list[Path]) -> None:
    result = signed_in("translate", *map(str, videos), "--to", "es", "--to", "fr")
    assert result.exit_code == 0, result.output
    assert "These 3 files cost 60 credits; you have 100." in result.stderr
    assert "It cost 60 credits; 40 are left." in result.stdout
    for name in ("talk.es.mp4", "talk.fr.mp4", "news.es.mp4", "other.fr.mp4"):
        assert (videos[0].parent / name).read_bytes() == gateway.result
    assert [job["kind"] for job in gateway.jobs.values()] == [
        "video_translate",
        "audio_translate",
        "video_translate",
    ]
    assert [call for call in gateway.calls if call[0] == "POST" and "batches" in call[1]] == [
        ("POST", "/batches"),
        ("POST", f"/batches/{next(iter(gateway.batches))}/process"),
    ]


def test_one_that_fails_does_not_keep_the_others(
    signed_in: Client, gateway: Miniature, videos: list[Path]
) -> None:
    gateway.fails, gateway.error = {"other.mp4"}, "It has no sound."
    result = signed_in("translate", *map(str, videos), "--to", "es")
    assert result.exit_code == 5
    assert (videos[0].parent / "talk.es.mp4").exists()
    assert not (videos[0].parent / "other.es.mp4").exists()
    assert "other.mp4: It has no sound." in result.stdout
    assert "1 of these files are not done" in result.stderr


def test_json_for_scripts(signed_in: Client, gateway: Miniature, videos: list[Path]) -> None:
    found = json.loads(signed_in("translate", *map(str, videos[:2]), "--to", "es", "--json").stdout)
    assert (found["status"], found["credits_charged"]) == ("completed", 20)
    assert [Path(job["file"]).name for job in found["jobs"]] == ["talk.mp4", "news.mp3"]


def test_too_little_credit_begins_none(signed_in: Client, gateway: Miniature, videos: list[Path]) -> None:
    gateway.balance = 25
    result = signed_in("translate", *map(str, videos), "--to", "es")
    assert result.exit_code != 0
    assert "These jobs cost 30 credits together." in result.stderr
    assert {job["step"] for job in gateway.jobs.values()} == {-1}


def test_what_cannot_go_together_costs_no_upload(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "elsewhere" / "talk.mp4"
    twin.parent.mkdir()
    twin.write_bytes(b"x")
    for arguments, said in (
        ([str(talk), str(twin), "--out", str(tmp_path)], "results of one name: talk"),
        ([str(talk), str(tmp_path / "missing.mp4")], "There is no file"),
        ([str(talk)] * 101, "At most 100 files"),
    ):
        result = signed_in("translate", *arguments, "--to", "es")
        assert result.exit_code == 2
        assert said in result.stderr
    assert gateway.files == {}
