"""What an owner wishes beside the languages, from the request to the sound that comes out of it."""

from pathlib import Path

import pytest
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


async def test_a_job_gets_the_voice_it_asks_for_or_is_refused(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    offered = await api.call("GET", "/api/v1/capabilities")
    assert {engine["engine"] for engine in offered["engines"]} == {"pocketsphinx", "apertium", "espeak"}
    assert {"es", "fr"} <= set(next(s["targets"] for s in offered["sources"] if s["language"] == "en"))
    assert offered["detects_language"] is False
    voices = [voice["id"] for voice in offered["voices"]]

    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:2])
    file_id = (await api.upload(source))["file_id"]
    for more, code in (
        ({"source": "auto"}, "language_not_detected"),
        ({"options": {"style": "warm"}}, "option_not_heeded"),
        ({"options": {"clone_voice": True}}, "option_not_heeded"),
        ({"options": {"voices": {"*": "nobody"}}}, "unknown_voice"),
    ):
        with pytest.raises(ApiError) as refused:
            await api.create(file_id, "es", **more)
        assert (refused.value.status, refused.value.problem["code"]) == (422, code)

    sounds = []
    for options in ({}, {"voices": {"*": voices[1]}}):
        job = await api.create(file_id, "es", options=options)
        await api.process(job["id"])
        done = await api.wait(job["id"])
        assert done["status"] == "completed", done
        assert done["options"]["voices"] == options.get("voices", {})
        sounds.append((await api.download(job["id"], "es", tmp_path / f"{len(sounds)}.mp4")).read_bytes())
    assert sounds[0] != sounds[1]
