"""The main job, on the bundled sample and on real speech: a video in, the same video in Spanish out."""

import re
from pathlib import Path

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples import measure
from octavia_samples.factory import make_speech_video, make_video_over_speech
from octavia_samples.script import SAMPLE

from . import dubbing
from .ledger import assert_paid_once, verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SHARED_MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media"


def engine_calls(platform: Platform, service: str) -> int:
    """How often the engines of a service were called, over all its processes."""
    counts = re.findall(
        rf'octavia_engine_seconds_count{{[^}}]*kind="{service}"[^}}]*}} ([0-9.]+)', platform.metrics(service)
    )
    return int(sum(float(count) for count in counts))


async def test_the_sample_in_two_languages(platform: Platform, api: Api, tmp_path: Path) -> None:
    source = tmp_path / "sample.mp4"
    truth = make_speech_video(source, SAMPLE)
    calls = engine_calls(platform, "transcriber")
    uploaded = await api.upload(source)
    job = await api.create(uploaded["file_id"], "es", "fr")
    assert job["status"] == "pending"
    assert job["quote"]["credits"] == 20
    await api.process(job["id"])

    streamed = []
    async for _, _, data in api.events(job["id"]):
        streamed.append(data)
    done = await api.job(job["id"])
    assert done["status"] == "completed", done
    progress = [data["progress_percentage"] for data in streamed]
    assert progress == sorted(progress), "progress fell"
    assert len(set(progress)) >= 8, progress
    assert streamed[-1] == done, "a client that polls and one that streams must see the same"
    chunks = {int(found[1]) for data in streamed if (found := re.search(r"of (\d+)", data["current_step"]))}
    assert engine_calls(platform, "transcriber") - calls <= max(chunks), (
        "transcribed once, not once a language"
    )

    for language in ("es", "fr"):
        output = await api.download(job["id"], language, tmp_path / f"sample.{language}.mp4")
        segments = (await api.transcript(job["id"], language))["segments"]
        dubbing.assert_picture_untouched(source, output)
        dubbing.assert_onsets(output, [line.start for line in truth.lines])
        dubbing.assert_in_order_and_apart(segments)
        dubbing.assert_pauses_keep_their_background(source, output, truth.pauses(), segments)
        dubbing.assert_loudness_follows(source, output)
        dubbing.assert_subtitle_tracks(output, "en", language)
        dubbing.assert_reported(await api.report(job["id"], language), segments, output)
    dubbing.assert_spanish((await api.transcript(job["id"], "es"))["segments"])
    await assert_paid_once(api, job)
    verify_ledger(platform)


@pytest.mark.skipif(not SHARED_MEDIA.is_dir(), reason="the recordings are not part of the repository")
@pytest.mark.parametrize("names", [["jfk.flac"], ["austen0870.wav", "austen0880.wav", "austen0890.wav"]])
async def test_real_speech(platform: Platform, api: Api, tmp_path: Path, names: list[str]) -> None:
    source = tmp_path / "talk.mp4"
    make_video_over_speech(source, [SHARED_MEDIA / name for name in names])
    job = await api.create((await api.upload(source))["file_id"], "es")
    await api.process(job["id"])
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    output = await api.download(job["id"], "es", tmp_path / "talk.es.mp4")
    segments = (await api.transcript(job["id"], "es"))["segments"]
    dubbing.assert_picture_untouched(source, output)
    dubbing.assert_in_order_and_apart(segments)
    dubbing.assert_loudness_follows(source, output)
    dubbing.assert_subtitle_tracks(output, "en", "es")
    dubbing.assert_spanish(segments)
    # Where speech begins is measured on the source itself, by its level alone.
    heard = measure.sound(source)
    spans = measure.spans_above(heard, -38.0, bridge=0.45)
    starts = [start for start, end in spans if end - start > 0.3]
    assert starts
    dubbing.assert_onsets(output, starts)
    verify_ledger(platform)
