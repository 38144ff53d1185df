"""Seeing what there is."""

import json
from pathlib import Path

from .conftest import Client
from .miniature import Miniature


def made(octavia: Client, talk: Path) -> str:
    result = octavia("translate", str(talk), "--to", "es", "--json")
    return str(json.loads(result.stdout)["job_id"])


def test_jobs(signed_in: Client, talk: Path) -> None:
    assert "no jobs" in signed_in("jobs").stdout
    job_id = made(signed_in, talk)
    listed = signed_in("jobs").stdout
    assert job_id in listed
    assert "completed" in listed
    assert [job["id"] for job in json.loads(signed_in("jobs", "--json").stdout)] == [job_id]
    assert json.loads(signed_in("jobs", "--json", "--status", "failed").stdout) == []
    one = signed_in("jobs", job_id).stdout
    assert "talk.mp4" in one
    assert "100.0%" in one
    assert json.loads(signed_in("jobs", job_id, "--json").stdout)["credits_charged"] == 10


def test_an_unknown_job(signed_in: Client) -> None:
    result = signed_in("jobs", "no-such-job", "--json")
    assert result.exit_code == 7
    assert json.loads(result.stdout)["error"]["code"] == "job_not_found"


def test_cancelling(signed_in: Client, talk: Path) -> None:
    job_id = made(signed_in, talk)
    assert "credits come back" in signed_in("cancel", job_id).stdout
    assert signed_in("download", job_id).exit_code == 5


def test_downloading_again(signed_in: Client, gateway: Miniature, talk: Path, tmp_path: Path) -> None:
    job_id = made(signed_in, talk)
    result = signed_in("download", job_id, "--out", str(tmp_path / "again"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "again" / "talk.es.mp4").read_bytes() == gateway.result


def test_credits(signed_in: Client) -> None:
    assert "100 credits to spend, 5 held" in signed_in("credits").stdout
    history = signed_in("credits", "--history").stdout
    assert "refunded" in history
    assert "+10" in history
    assert (
        json.loads(signed_in("credits", "--history", "--json").stdout)["transactions"][0]["kind"] == "release"
    )


def test_prices(signed_in: Client) -> None:
    text = signed_in("prices").stdout
    assert "0 to 5 min" in text
    assert "5 to 60 min" in text
    assert "over 60 min" in text
    rows = [line for line in text.splitlines() if "subtitles" in line]
    assert [row.rsplit("│", 2)[1].strip() for row in rows] == ["5", "13", "75"]
