"""Subtitle jobs end to end, in ten languages of six scripts: of a video, of a file, and with a dub."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api, ApiError
from octavia_local.platform import Platform
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE
from octavia_samples.truth import Truth
from octavia_subtitles.reading import SubtitleFile, read
from octavia_subtitles.timing import SHIFT_MS
from octavia_translator.checks import script_share
from octavia_translator.testing.fake_server import FakeServer

from . import dubbing, polyglot
from .conftest import own_environment
from .ledger import assert_paid_once

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

OTHERS = tuple(polyglot.SAYINGS)
SRT = """1
00:00:00,900 --> 00:00:02,300
<i>Welcome to the old museum,</i>

2
00:00:02,380 --> 00:00:04,000
<i>which opened in 1924.</i>

3
00:00:05,000 --> 00:00:07,000
- Où est le café ?
- Second floor, Zoë.

4
00:00:07,200 --> 00:00:08,000
♪

"""
STYLED = r"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Alignment
Style: Default,Georgia,28,&H00FFFFFF,0,2
Style: Sign,Impact,40,&H0000FFFF,-1,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\i1}We are looking for the station.
Dialogue: 1,0:00:01.50,0:00:03.00,Sign,,0,0,0,,{\pos(320,40)}Central station of the city
"""


@pytest.fixture(scope="module")
def model() -> Iterator[FakeServer]:
    with FakeServer(polyglot.answer, models=("polyglot",)) as server:
        yield server


@pytest.fixture(scope="module")
def many(addresses: Any, model: FakeServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform with its offline engines, but for a translator that asks the test's language model."""
    environment = {
        **own_environment(addresses),
        "TRANSLATOR_ENGINE": "vllm",
        "LLM_URL": model.url,
        "LLM_MODEL": "polyglot",
        "MAX_TARGET_LANGUAGES": "11",
    }
    with Platform(tmp_path_factory.mktemp("subtitle-logs"), environment) as running:
        yield running


@pytest.fixture
async def user(many: Platform) -> AsyncIterator[Api]:
    async with Api(many.url) as api:
        yield await api.register()


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    return path, make_speech_video(path, SAMPLE[:4])


async def finished(user: Api, job: dict[str, Any]) -> dict[str, Any]:
    await user.process(job["id"])
    done = await user.wait(job["id"], timeout=120)
    assert done["status"] == "completed", done
    return done


async def file_of(user: Api, job: dict[str, Any], language: str, folder: Path) -> SubtitleFile:
    return read((await user.download(job["id"], language, folder / language)).read_bytes())


async def test_subtitles_of_a_video_in_its_own_language_and_ten_others(
    user: Api, talk: tuple[Path, Truth], tmp_path: Path
) -> None:
    source, truth = talk
    uploaded = await user.upload(source)
    job = await user.create(uploaded["file_id"], "en", *OTHERS, kind="subtitles")
    assert (job["kind"], job["quote"]["credits"]) == ("subtitles", 11 * 5), "half of a dub's price each"
    done = await finished(user, job)
    assert [output["language"] for output in done["outputs"]] == ["en", *OTHERS]
    for output in done["outputs"]:
        language = output["language"]
        assert output["media_type"] == "application/x-subrip"
        made = await file_of(user, job, language, tmp_path)
        starts = [cue.start_ms for cue in made.cues]
        for line in truth.lines:
            nearest = min(abs(start - line.start * 1000) for start in starts)
            assert nearest <= SHIFT_MS + 100, (language, line, starts)
        text = " ".join(cue.text for cue in made.cues)
        assert script_share(text, language) > 0.9, text
        checked = await user.call(
            "GET", f"/api/v1/jobs/{job['id']}/subtitles/check", params={"language": language}
        )
        assert len(checked["cues"]) == len(made.cues) >= len(truth.lines)
        assert checked["broken"] == {}, checked
    await assert_paid_once(user, job)
    heard = {word for cue in (await file_of(user, job, "en", tmp_path)).cues for word in _words(cue.text)}
    assert len(heard & set(truth.words)) >= 0.6 * len(set(truth.words)), heard


async def test_a_subtitle_file_comes_back_as_it_came_in_other_words(
    user: Api, model: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "talk.srt"
    path.write_bytes(SRT.replace("\n", "\r\n").encode("utf-16"))
    uploaded = await user.upload(path, file_type="subtitle")
    assert uploaded["media"]["duration_seconds"] == 8.0
    job = await user.create(uploaded["file_id"], *OTHERS, kind="subtitle-translate")
    assert job["quote"]["credits"] == 10 * 5
    done = await finished(user, job)
    for output in done["outputs"]:
        language = output["language"]
        text = (await user.download(job["id"], language, tmp_path / language)).read_bytes().decode()
        made = read(text.encode())
        assert [(cue.start_ms, cue.end_ms) for cue in made.cues] == [
            (cue.start_ms, cue.end_ms) for cue in read(SRT.encode()).cues
        ]
        assert re.findall(r"^\d+$|-->", text, re.MULTILINE) == [
            "1",
            "-->",
            "2",
            "-->",
            "3",
            "-->",
            "4",
            "-->",
        ]
        first, second, third, music = text.strip().split("\n\n")
        assert all(block.split("\n", 2)[2].startswith("<i>") for block in (first, second))
        assert "1924" in first + second
        assert music.endswith("♪")
        assert script_share(" ".join(cue.text for cue in made.cues), language) > 0.9
        assert third.count("\n") >= 2
    asked = " ".join(message["content"] for body in model.asked for message in body["messages"])
    assert "Welcome to the old museum, which opened in 1924." in asked, "two cues, one sentence"
    await assert_paid_once(user, job)


async def test_a_styled_file_keeps_its_styles_and_a_line_can_be_mended(user: Api, tmp_path: Path) -> None:
    path = tmp_path / "talk.ass"
    path.write_text(STYLED)
    job = await user.create(
        (await user.upload(path, file_type="subtitle"))["file_id"], "ar", kind="subtitle-translate"
    )
    done = await finished(user, job)
    assert done["outputs"][0]["media_type"] == "text/x-ssa"
    text = (await user.download(job["id"], "ar", tmp_path / "out.ass")).read_text()
    assert re.search(r"0:00:01\.00,0:00:03\.00,Default,,0,0,0,,\{\\i1\}[\u0600-\u06ff]", text), text
    assert re.search(r"0:00:01\.50,0:00:03\.00,Sign,,0,0,0,,\{\\pos\(320,40\)\}[\u0600-\u06ff]", text), text
    assert "Style: Sign,Impact,40" in text
    before = await user.credits()
    segments = f"/api/v1/jobs/{job['id']}/segments"
    table = await user.call("GET", segments, params={"language": "ar"})
    await user.call(
        "PATCH",
        f"{segments}/{table['segments'][0]['id']}",
        json={"language": "ar", "revision": 0, "text": "أين المحطة؟"},
    )
    await user.call("POST", f"/api/v1/jobs/{job['id']}/render", json={})

    async def mended() -> str:
        return (await user.download(job["id"], "ar", tmp_path / "mended.ass")).read_text()

    from .conftest import eventually

    async def shown() -> bool:
        return r"{\i1}أين المحطة؟" in await mended()

    assert await eventually(shown)
    assert await user.credits() == before, "mending costs nothing"


async def test_a_file_given_with_a_video_is_what_is_dubbed(
    user: Api, talk: tuple[Path, Truth], tmp_path: Path
) -> None:
    source, truth = talk
    given = tmp_path / "talk.srt"
    given.write_bytes(
        "".join(
            f"{number}\n{_clock(line.start)} --> {_clock(line.end)}\n{line.text}\n\n"
            for number, line in enumerate(truth.lines, 1)
        ).encode("cp1252")
    )
    video = await user.upload(source)
    text = await user.upload(given, file_type="subtitle")
    job = await user.create(video["file_id"], "es", subtitle_file_id=text["file_id"])
    assert job["subtitle_file_id"] == text["file_id"]
    with pytest.raises(ApiError) as refused:
        await user.call("DELETE", f"/api/v1/files/{text['file_id']}")
    assert refused.value.problem["code"] == "file_in_use"
    await finished(user, job)
    segments = (await user.transcript(job["id"], "es"))["segments"]
    assert [segment["source_text"] for segment in segments] == [line.text for line in truth.lines]
    output = await user.download(job["id"], "es", tmp_path / "talk.es.mp4")
    dubbing.assert_picture_untouched(source, output)
    dubbing.assert_onsets(output, [line.start for line in truth.lines])
    await assert_paid_once(user, job)


async def test_what_cannot_be_done_is_said_before_anything_is_held(
    user: Api, talk: tuple[Path, Truth], tmp_path: Path
) -> None:
    path = tmp_path / "talk.srt"
    path.write_text(SRT)
    text, video = await user.upload(path, file_type="subtitle"), await user.upload(talk[0])
    for kind, file, more, code in (
        ("subtitle-translate", text, {"source": "auto"}, "subtitle_language_needed"),
        ("subtitle-translate", video, {}, "wrong_file_type"),
        ("subtitles", text, {}, "wrong_file_type"),
        ("video-translate", video, {"subtitle_file_id": video["file_id"]}, "wrong_file_type"),
        ("subtitles", video, {"options": {"voices": {"*": "es"}}}, "option_not_heeded"),
    ):
        with pytest.raises(ApiError) as refused:
            await user.create(file["file_id"], "es", kind=kind, **more)
        assert (refused.value.status, refused.value.problem["code"]) == (422, code)
    only = await user.call(
        "POST",
        "/api/v1/jobs/subtitles/create",
        json={"file_id": video["file_id"], "source_language": "en"},
    )
    assert (only["target_languages"], only["quote"]["credits"]) == (["en"], 5)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"00:00:{milliseconds // 1000:02},{milliseconds % 1000:03}"
