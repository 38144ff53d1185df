"""Reviews, further files of a job, and what is made of a file: on the stage."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .editing import StagedLines
from .staging import Stage, export, file, job
from .test_states import DONE, LOOKS, WAITING, Visitor, assert_fine, settle, sign_in
from .words import Words

FILM, CUES = str(uuid.UUID(int=40)), str(uuid.UUID(int=41))
UPLOADS = [
    {"key": "a", "name": "talk.mp4", "size": 1000, "fileId": FILM},
    {"key": "b", "name": "talk.srt", "size": 1000, "fileId": CUES},
]


def opened(
    visitor: Visitor,
    stage: Stage,
    path: str,
    look: str = "wide and light",
    uploads: list[dict[str, Any]] | None = None,
) -> tuple[Page, Words]:
    page = visitor(stage.url, **LOOKS[look])
    sign_in(page, stage, uploads)
    page.goto(stage.url + path)
    settle(page)
    return page, Words(LOOKS[look].get("locale", "en"))


@pytest.mark.parametrize("look", LOOKS)
def test_lines_that_wait_are_translated_anew_and_let_go_on(visitor: Visitor, stage: Stage, look: str) -> None:
    lines = stage.lines_of = StagedLines(WAITING, waits=True)
    stage.jobs = [job("review", id=WAITING, target_languages=["es"])]
    page, say = opened(visitor, stage, f"/jobs/{WAITING}/edit", look)
    release = page.get_by_role("button", name=say("job.release"))
    expect(page.get_by_role("button", name=say("editor.render"))).to_be_hidden()
    expect(page.locator("video")).to_have_attribute(
        "src", f"/api/v1/files/{stage.jobs[0]['file_id']}/content"
    )
    page.locator(".line-edit").nth(1).click()
    page.get_by_label(say("editor.source"), exact=True).fill("Another source.")
    page.get_by_role("button", name=say("editor.translate"), exact=True).click()
    expect(page.get_by_text(say("editor.translating"))).to_be_visible()
    expect(release).to_have_attribute("aria-disabled", "true")
    assert lines.states[-1][1].source_text == "Another source."
    assert_fine(page)
    lines.translated("Otra fuente.")
    stage.tell("job.segments", {"id": WAITING, "language": "es"})
    expect(page.locator(".lines > li").nth(1)).to_contain_text("Otra fuente.")
    release.click()
    page.wait_for_url(f"**/jobs/{WAITING}")
    settle(page)
    assert ("POST", f"jobs/{WAITING}/release") in stage.calls


@pytest.mark.parametrize("look", LOOKS)
def test_other_files_are_asked_for_and_taken_away(visitor: Visitor, stage: Stage, look: str) -> None:
    stage.jobs = [job("completed", id=DONE)]
    stage.exports = [export("speech", "completed", stale=True), export("tracks", "failed")]
    page, say = opened(visitor, stage, f"/jobs/{DONE}", look)
    part = page.get_by_role("region", name=say("exports.title"))
    kind = part.get_by_label(say("exports.kind"), exact=True)
    assert [one.get_attribute("value") for one in kind.locator("option").all()] == [
        "tracks",
        "burnt",
        "speech",
        "audio",
    ]
    expect(part.get_by_label(say("exports.content"), exact=True)).to_be_hidden()
    kind.select_option("burnt")
    part.get_by_label(say("exports.container"), exact=True).select_option("webm")
    part.get_by_label(say("player.language"), exact=True).select_option("fr")
    part.get_by_label(say("exports.content"), exact=True).select_option("bilingual")
    assert_fine(page)
    making = export("burnt", container="webm", languages=["fr"])
    stage.exports.insert(0, making)
    with page.expect_request(lambda call: call.method == "POST" and call.url.endswith("/exports")) as asked:
        part.get_by_role("button", name=say("exports.make")).click()
    assert asked.value.post_data_json == {
        "kind": "burnt",
        "container": "webm",
        "languages": ["fr"],
        "subtitles": {"content": "bilingual", "position": "bottom"},
    }
    expect(part.get_by_text(say("exports.status.making"))).to_be_visible()
    stage.exports[0] = export("burnt", "completed", id=making["id"], container="webm", languages=["fr"])
    stage.tell("job.exported", {"id": DONE, "export": stage.exports[0]["id"]})
    name = f"{say('exports.burnt')} (WEBM)"
    expect(part.get_by_role("link", name=say("exports.download_of", name=name))).to_be_visible()
    expect(part.get_by_text(say("exports.status.making"))).to_have_count(0)


def captions_file(stage: Stage) -> None:
    media = {"duration_seconds": 412.0, "container": "srt", "video": None, "audio": []}
    stage.files = {CUES: file(CUES, file_type="subtitle", filename="talk.srt", media=media)}


def test_what_is_made_has_its_price_its_languages_and_its_job(visitor: Visitor, stage: Stage) -> None:
    page, say = opened(visitor, stage, "/", uploads=UPLOADS[:1])
    made = job("queued", id=WAITING, kind="subtitles", quote={"credits": 5, "price_version": "v"})
    stage.answers["POST jobs/subtitles/create"] = made
    stage.jobs = [made]
    targets = page.locator("input[name=target]")
    expect(targets).to_have_count(5)
    expect(page.get_by_role("button", name=say("translate.start_for", count=25))).to_be_visible()
    page.get_by_label(say("translate.preview")).check()
    expect(page.get_by_role("button", name=say("translate.start_for", count=10))).to_be_visible()
    subtitles = page.locator("input[name=make][value=subtitles]")
    subtitles.focus()
    page.keyboard.press("Space")
    expect(subtitles).to_be_focused()
    expect(targets).to_have_count(3)
    for tag in ("en", "fr"):
        page.locator(f"input[name=target][value={tag}]").set_checked(tag == "en", force=True)
    page.locator("details.options summary").click()
    page.get_by_label(say("options.review"), exact=True).select_option("transcript")
    page.locator("input[name=target]:checked:not([value=en])").uncheck(force=True)
    with page.expect_request("**/subtitles/create") as asked:
        page.get_by_role("button", name=say("translate.start_subtitles_for", count=5)).click()
    assert asked.value.post_data_json == {
        "file_id": FILM,
        "source_language": "en",
        "target_languages": ["en"],
        "preview": True,
        "options": {"review": "transcript"},
    }
    page.wait_for_url(f"**/jobs/{WAITING}")
    assert ("POST", f"jobs/{WAITING}/process") in stage.calls


def test_a_subtitle_file_tells_the_lines_of_its_video(visitor: Visitor, stage: Stage) -> None:
    captions_file(stage)
    page, say = opened(visitor, stage, "/", uploads=UPLOADS)
    quote = {"credits": 25, "price_version": "v"}
    made = job("queued", id=WAITING, target_languages=["es"], subtitle_file_id=CUES, quote=quote)
    stage.answers["POST jobs/video-translate/create"] = made
    stage.jobs = [made]
    lines = page.get_by_label(say("translate.lines", name="talk.mp4", subtitles="talk.srt"))
    expect(lines).to_be_checked()
    expect(page.locator("input[name=target]")).to_have_count(5)
    expect(page.locator("select[name=source] option[value=auto]")).to_have_count(0)
    lines.focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=target]")).to_have_count(2)
    page.keyboard.press("Space")
    with page.expect_request("**/video-translate/create") as asked:
        page.get_by_role("button", name=say("translate.start_for", count=25)).click()
    assert asked.value.post_data_json == {
        "file_id": FILM,
        "subtitle_file_id": CUES,
        "source_language": "en",
        "target_languages": ["es"],
    }
    page.wait_for_url(f"**/jobs/{WAITING}")
    expect(page.get_by_text(say("job.lines_given"))).to_be_visible()
    kept = page.evaluate("() => Object.keys(localStorage).filter(key => key.startsWith('octavia.uploads'))")
    assert kept == []


@pytest.mark.parametrize("look", LOOKS)
def test_subtitle_files_are_brought_and_taken_away(visitor: Visitor, stage: Stage, look: str) -> None:
    captions_file(stage)
    page, say = opened(visitor, stage, "/", look, UPLOADS)
    lines = page.get_by_label(say("translate.lines", name="talk.mp4", subtitles="talk.srt"))
    expect(lines).to_be_visible()
    assert_fine(page)
    lines.uncheck()
    expect(page.locator("input[name=target]")).to_have_count(2)
    expect(page.locator("li.upload", has_text="talk.srt")).to_contain_text(say("upload.subtitles"))
    expect(page.locator("select[name=source] option[value=auto]")).to_have_count(0)
    page.locator("details.options summary").click()
    assert_fine(page)
    stage.jobs = [job("completed", id=DONE, kind="subtitles", preview=True)]
    page.goto(f"{stage.url}/jobs/{DONE}")
    settle(page)
    expect(page.get_by_text(say("job.preview"))).to_be_visible()
    expect(page.get_by_role("link", name=say("report.open"))).to_have_count(0)
    links = page.get_by_role("link", name="SRT", exact=False)
    hrefs = [link.get_attribute("href") for link in links.all()]
    assert hrefs == [
        f"/api/v1/jobs/{DONE}/transcript?language={tag}&format=srt" for tag in ("es", "fr", "en")
    ]
    expect(page.locator("a[href$='language=es&format=srt&bilingual=true']")).to_be_visible()
    assert_fine(page)
