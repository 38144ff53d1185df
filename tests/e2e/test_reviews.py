"""A job stops for its owner, is mended and goes on, on the real platform."""

from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE

from .conftest import eventually
from .ledger import assert_paid_once, verify_ledger
from .test_dub import engine_calls

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SENTENCE = "Esta frase es completamente distinta."


async def until_review(api: Api, job_id: str) -> None:
    async def waits() -> bool:
        job = await api.job(job_id)
        assert job["status"] in ("queued", "processing", "review"), job
        return bool(job["status"] == "review")

    await eventually(waits, timeout=120)


async def test_what_was_heard_is_mended_once_for_all_languages_before_anything_is_translated(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:2])
    options = {"review": "transcript"}
    job = await api.create((await api.upload(source))["file_id"], "es", "ca", options=options)
    path, translated = f"/api/v1/jobs/{job['id']}", engine_calls(platform, "translator")
    await api.process(job["id"])
    await until_review(api, job["id"])
    assert engine_calls(platform, "translator") == translated
    assert (await api.credits())["held"] == job["quote"]["credits"], "the hold stays"

    table = await api.call("GET", f"{path}/segments")
    line = table["segments"][0]
    body = {"language": table["language"], "revision": 0, "text": "Good morning."}
    await api.call("PATCH", f"{path}/segments/{line['id']}", json=body)
    recognised = engine_calls(platform, "transcriber")
    await api.call("POST", f"{path}/release")
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    for language, words in (("es", "Buenos d"), ("ca", "Bon dia")):
        first = (await api.transcript(job["id"], language))["segments"][0]
        assert first["source_text"] == "Good morning."
        assert first["text"].startswith(words), first
    assert engine_calls(platform, "transcriber") == recognised, "nothing is heard a second time"
    await assert_paid_once(api, job)
    verify_ledger(platform)


async def test_a_translation_is_mended_or_asked_for_anew_before_anything_is_spoken(
    platform: Platform, api: Api, tmp_path: Path
) -> None:
    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:2])
    options = {"review": "translation"}
    job = await api.create((await api.upload(source))["file_id"], "es", options=options)
    path, spoken = f"/api/v1/jobs/{job['id']}", engine_calls(platform, "synthesizer")
    await api.process(job["id"])
    await until_review(api, job["id"])

    async def segments() -> list[dict[str, Any]]:
        return list((await api.call("GET", f"{path}/segments", params={"language": "es"}))["segments"])

    first, second, *_ = await segments()
    for revision, (line, text) in enumerate(((first, SENTENCE), (second, "Otra cosa."), (second, None))):
        body = {"language": "es", "revision": revision, "text": text}
        await api.call("PATCH", f"{path}/segments/{line['id']}", json=body)

    async def is_translated() -> bool:
        return (await segments())[1]["text"] is not None

    await eventually(is_translated, timeout=60)
    now = await segments()
    assert now[0]["text"] == SENTENCE
    assert now[1]["text"] == second["text"], "as the translator says it"
    assert engine_calls(platform, "synthesizer") == spoken
    await api.call("POST", f"{path}/release")
    done = await api.wait(job["id"])
    assert done["status"] == "completed", done
    said = (await api.transcript(job["id"], "es"))["segments"]
    assert [line["text"] for line in said] == [line["text"] for line in now]
    await assert_paid_once(api, job)
    verify_ledger(platform)
