"""A line that came out wrong is mended without doing the rest again, on the real platform."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import soundfile
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples import measure
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE

from . import dubbing
from .conftest import eventually
from .ledger import assert_paid_once, verify_ledger
from .test_dub import engine_calls

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SAMPLE_RATE = 48_000
SENTENCE = "Esta frase es completamente distinta."


class Editor:
    """What a person does with one language of a finished job."""

    def __init__(self, api: Api, job_id: str) -> None:
        self._api = api
        self._path = f"/api/v1/jobs/{job_id}"

    async def _table(self) -> dict[str, Any]:
        table: dict[str, Any] = await self._api.call(
            "GET", f"{self._path}/segments", params={"language": "es"}
        )
        return table

    async def segments(self) -> list[dict[str, Any]]:
        return list((await self._table())["segments"])

    async def head(self) -> int:
        return int((await self._table())["current_revision"])

    async def change(self, changes: list[dict[str, Any]], revision: int) -> None:
        body = {"language": "es", "revision": revision, "changes": changes}
        await self._api.call("POST", f"{self._path}/segments", json=body)

    async def say(self, segment_id: str, text: str, revision: int) -> None:
        body = {"language": "es", "revision": revision, "text": text}
        await self._api.call("PATCH", f"{self._path}/segments/{segment_id}", json=body)

    async def undo(self, revision: int, to: int) -> None:
        await self._api.call(
            "POST", f"{self._path}/undo", json={"language": "es", "revision": revision, "to": to}
        )

    async def begin_render(self) -> None:
        await self._api.call("POST", f"{self._path}/render", json={})

    async def hear(self, segment_id: str) -> bytes | None:
        """The voice of one line as it stands; None while it is not spoken."""
        answer = await self._api.http.get(
            f"{self._path}/segments/{segment_id}/audio", params={"language": "es"}
        )
        if answer.status_code == 409:
            assert answer.json()["code"] == "not_spoken"
            return None
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/flac"), answer.text
        return answer.content

    async def render(self) -> None:
        await self.begin_render()
        await self.rendered()

    async def rendered(self) -> None:
        async def is_done() -> bool:
            (language,) = (await self._api.call("GET", f"{self._path}/languages"))["items"]
            assert language["status"] in ("rendering", "completed"), language
            return bool(language["status"] == "completed")

        await eventually(is_done, timeout=120)


async def test_one_line_is_mended_by_one_call_and_undone_to_the_byte(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "sample.mp4"
    truth = make_speech_video(source, SAMPLE)
    job = await api.create((await api.upload(source))["file_id"], "es")
    await api.process(job["id"])
    assert (await api.wait(job["id"], timeout=200))["status"] == "completed"
    first = await api.download(job["id"], "es", tmp_path / "first.mp4")
    told = await api.report(job["id"], "es")
    editor = Editor(api, job["id"])
    line = (await editor.segments())[2]
    calls = {name: engine_calls(platform, name) for name in ("transcriber", "translator", "synthesizer")}

    said = await editor.hear(line["id"])
    await editor.say(line["id"], SENTENCE, revision=0)
    assert await editor.hear(line["id"]) is None
    await editor.begin_render()

    async def is_spoken() -> bytes | None:
        return await editor.hear(line["id"])

    heard = await eventually(is_spoken, timeout=120)
    assert heard != said
    await editor.rendered()
    assert await editor.hear(line["id"]) == heard, "what is heard early is what the result has"
    assert len(soundfile.read(io.BytesIO(heard))[0]) > SAMPLE_RATE
    edited = await api.download(job["id"], "es", tmp_path / "edited.mp4")
    assert engine_calls(platform, "transcriber") == calls["transcriber"]
    assert engine_calls(platform, "translator") == calls["translator"]
    # One line, said again at most twice until it fits its slot.
    assert 1 <= engine_calls(platform, "synthesizer") - calls["synthesizer"] <= 3
    dubbing.assert_picture_untouched(source, edited)
    dubbing.assert_onsets(edited, [each.start for each in truth.lines])
    dubbing.assert_loudness_follows(source, edited)
    spoken = (await api.transcript(job["id"], "es"))["segments"]
    assert [each["text"] for each in spoken if each["id"] == line["id"]] == [SENTENCE]
    retold = await api.report(job["id"], "es")
    changed = [
        after["id"]
        for before, after in zip(told["lines"], retold["lines"], strict=True)
        if before["rate"] != after["rate"]
    ]
    assert changed == [line["id"]], "a rendering has a report of its own"
    assert SENTENCE.split()[-1] in " ".join(cue.text for cue in measure.cues(edited, track=1))
    assert _digest(edited) != _digest(first)

    await editor.undo(revision=1, to=0)
    calls["synthesizer"] = engine_calls(platform, "synthesizer")
    await editor.render()
    undone = await api.download(job["id"], "es", tmp_path / "undone.mp4")
    assert engine_calls(platform, "synthesizer") == calls["synthesizer"], "everything was made before"
    assert _digest(undone) == _digest(first)
    assert await editor.hear(line["id"]) == said
    assert await api.report(job["id"], "es") == told
    await assert_paid_once(api, job)
    verify_ledger(platform)


async def test_edits_in_steps_and_in_one_go_give_the_same_bytes(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "sample.mp4"
    make_speech_video(source, SAMPLE[:6])
    digests = []
    async with Api(platform.url) as another:
        await another.register()
        for user, steps in ((api, True), (another, False)):
            job = await user.create((await user.upload(source))["file_id"], "es")
            await user.process(job["id"])
            assert (await user.wait(job["id"], timeout=200))["status"] == "completed"
            editor = Editor(user, job["id"])
            one, two = (line["id"] for line in (await editor.segments())[1:3])
            if steps:
                await editor.say(one, "Primero esta.", revision=0)
                await editor.render()
                await editor.say(two, SENTENCE, revision=1)
                await editor.render()
                await editor.undo(revision=2, to=1)
                await editor.render()
                await editor.say(two, SENTENCE, revision=3)
                await editor.say(one, SENTENCE, revision=4)
            else:
                await editor.say(one, SENTENCE, revision=0)
                await editor.say(two, SENTENCE, revision=1)
            await editor.render()
            digests.append(_digest(await user.download(job["id"], "es", tmp_path / f"{steps}.mp4")))
    assert digests[0] == digests[1]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
