"""videogen as a process on real Kafka, PostgreSQL and S3, with the offline default."""

from pathlib import Path
from typing import Any

import pytest
from octavia_common.artifacts import ArtifactStore
from octavia_common.events import (
    AspectRatio,
    JobFailed,
    VideoGenerated,
    VideoModelsPublished,
    VideoProgressed,
    VideoTask,
)
from octavia_common.media import probe

pytestmark = pytest.mark.integration


async def test_a_prompt_becomes_a_clip_with_real_progress(
    replica_of: Any, store: ArtifactStore, wire: Any, video_of: Any, tmp_path: Path
) -> None:
    video = video_of(ratio=AspectRatio.PORTRAIT)
    async with replica_of():
        await wire.say(video.reserved(), video.reserved())
        await wire.hear(lambda: wire.of(video, VideoGenerated, JobFailed))
        await wire.hear_no_more()
    (made,) = wire.of(video, VideoGenerated)
    assert not wire.of(video, JobFailed)
    assert (made.provider, made.width, made.height) == ("local", 720, 1280)
    clip = await store.fetch(made.video, tmp_path / "clip")
    info = await probe(clip)
    assert info.video is not None
    assert info.video.codec == "h264"
    assert (info.video.width, info.video.height) == (720, 1280)
    assert info.duration_seconds == pytest.approx(5, abs=0.05)
    assert b"Placeholder" in clip.read_bytes()
    poster = await store.read(made.poster)
    assert (poster[:4], poster[8:12]) == (b"RIFF", b"WEBP")
    percents = [event.percent for event in wire.of(video, VideoProgressed)]
    assert percents[0] == 10
    assert sorted(percents) == percents
    assert percents[-1] <= 99
    assert any(10 < percent < 95 for percent in percents), percents
    (catalogue,) = [event for event in wire.heard.values() if isinstance(event, VideoModelsPublished)]
    assert catalogue.provider == "local"
    assert catalogue.models[0].tasks == (VideoTask.TEXT_TO_VIDEO, VideoTask.IMAGE_TO_VIDEO)
