"""A podcast in, the same in Spanish out: its format, tags, cover and length as they came."""

import json
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_samples import measure
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE
from octavia_samples.tools import ffmpeg, run

from . import dubbing
from .ledger import assert_paid_once

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TAGS = {"title": "Học tiếng: số một", "artist": "Ann & Bob", "album": "Talks"}


async def test_a_podcast_comes_back_as_it_came(api: Api, tmp_path: Path) -> None:
    film, cover, source = tmp_path / "film.mp4", tmp_path / "cover.png", tmp_path / "podcast.mp3"
    truth = make_speech_video(film, SAMPLE[:5])
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(cover))
    ffmpeg(
        *("-i", str(film), "-i", str(cover), "-map", "0:a", "-map", "1:v", "-c:a", "libmp3lame"),
        *("-b:a", "128k", "-c:v", "copy", "-disposition:v", "attached_pic", "-id3v2_version", "3"),
        *(part for name, value in TAGS.items() for part in ("-metadata", f"{name}={value}")),
        str(source),
    )
    uploaded = await api.upload(source, file_type="audio")
    job = await api.create(uploaded["file_id"], "es", kind="audio-translate")
    assert (job["kind"], job["quote"]["credits"]) == ("audio_translate", 10)
    await api.process(job["id"])
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    assert done["outputs"][0]["media_type"] == "audio/mpeg"
    output = await api.download(job["id"], "es", tmp_path / "podcast.es.mp3")

    before, after = _told(source), _told(output)
    assert after["format"]["format_name"] == "mp3"
    assert {name: after["format"]["tags"].get(name) for name in TAGS} == TAGS
    assert _kinds(after) == _kinds(before), "sound and cover, as they came"
    assert abs(measure.duration(output) - measure.duration(source)) <= 0.06  # two frames of MP3
    dubbing.assert_onsets(output, [line.start for line in truth.lines])
    dubbing.assert_loudness_follows(source, output)
    segments = (await api.transcript(job["id"], "es"))["segments"]
    dubbing.assert_in_order_and_apart(segments)
    await assert_paid_once(api, job)


def _told(path: Path) -> dict[str, Any]:
    told = run(["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)])
    return dict(json.loads(told))


def _kinds(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(stream["codec_type"], stream["codec_name"]) for stream in told["streams"]]
