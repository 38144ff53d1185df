"""Subtitles of a video, files in other languages, and a file given with a video."""

from pathlib import Path

import pytest
from octavia_cli import following

from .conftest import Client
from .miniature import Miniature


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.01)


@pytest.fixture
def captions(talk: Path) -> Path:
    path = talk.with_suffix(".srt")
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello there.\n")
    return path


def test_subtitles_of_a_video_in_its_own_language_and_in_others(
    signed_in: Client, gateway: Miniature, talk: Path
) -> None:
    gateway.media_type = "application/x-subrip"
    assert signed_in("subtitles", "create", str(talk)).exit_code == 0
    assert ("POST", "/jobs/subtitles/create") in gateway.calls
    assert (talk.parent / "talk.en.srt").read_bytes() == gateway.result
    assert signed_in("subtitles", "create", str(talk), "--to", "es", "--to", "fr").exit_code == 0
    assert [job["target_languages"] for job in gateway.jobs.values()] == [["en"], ["es", "fr"]]


def test_a_subtitle_file_comes_back_beside_itself(
    signed_in: Client, gateway: Miniature, captions: Path
) -> None:
    gateway.media_type = "application/x-subrip"
    result = signed_in("subtitles", "translate", str(captions), "--to", "es", "--from", "en")
    assert result.exit_code == 0, result.output
    assert ("POST", "/jobs/subtitle-translate/create") in gateway.calls
    assert (captions.parent / "talk.es.srt").read_bytes() == gateway.result
    assert captions.read_text().startswith("1\n")


def test_several_files_go_as_one_batch(
    signed_in: Client, gateway: Miniature, talk: Path, captions: Path
) -> None:
    gateway.media_type = "application/x-subrip"
    other = captions.with_name("other.srt")
    other.write_bytes(captions.read_bytes())
    podcast = talk.with_name("news.mp3")
    podcast.write_bytes(b"sound")
    made = signed_in("subtitles", "create", str(talk), str(podcast))
    assert made.exit_code == 0, made.output
    translated = signed_in("subtitles", "translate", str(captions), str(other), "--to", "es")
    assert translated.exit_code == 0, translated.output
    for name in ("talk.en.srt", "news.en.srt", "talk.es.srt", "other.es.srt"):
        assert (talk.parent / name).read_bytes() == gateway.result
    kinds = [(job["kind"], job["target_languages"]) for job in gateway.jobs.values()]
    assert kinds == [("subtitles", ["en"])] * 2 + [("subtitle_translate", ["es"])] * 2
    gateway.fails, gateway.error = {"other.srt"}, "It is empty."
    failed = signed_in("subtitles", "translate", str(captions), str(other), "--to", "fr")
    assert (failed.exit_code, "1 of these files are not done" in failed.stderr) == (5, True)
    given = signed_in("subtitles", "create", str(talk), str(podcast), "--subtitles", str(captions))
    assert given.exit_code == 2


def test_a_file_is_given_with_a_video(
    signed_in: Client, gateway: Miniature, talk: Path, captions: Path
) -> None:
    result = signed_in("translate", str(talk), "--to", "es", "--subtitles", str(captions))
    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert gateway.files[job["wishes"]["subtitle_file_id"]]["filename"] == "talk.srt"


def test_what_another_package_adds_stands_beside_them(octavia: Client, captions: Path) -> None:
    listed = octavia("subtitles", "--help")
    assert listed.exit_code == 0, listed.output
    assert all(name in listed.stdout for name in ("create", "translate", "check"))
    checked = octavia("subtitles", "check", str(captions))
    assert checked.exit_code == 0, checked.output
    assert octavia("subtitles", "mend", str(captions)).exit_code == 2
