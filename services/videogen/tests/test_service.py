"""videogen as a process on real Kafka, PostgreSQL and S3, with the offline default."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from octavia_common.artifacts import ArtifactStore
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import (
    AspectRatio,
    JobFailed,
    VideoGenerated,
    VideoModelsPublished,
    VideoProgressed,
    VideoTask,
)
from octavia_common.media import probe
from octavia_videogen.main import serve
from octavia_videogen.settings import VideogenSettings

pytestmark = pytest.mark.integration


async def test_a_prompt_becomes_a_clip_with_real_progress(
    replica_of: Any, store: ArtifactStore, wire: Any, video_of: Any, tmp_path: Path
) -> None:
    video = video_of(ratio=AspectRatio.PORTRAIT)
    async with replica_of():
        await wire.say(video.reserved(), video.reserved())
        await wire.hear(lambda: wire.about(video, VideoGenerated, JobFailed))
        await wire.hear_no_more()
    (made,) = wire.about(video, VideoGenerated)
    assert not wire.about(video, JobFailed)
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
    percents = [event.percent for event in wire.about(video, VideoProgressed)]
    assert percents[0] == 10
    assert sorted(percents) == percents
    assert percents[-1] <= 99
    assert any(10 < percent < 95 for percent in percents), percents
    (catalogue,) = [event for event in wire.heard.values() if isinstance(event, VideoModelsPublished)]
    assert catalogue.provider == "local"
    assert catalogue.models[0].tasks == (VideoTask.TEXT_TO_VIDEO, VideoTask.IMAGE_TO_VIDEO)


@pytest.mark.slow
async def test_a_killed_replica_is_carried_on_for_and_nothing_is_told_twice(
    replica_of: Any, store: ArtifactStore, wire: Any, video_of: Any, tmp_path: Path
) -> None:
    """One draws and is killed in the middle; the other one finishes, the picture given with it."""
    picture = tmp_path / "picture.png"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=640x360",
        "-frames:v",
        "1",
        str(picture),
    ]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    videos = [video_of(prompt=f"Number {number}", ratio=AspectRatio.SQUARE) for number in range(2)]
    upload = await store.write_file(f"users/{videos[0].user_id}/uploads/1", picture, "image/png")
    videos[0].image = upload
    called_off = video_of(prompt="Called off")
    async with replica_of() as first, replica_of():
        await wire.say(*(video.reserved() for video in (*videos, called_off)), called_off.cancelled())
        await wire.hear(lambda: any(wire.about(video, VideoProgressed) for video in videos))
        await asyncio.sleep(1)
        first.kill()
        await wire.hear(
            lambda: all(wire.about(video, VideoGenerated, JobFailed) for video in videos), seconds=90
        )
        await wire.hear_no_more()
    for video in videos:
        (made,) = wire.about(video, VideoGenerated, JobFailed)
        assert isinstance(made, VideoGenerated), made
        assert await store.stat(made.video.key) == made.video
        percents = [event.percent for event in wire.about(video, VideoProgressed)]
        assert percents == sorted(percents)
    assert not wire.about(called_off, VideoGenerated, JobFailed)


async def test_a_picture_that_is_none_fails_the_video_in_plain_words(
    replica_of: Any, store: ArtifactStore, wire: Any, video_of: Any
) -> None:
    broken, unknown = video_of(prompt="Broken"), video_of(prompt="Unknown", model="sora-2")
    broken.image = await store.write(f"users/{broken.user_id}/uploads/1", b"no picture", "image/png")
    async with replica_of():
        await wire.say(broken.reserved(), unknown.reserved())
        await wire.hear(lambda: wire.about(broken, JobFailed) and wire.about(unknown, JobFailed))
    assert wire.about(broken, JobFailed)[0].error.code == "video_picture_unusable"
    (failed,) = wire.about(unknown, JobFailed)
    assert failed.error.code == "video_model_unavailable"
    assert "local-placeholder" in failed.error.message


async def test_a_provider_that_is_not_set_up_stops_the_start_with_one_line(
    settings: VideogenSettings,
) -> None:
    unset = settings.model_copy(update={"video_provider": "kie"})
    with pytest.raises(EngineUnavailableError, match="KIE_API_KEY"):
        await serve(unset)
    missing = settings.model_copy(update={"video_models_file": Path("/nowhere.toml")})
    with pytest.raises(EngineUnavailableError, match=r"nowhere\.toml"):
        await serve(missing)
