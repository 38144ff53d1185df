"""Job options, batches and added languages, on the stage."""

import json
import uuid
from typing import Any

import pytest
from octavia_gateway.batches.schemas import BatchResponse
from octavia_gateway.glossaries.schemas import ListsResponse
from playwright.sync_api import Page, Request, expect

from .staging import FIXED, Stage, checked, file, job
from .test_states import DONE, LOOKS, WORKING, Visitor, assert_fine, settle, sign_in
from .words import Words

BATCH = str(uuid.UUID(int=21))
LIST = str(uuid.UUID(int=31))


def batch(status: str, **changes: Any) -> dict[str, Any]:
    document = {
        "id": BATCH,
        "status": status,
        "total": 3,
        "counts": {"processing": 2, "completed": 1},
        "progress_percentage": 52.5,
        "quote": 30,
        "credits_charged": 0,
        "created_at": "2026-11-20T10:00:00Z",
        "finished_at": None,
        **changes,
    }
    return checked(BatchResponse, document)


def sent(page: Page) -> list[tuple[str, Any]]:
    """What the page posts from now on: paths and documents."""
    found: list[tuple[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/api/v1/" in request.url:
            found.append((request.url.partition("/api/v1")[2], json.loads(request.post_data or "null")))

    page.on("request", note)
    return found


def everything(stage: Stage) -> None:
    """An installation whose engines heed all wishes, and lists that are kept."""
    can = json.loads(json.dumps(FIXED["capabilities"]))
    can["options"] = ["glossary", "style", "formality", "voices", "clone_voice", "speakers", "pronunciation"]
    can["voices"] = [{"id": "ana", "title": "Ana", "language": None}]
    can["clones_voices"] = True
    stage.answers["GET capabilities"] = can
    one = {
        "id": LIST,
        "name": "Names",
        "always": False,
        "count": 2,
        "heeded": True,
        "created_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T10:00:00Z",
    }
    stage.answers["GET glossaries"] = checked(ListsResponse, {"items": [one]})
    other = {**one, "id": str(uuid.UUID(int=32)), "name": "Sounds", "always": True}
    stage.answers["GET pronunciations"] = checked(ListsResponse, {"items": [other]})


def brought(count: int) -> list[dict[str, Any]]:
    return [
        {
            "key": str(place),
            "name": f"talk {place}.mp4",
            "size": 1000,
            "fileId": str(uuid.UUID(int=40 + place)),
        }
        for place in range(count)
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_wishes_batches_and_more_languages_are_accessible_and_fit(
    visitor: Visitor, stage: Stage, look: str
) -> None:
    everything(stage)
    say = Words(LOOKS[look].get("locale", "en"))
    stage.jobs = [job("processing", id=WORKING, batch_id=BATCH), job("completed", id=DONE)]
    stage.answers[f"GET batches/{BATCH}"] = batch("processing")
    page = visitor(stage.url, **LOOKS[look])
    sign_in(page, stage, uploads=brought(2))
    page.goto(stage.url + "/")
    settle(page)
    page.locator("details.options summary").click()
    expect(page.get_by_text("Names", exact=True)).to_be_visible()
    assert_fine(page)
    page.goto(f"{stage.url}/batches/{BATCH}")
    settle(page)
    expect(page.locator(".lead")).to_have_text(say("batch.done", done=1, total=3))
    assert_fine(page)
    page.goto(f"{stage.url}/jobs/{DONE}")
    settle(page)
    page.get_by_role("button", name=say("languages.add")).click()
    expect(page.locator("dialog .chips")).to_be_visible()
    assert_fine(page)


def test_several_files_are_one_batch_with_their_wishes(visitor: Visitor, stage: Stage) -> None:
    everything(stage)
    stage.answers["GET capabilities"]["options"].append("check_speech")
    stage.answers["GET capabilities"]["sources"].append({"language": "es", "targets": ["en"]})
    say = Words()
    podcast = str(uuid.UUID(int=41))
    heard = {"duration_seconds": 30, "container": "mp3", "audio": []}
    stage.files = {podcast: file(podcast, file_type="audio", media=heard)}
    stage.answers["POST batches"] = {**batch("pending", quote=35), "jobs": []}
    stage.answers[f"POST batches/{BATCH}/process"] = batch("processing")
    stage.answers[f"GET batches/{BATCH}"] = batch("processing")
    page = visitor(stage.url)
    sign_in(page, stage, uploads=brought(2))
    page.goto(stage.url + "/")
    settle(page)
    page.locator("details.options summary").click()
    page.get_by_label(say("options.style")).fill("warm")
    page.get_by_label(say("options.voice"), exact=True).select_option("ana")
    page.get_by_label(say("options.clone")).check()
    page.get_by_label(say("options.speakers")).fill("2")
    page.get_by_label(say("options.names")).fill(" Anna; Ben,")
    heard_again = page.get_by_label(say("options.check_speech"))
    heard_again.check()
    page.locator("main input[value=gl]").check(force=True)
    expect(heard_again).to_have_count(0)  # no engine here understands Galician
    page.locator("main input[value=gl]").uncheck(force=True)
    expect(heard_again).not_to_be_checked()
    heard_again.check()
    assert_fine(page)
    page.get_by_label("Names", exact=True).check(force=True)
    posted = sent(page)
    page.get_by_role("button", name=say.pattern("translate.start_for")).click()
    page.wait_for_url(f"**/batches/{BATCH}")
    (path, body), (process, _) = posted[-2:]
    assert (path, process) == ("/batches", f"/batches/{BATCH}/process")
    assert [item["kind"] for item in body["items"]] == ["video_translate", "audio_translate"]
    for item in body["items"]:
        assert item["options"] == {
            "style": "warm",
            "voices": {"*": "ana"},
            "clone_voice": True,
            "speakers": 2,
            "speaker_names": {"S1": "Anna", "S2": "Ben"},
            "check_speech": True,
            "glossary_ids": [LIST],
        }
    ended = batch("partially_completed", counts={"completed": 2, "failed": 1})
    stage.answers[f"GET batches/{BATCH}"] = ended
    stage.tell("batch.ended", ended)
    expect(page.locator(".lead")).to_have_text(say("batch.done_lost", done=2, total=3, lost=1))
    expect(page.get_by_role("button", name=say("batch.again", count=1))).to_be_visible()


def test_a_language_is_added_at_a_price_that_is_shown(visitor: Visitor, stage: Stage) -> None:
    say = Words()
    stage.jobs = [job("completed", id=DONE)]
    stage.answers[f"POST jobs/{DONE}/languages"] = job("queued", id=DONE)
    page = visitor(stage.url)
    sign_in(page, stage)
    page.goto(f"{stage.url}/jobs/{DONE}")
    settle(page)
    page.get_by_role("button", name=say("languages.add")).click()
    page.locator("dialog input[value=gl]").check(force=True)
    expect(page.locator("dialog [role=status]")).to_contain_text("25")
    posted = sent(page)
    page.locator("dialog").get_by_role("button", name=say("languages.begin"), exact=True).click()
    expect(page.locator("dialog")).to_have_count(0)
    assert posted[-1] == (f"/jobs/{DONE}/languages", {"target_languages": ["gl"], "max_credits": 25})
