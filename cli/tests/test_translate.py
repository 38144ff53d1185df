"""From a file to its translations, over whatever happens on the way."""

import json
from pathlib import Path

import pytest
from octavia_cli import downloads, following, uploads

from .conftest import Client
from .miniature import Miniature


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.01)


def test_a_video_comes_back_in_two_languages(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    result = signed_in("translate", str(talk), "--to", "es", "--to", "fr")
    assert result.exit_code == 0, result.output
    for language in ("es", "fr"):
        assert (talk.parent / f"talk.{language}.mp4").read_bytes() == gateway.result
    assert sorted(path.name for path in talk.parent.iterdir()) == ["talk.es.mp4", "talk.fr.mp4", "talk.mp4"]
    assert "It cost 20 credits; 80 are left." in result.stdout
    assert "This costs 20 credits; you have 100." in result.stderr
    assert "Translating part 1 of 2" in result.stderr
    [job] = gateway.jobs.values()
    assert job["source_language"] == "en"


@pytest.mark.parametrize(
    ("name", "kind"), [("talk.mp3", "audio"), ("talk.flac", "audio"), ("talk.mkv", "video")]
)
def test_sound_alone_is_a_job_of_its_own_kind(
    signed_in: Client, gateway: Miniature, talk: Path, name: str, kind: str
) -> None:
    file = talk.rename(talk.with_name(name))
    assert signed_in("translate", str(file), "--to", "es").exit_code == 0
    assert ("POST", f"/jobs/{kind}-translate/create") in gateway.calls


def test_json_for_scripts(signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path) -> None:
    gateway.notes = ["Nobody speaks in this video."]
    result = signed_in(
        "translate", str(talk), "--to", "es", "--from", "de", "--json", "--out", str(tmp_path / "o")
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["files"] == {"es": str(tmp_path / "o" / "talk.es.mp4")}
    assert (found["status"], found["credits_charged"], found["credits_available"]) == ("completed", 10, 90)
    assert found["notes"] == ["Nobody speaks in this video."]
    assert Path(found["files"]["es"]).read_bytes() == gateway.result


def test_wishes_are_sent_as_they_were_made(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path
) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text("\ufeffsource,es,fr,keep\nOctavia,,,x\ndub,doblar,doubler,\n,,,\n", "utf-8")
    result = signed_in(
        *("translate", str(talk), "--to", "es", "--source", "auto", "--style", "warm", "--speakers", "2"),
        *("--formality", "formal", "--glossary", str(terms), "--voice", "S1=ana", "--voice", "bob"),
        *("--clone-voice", "--check-speech", "--model-size", "large-v3"),
    )
    assert result.exit_code == 0, result.output
    [job] = gateway.jobs.values()
    assert job["source_language"] == "auto"
    assert job["wishes"] == {
        "options": {
            "style": "warm",
            "formality": "formal",
            "voices": {"S1": "ana", "*": "bob"},
            "clone_voice": True,
            "speakers": 2,
            "check_speech": True,
            "glossary": [
                {"source": "Octavia", "keep": True},
                {"source": "dub", "targets": {"es": "doblar", "fr": "doubler"}},
            ],
        },
        "model_size": "large-v3",
    }


def test_without_wishes_nothing_is_sent_of_them(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    assert signed_in("translate", str(talk), "--to", "es").exit_code == 0
    [job] = gateway.jobs.values()
    assert job["wishes"] == {}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--voice", "S1=", "SPEAKER=VOICE"),
        ("--glossary", "no such file", "cannot be read"),
        ("--glossary", "word,es\na,b\n", "names its columns"),
    ],
)
def test_wishes_that_cannot_be_read_cost_no_upload(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path, option: str, value: str, said: str
) -> None:
    if "," in value:
        (tmp_path / "terms.csv").write_text(value)
        value = str(tmp_path / "terms.csv")
    result = signed_in("translate", str(talk), "--to", "es", option, value)
    assert result.exit_code == 2
    assert said in result.stderr
    assert gateway.files == {}


def test_what_can_be_asked_for(signed_in: Client, gateway: Miniature) -> None:
    shown = signed_in("capabilities")
    assert shown.exit_code == 0, shown.output
    assert "en → es, fr" in shown.stdout
    assert "(--from auto)" in shown.stdout
    assert "Voices: ana (es), any" in shown.stdout
    assert "synthesizer: coqui, 1, es/css10, bsd-3-clause" in shown.stdout
    assert json.loads(signed_in("capabilities", "--json").stdout)["options"] == ["voices"]


def test_an_earlier_result_is_replaced(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    (talk.parent / "talk.es.mp4").write_bytes(b"old")
    assert signed_in("translate", str(talk), "--to", "es").exit_code == 0
    assert (talk.parent / "talk.es.mp4").read_bytes() == gateway.result


def test_a_large_file_goes_by_tus(
    signed_in: Client, gateway: Miniature, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FORM_BYTES", 100)
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 700)
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 0, result.output
    [upload] = gateway.uploads.values()
    assert bytes(upload.data) == talk.read_bytes()
    assert [call for call in gateway.calls if call[0] == "PATCH"].__len__() == 3
    assert ("POST", "/upload") not in gateway.calls


def test_an_upload_goes_on_where_it_broke(
    signed_in: Client, gateway: Miniature, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FORM_BYTES", 100)
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 700)
    monkeypatch.setattr(uploads.time, "sleep", lambda _: None)
    gateway.lose_patch = 3  # the last one too: the file is found by asking
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 0, result.output
    [upload] = gateway.uploads.values()
    assert bytes(upload.data) == talk.read_bytes()
    assert len(gateway.files) == 1


def test_a_stream_that_breaks_is_resumed_without_loss(
    signed_in: Client, gateway: Miniature, talk: Path
) -> None:
    gateway.break_stream_after = 1
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 0, result.output
    resumed = [h["last-event-id"] for h in gateway.headers if "last-event-id" in h]
    assert resumed == ["0", "1", "2", "3"]
    assert result.stderr.count("Translating part 1 of 2") == 1


def test_where_no_stream_gets_through_it_asks(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.no_stream = True
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 0, result.output
    streams = [path for _, path in gateway.calls if path.endswith("/events")]
    assert len(streams) == following.FRUITLESS_STREAMS


def test_a_server_that_is_away_for_a_moment(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.passing = 3
    assert signed_in("translate", str(talk), "--to", "es").exit_code == 0


def test_a_download_goes_on_where_it_broke(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.break_download_at = 300_000
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 0, result.output
    assert (talk.parent / "talk.es.mp4").read_bytes() == gateway.result
    assert sum("range" in headers for headers in gateway.headers) == 1


def test_a_damaged_download_gets_no_name(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.damage = True
    result = signed_in("translate", str(talk), "--to", "es", "--json")
    assert result.exit_code == 6
    assert json.loads(result.stdout)["error"]["code"] == "damaged_download"
    assert [path.name for path in talk.parent.iterdir()] == ["talk.mp4"]


def test_a_failed_job(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.steps = [gateway.steps[0], ("failed", "FAILED", 20.0, "Failed")]
    gateway.error = "The file has no audio track."
    result = signed_in("translate", str(talk), "--to", "es", "--json")
    assert result.exit_code == 5
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "no_audio"
    assert error["message"] == "The file has no audio track. Your credits are back."
    assert "no audio track" in result.stderr


def test_too_few_credits(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.balance = 9
    result = signed_in("translate", str(talk), "--to", "es", "--json")
    assert result.exit_code == 4
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["required"], error["balance"]) == ("insufficient_credits", 10, 9)


def test_a_language_that_cannot_be_done(signed_in: Client, talk: Path) -> None:
    result = signed_in("translate", str(talk), "--to", "xx")
    assert result.exit_code == 7
    assert "What can be done: en to es, fr" in result.stderr


def test_a_file_that_is_no_video(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    gateway.refuse_file = True
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 7
    assert "not a video" in result.stderr
    assert gateway.jobs == {}


@pytest.mark.parametrize(
    "arguments", [["translate", "missing.mp4", "--to", "es"], ["translate"], ["--nonsense"]]
)
def test_wrong_usage(signed_in: Client, arguments: list[str]) -> None:
    assert signed_in(*arguments).exit_code == 2


def test_nobody_signed_in(octavia: Client, gateway: Miniature, talk: Path) -> None:
    result = octavia("translate", str(talk), "--to", "es")
    assert result.exit_code == 3
    assert "octavia login" in result.stderr
    assert gateway.calls == []


def test_nobody_there(signed_in: Client, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTAVIA_API_KEY", "octv_key")
    result = signed_in("translate", str(talk), "--to", "es", server="http://127.0.0.1:9")
    assert result.exit_code == 6
    assert "cannot be reached" in result.stderr


def test_ctrl_c_leaves_the_job_and_says_so(
    signed_in: Client, gateway: Miniature, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("octavia_cli.translation.follow", interrupted)
    result = signed_in("translate", str(talk), "--to", "es")
    assert result.exit_code == 130
    [job_id] = gateway.jobs
    assert f"octavia download {job_id}" in result.stderr


@pytest.mark.parametrize(
    ("source", "media_type", "expected"),
    [
        ("talk.mp4", "video/mp4", "talk.es.mp4"),
        ("talk.avi", "video/x-matroska", "talk.es.mkv"),
        ("talk.mov", "video/mp4", "talk.es.mov"),
        ("my.long.talk.webm", "video/webm", "my.long.talk.es.webm"),
        ("talk.ts", None, "talk.es.ts"),
    ],
)
def test_names_of_results(source: str, media_type: str | None, expected: str) -> None:
    assert downloads.result_path(Path("a") / source, "es", media_type, None) == Path("a") / expected


def test_a_job_stops_for_review_and_goes_on_when_released(
    signed_in: Client, gateway: Miniature, talk: Path
) -> None:
    end = gateway.steps[-1]
    gateway.steps[-1] = ("review", "REVIEW", 50.0, "Waiting for you")
    result = signed_in("translate", str(talk), "--to", "es", "--review", "translation")
    assert result.exit_code == 0, result.output
    [job_id] = gateway.jobs
    assert gateway.jobs[job_id]["wishes"] == {"options": {"review": "translation"}}
    assert f"octavia release {job_id}" in result.stdout
    assert [path.name for path in talk.parent.iterdir()] == ["talk.mp4"]

    gateway.steps.append(end)
    assert signed_in("release", job_id).exit_code == 0
    assert signed_in("download", job_id, "--out", str(talk.parent)).exit_code == 0
    assert (talk.parent / "talk.es.mp4").read_bytes() == gateway.result
    again = signed_in("release", job_id)
    assert again.exit_code == 7
    assert "does not wait" in again.stderr


def test_review_is_for_one_file(signed_in: Client, gateway: Miniature, talk: Path) -> None:
    other = talk.with_name("other.mp4")
    other.write_bytes(talk.read_bytes())
    result = signed_in("translate", str(talk), str(other), "--to", "es", "--review", "transcript")
    assert result.exit_code == 2
    assert not gateway.jobs
