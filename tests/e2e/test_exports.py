"""Other files of a finished job, by the API, measured on what was downloaded."""

from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples import measure
from octavia_samples.factory import CHEAP, make_speech_video
from octavia_samples.script import SAMPLE

from . import dubbing
from .conftest import eventually
from .ledger import assert_paid_once, verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


async def exported(api: Api, job_id: str, folder: Path, **wish: Any) -> Path:
    """Ask for an export, wait until it is made, and save it by the name that the server gives it."""
    path = f"/api/v1/jobs/{job_id}/exports"
    export = await api.call("POST", path, json=wish)

    async def made() -> dict[str, Any] | None:
        now: dict[str, Any] = await api.call("GET", f"{path}/{export['id']}")
        assert now["status"] != "failed", now
        return now if now["status"] == "completed" else None

    done = await eventually(made, timeout=90)
    assert (await api.call("POST", path, json=wish))["id"] == export["id"], "it is made once"
    answer = await api.http.get(done["download"])
    assert answer.status_code == 200
    assert len(answer.content) == done["size_bytes"]
    file = folder / f"{export['id']}.{done['container']}"
    file.write_bytes(answer.content)
    return file


async def test_other_files_of_a_finished_job(platform: Platform, api: Api, tmp_path: Path) -> None:
    source = tmp_path / "talk.mp4"
    truth = make_speech_video(source, SAMPLE[:3], picture=CHEAP)
    starts = [line.start for line in truth.lines]
    job = await api.create((await api.upload(source))["file_id"], "es", "fr")
    await api.process(job["id"])
    assert (await api.wait(job["id"], timeout=200))["status"] == "completed"
    dub = await api.download(job["id"], "fr", tmp_path / "dub.mp4")
    listed = await api.call("GET", f"/api/v1/jobs/{job['id']}/exports")
    assert "mkv" in listed["containers"]["tracks"]

    tracks = await exported(api, job["id"], tmp_path, kind="tracks", container="mkv")
    dubbing.assert_picture_untouched(source, tracks)
    assert [track.language for track in measure.tracks(tracks, "audio")] == ["spa", "fra", "eng"]
    for place in range(3):
        errors = measure.onset_errors(measure.sound(tracks, track=place), starts)
        assert all(abs(error) <= dubbing.ONSET_SECONDS for error in errors), (place, errors)

    burnt = await exported(api, job["id"], tmp_path, kind="burnt", languages=["fr"])
    assert not measure.tracks(burnt, "subtitle")
    assert abs(measure.duration(burnt) - measure.duration(source)) <= measure.frame_seconds(source) + 0.05
    spoken = (await api.transcript(job["id"], "fr"))["segments"][0]
    shown = (spoken["placed_start"] + spoken["placed_end"]) / 2
    assert measure.picture_hash_at(burnt, shown) != measure.picture_hash_at(source, shown)
    dubbing.assert_onsets(burnt, starts)

    audio = await exported(api, job["id"], tmp_path, kind="audio", languages=["fr"])
    assert not measure.tracks(audio, "video")
    dubbing.assert_onsets(audio, starts)
    assert abs(measure.loudness(audio).integrated - measure.loudness(dub).integrated) <= 1.0

    speech = await exported(api, job["id"], tmp_path, kind="speech", languages=["fr"])
    background = await exported(api, job["id"], tmp_path, kind="background")
    alone, beneath = measure.sound(speech), measure.sound(background)
    said = measure.level(alone, spoken["placed_start"], spoken["placed_end"])
    assert said > measure.level(beneath, spoken["placed_start"], spoken["placed_end"]) + 6, "speech, and none"
    assert measure.level(alone, 0.0, spoken["placed_start"] - 0.1) < said - 40, "nothing but speech"

    assert len((await api.call("GET", f"/api/v1/jobs/{job['id']}/exports"))["items"]) == 5
    await assert_paid_once(api, job)
    verify_ledger(platform)
