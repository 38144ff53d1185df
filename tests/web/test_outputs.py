"""Reviews, further files of a job, and what is made of a file: on the stage."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .editing import StagedLines
from .staging import Stage, export, job
from .test_states import DONE, LOOKS, WAITING, Visitor, assert_fine, settle, sign_in
from .words import Words


def opened(visitor: Visitor, stage: Stage, path: str, look: str = "wide and light") -> tuple[Page, Words]:
    page = visitor(stage.url, **LOOKS[look])
    sign_in(page, stage)
    page.goto(stage.url + path)
    settle(page)
    return page, Words(LOOKS[look].get("locale", "en"))


@pytest.mark.parametrize("look", LOOKS)
def test_lines_that_wait_are_translated_anew_and_let_go_on(
    visitor: Visitor, stage: Stage, look: str, tmp_path: Path
) -> None:
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
    page.screenshot(path=tmp_path / "review.png", full_page=True)
    lines.translated("Otra fuente.")
    stage.tell("job.segments", {"id": WAITING, "language": "es"})
    expect(page.locator(".lines > li").nth(1)).to_contain_text("Otra fuente.")
    release.click()
    page.wait_for_url(f"**/jobs/{WAITING}")
    assert ("POST", f"jobs/{WAITING}/release") in stage.calls


@pytest.mark.parametrize("look", LOOKS)
def test_other_files_are_asked_for_and_taken_away(
    visitor: Visitor, stage: Stage, look: str, tmp_path: Path
) -> None:
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
    page.screenshot(path=tmp_path / "exports.png", full_page=True)
    stage.exports[0] = export("burnt", "completed", id=making["id"], container="webm", languages=["fr"])
    stage.tell("job.exported", {"id": DONE, "export": stage.exports[0]["id"]})
    name = f"{say('exports.burnt')} (WEBM)"
    expect(part.get_by_role("link", name=say("exports.download_of", name=name))).to_be_visible()
    expect(part.get_by_text(say("exports.status.making"))).to_have_count(0)
