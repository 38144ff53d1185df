"""Having other files made of a job."""

import json
from pathlib import Path

from .conftest import Client
from .miniature import Miniature
from .test_jobs_and_credits import made


def test_an_export_is_awaited_and_fetched(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path
) -> None:
    job_id = made(signed_in, talk)
    asked = ("--kind", "burnt", "--container", "mkv", "--to", "fr", "--position", "auto")
    done = signed_in("export", job_id, *asked, "--out", str(tmp_path), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["file"] == str(tmp_path / "talk.fr.burnt.mkv")
    assert Path(found["file"]).read_bytes() == gateway.result
    assert gateway.exported == {
        "kind": "burnt",
        "container": "mkv",
        "languages": ["fr"],
        "subtitles": {"content": "target", "position": "auto"},
    }
    assert "Look at it." in signed_in("export", job_id, "--kind", "audio", "--out", str(tmp_path)).stdout


def test_an_export_that_fails_says_why(
    signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path
) -> None:
    job_id = made(signed_in, talk)
    gateway.export_ends = "failed"
    failed = signed_in("export", job_id, "--kind", "burnt", "--out", str(tmp_path), "--json")
    assert failed.exit_code == 5
    assert json.loads(failed.stdout)["error"]["code"] == "export_too_long"
    assert not list(tmp_path.glob("*.burnt.*"))


def test_what_there_is_to_choose(signed_in: Client, talk: Path) -> None:
    job_id = made(signed_in, talk)
    shown = signed_in("export", job_id).stdout
    assert "mp4, mkv" in shown
    assert "cannot be made" in shown
