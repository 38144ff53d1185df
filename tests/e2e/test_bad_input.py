"""Bad input, each with its clear error, and the credits back (or never taken)."""

import subprocess
import uuid
from pathlib import Path

import pytest
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform

from .ledger import assert_paid_once, verify_ledger
from .media import speech_clip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

CANARY = "octavia-canary-that-nobody-may-read"


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", *arguments], check=True, timeout=120)


async def refused(user: Api, path: Path) -> ApiError:
    """The error of an upload, or of a job on it, whichever comes first; the balance is whole after it."""
    try:
        uploaded = await user.upload(path)
        job = await user.create(uploaded["file_id"], "es")
        await user.process(job["id"])
        done = await user.wait(job["id"])
    except ApiError as error:
        assert (await user.credits())["available"] == 100
        return error
    raise AssertionError(f"accepted, and failed later: {done}")


async def test_no_audio_track(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=duration=3:size=160x90", "-pix_fmt", "yuv420p", str(path))
    error = await refused(api, path)
    assert error.status == 422
    assert error.problem["code"] == "no_audio"


async def test_an_empty_file(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")
    assert (await refused(api, path)).problem["code"] == "empty_file"


async def test_text_named_mp4(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("This is not a video.\n" * 100)
    assert (await refused(api, path)).problem["code"] == "not_media"


async def test_an_mp4_whose_index_is_cut_off(api: Api, tmp_path: Path) -> None:
    whole = speech_clip(tmp_path / "whole.mp4", lines=3)
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    error = await refused(api, path)
    assert error.status == 422
    assert error.problem["code"] in ("truncated", "not_media")


async def test_an_mp4_cut_off_in_the_middle_of_its_data(api: Api, platform: Platform, tmp_path: Path) -> None:
    """Its index is whole and promises more than there is: found at the latest when it is decoded."""
    whole = speech_clip(tmp_path / "whole.mp4", lines=5)
    front = tmp_path / "front.mp4"
    ffmpeg("-i", str(whole), "-c", "copy", "-movflags", "+faststart", str(front))
    path = tmp_path / "cut.mp4"
    path.write_bytes(front.read_bytes()[: front.stat().st_size // 2])
    try:
        uploaded = await api.upload(path)
    except ApiError as error:
        assert error.problem["code"] == "truncated"
    else:
        job = await api.create(uploaded["file_id"], "es")
        await api.process(job["id"])
        done = await api.wait(job["id"])
        assert done["status"] == "failed", done
        assert "cut off" in done["error_message"]
        verify_ledger(platform)
    balance = await api.credits()
    assert (balance["available"], balance["held"]) == (100, 0)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{canary}'\n",
    ],
)
async def test_a_playlist_named_mp4_is_refused_and_its_file_never_opened(
    api: Api, tmp_path: Path, playlist: str
) -> None:
    canary = tmp_path / "canary.ts"
    canary.write_text(CANARY)
    before = canary.stat().st_atime_ns
    path = tmp_path / "evil.mp4"
    path.write_text(playlist.format(canary=canary))
    error = await refused(api, path)
    assert error.status == 422
    assert error.problem["code"] in ("forbidden_format", "not_media")
    assert CANARY not in str(error.problem)
    assert canary.stat().st_atime_ns == before


async def test_a_picture_of_256_million_pixels(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "bomb.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=size=16000x16000:rate=1:duration=1"),
        *("-f", "lavfi", "-i", "sine=duration=1"),
        *("-c:v", "mjpeg", "-q:v", "31", "-pix_fmt", "yuvj420p", str(path)),
    )
    assert (await refused(api, path)).problem["code"] == "picture_too_large"


async def test_no_speech_completes_and_says_so(api: Api, platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "music.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=duration=4:size=160x90:rate=25"),
        *("-f", "lavfi", "-i", "sine=frequency=330:duration=4"),
        *("-pix_fmt", "yuv420p", "-shortest", str(path)),
    )
    job = await api.create((await api.upload(path))["file_id"], "es")
    await api.process(job["id"])
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    transcript = await api.transcript(job["id"], "es")
    assert transcript["segments"] == []
    assert any("speak" in note for note in transcript["notes"]), transcript
    out = await api.download(job["id"], "es", tmp_path / "out.mp4")
    assert out.stat().st_size > 1000
    await assert_paid_once(api, job)
    verify_ledger(platform)


async def test_an_unsupported_pair_is_refused_with_what_can_be_done(api: Api, tmp_path: Path) -> None:
    file_id = (await api.upload(speech_clip(tmp_path / "talk.mp4", lines=1)))["file_id"]
    for source, target in (("en", "xx"), ("zh", "es")):
        with pytest.raises(ApiError) as error:
            await api.create(file_id, target, source=source)
        assert error.value.status == 422
        assert error.value.problem["code"] == "unsupported_language"
        assert "en" in str(error.value.problem)
        assert "es" in str(error.value.problem)


async def test_a_file_of_nobody_and_of_somebody_else(api: Api, platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(ApiError) as error:
        await api.create(str(uuid.uuid4()), "es")
    assert error.value.status == 404
    async with Api(platform.url) as other:
        await other.register()
        theirs = (await other.upload(speech_clip(tmp_path / "talk.mp4", lines=1)))["file_id"]
    with pytest.raises(ApiError) as error:
        await api.create(theirs, "es")
    assert error.value.status == 404
