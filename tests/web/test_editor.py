"""The editor of lines and the report, on the stage."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from octavia_gateway.editing.changes import ChangeLine, DeleteLine
from playwright.sync_api import Locator, Page, expect

from .editing import NOT_SPOKEN, StagedLines, report
from .staging import Stage, job
from .test_states import DONE, LOOKS, Visitor, assert_fine, settle, sign_in
from .words import Words


def opened(visitor: Visitor, stage: Stage, look: str = "wide and light", part: str = "edit") -> Page:
    stage.jobs = [job("completed", id=DONE, target_languages=["es"])]
    stage.jobs[0]["outputs"] = stage.jobs[0]["outputs"][:1]
    stage.lines_of = StagedLines(DONE)
    stage.answers[f"GET jobs/{DONE}/report"] = report()
    page = visitor(stage.url, **LOOKS[look])
    sign_in(page, stage)
    page.goto(f"{stage.url}/jobs/{DONE}/{part}")
    settle(page)
    return page


def row(page: Page, place: int) -> Locator:
    return page.locator(".lines > li").nth(place)


@pytest.mark.parametrize("look", LOOKS)
def test_editor_and_report_are_accessible_and_fit(
    visitor: Visitor, stage: Stage, look: str, tmp_path: Path
) -> None:
    page = opened(visitor, stage, look)
    assert_fine(page)
    row(page, 1).locator(".line-edit").click()
    expect(page.locator(".line-form")).to_be_visible()
    assert_fine(page)
    page.keyboard.press("Escape")
    expect(row(page, 1).locator(".line-edit")).to_be_focused()
    page.goto(f"{stage.url}/jobs/{DONE}/report")
    settle(page)
    expect(page.locator(".report-totals")).to_be_visible()
    assert_fine(page)


def test_a_line_is_changed_undone_and_put_together_by_the_keyboard_alone(
    visitor: Visitor, stage: Stage
) -> None:
    page, say = opened(visitor, stage), Words()
    lines = stage.lines_of
    assert lines is not None
    row(page, 0).locator(".line-edit").focus()
    page.keyboard.press("Enter")
    text = page.get_by_label(say("editor.text"), exact=True)
    expect(text).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Hola a todos.")
    page.keyboard.press("Control+Enter")
    expect(row(page, 0)).to_contain_text("Hola a todos.")
    expect(row(page, 0).locator(".line-edit")).to_be_focused()
    assert lines.states[-1][0].text == "Hola a todos."
    expect(page.locator(".note.warn")).to_contain_text(say("editor.stale")[:40])
    page.get_by_role("button", name=say("action.undo")).focus()
    page.keyboard.press("Enter")
    expect(row(page, 0)).to_contain_text("Buenos días")
    page.get_by_role("button", name=say("editor.render")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".note.info")).to_contain_text(say("editor.rendering")[:30])
    lines.rendering, lines.rendered = False, lines.head
    expect(page.get_by_text(say("editor.fresh"))).to_be_visible()


def test_a_changed_line_is_heard_before_the_whole_is_there(
    visitor: Visitor, stage: Stage, tmp_path: Path
) -> None:
    page, say = opened(visitor, stage), Words()
    lines = stage.lines_of
    assert lines is not None
    row(page, 0).locator(".line-edit").click()
    page.get_by_label(say("editor.text"), exact=True).fill("Hola a todos.")
    page.get_by_role("button", name=say("editor.save")).click()
    play = row(page, 0).get_by_role("button", name=say("editor.play_of", number=1))
    play.click()
    expect(page.locator(".toast", has_text=NOT_SPOKEN)).to_be_visible()
    page.get_by_role("button", name=say("editor.render")).click()
    expect(page.locator(".note.info")).to_contain_text(say("editor.rendering")[:30])
    samples = 0.3 * np.sin(np.arange(48_000) / 48_000 * 2 * np.pi * 440)
    soundfile.write(tmp_path / "line.flac", samples, 48_000)
    lines.spoken = (tmp_path / "line.flac").read_bytes()
    told = {"id": DONE, "language": "es", "revision": 1, "spoken_chunks": 1, "chunks": 1}
    stage.tell("job.spoken", told)
    expect(page.locator(".note.info")).to_contain_text(say("editor.spoken")[:30])
    page.evaluate(
        """() => {
            window.heard = [];
            const play = HTMLMediaElement.prototype.play;
            HTMLMediaElement.prototype.play = function () {
                this.addEventListener("ended", () => window.heard.push([this.src, this.duration]));
                return play.call(this);
            };
        }"""
    )
    play.click()
    page.wait_for_function("() => window.heard.length === 1")
    ((source, seconds),) = page.evaluate("() => window.heard")
    assert source.endswith(f"/api/v1/jobs/{DONE}/segments/0000-00/audio?language=es")
    assert seconds == pytest.approx(1.0, abs=0.05)
    # What nobody changed is heard in the video, as ever.
    row(page, 1).get_by_role("button", name=say("editor.play_of", number=2)).click()
    page.wait_for_function("() => document.querySelector('.editor-video').currentTime >= 4")


def test_lines_are_split_joined_added_and_deleted(visitor: Visitor, stage: Stage) -> None:
    page, say = opened(visitor, stage), Words()
    row(page, 0).locator(".line-edit").click()
    text = page.get_by_label(say("editor.text"), exact=True)
    text.evaluate("element => element.setSelectionRange(12, 12)")
    page.get_by_role("button", name=say("editor.split")).click()
    expect(page.locator(".lines > li")).to_have_count(4)
    expect(row(page, 0)).to_contain_text("Buenos días,")
    expect(row(page, 1)).to_contain_text("y gracias a todos por venir.")
    row(page, 0).locator(".line-edit").click()
    page.get_by_role("button", name=say("editor.join")).click()
    expect(page.locator(".lines > li")).to_have_count(3)
    page.get_by_role("button", name=say("editor.add")).click()
    page.get_by_label(say("editor.text"), exact=True).fill("Y eso es todo.")
    page.get_by_label(say("editor.start"), exact=True).fill("0:20")
    page.get_by_label(say("editor.end"), exact=True).fill("0:19")
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.get_by_text(say("editor.time_order"))).to_be_visible()
    page.get_by_label(say("editor.end"), exact=True).fill("0:22,5")
    page.get_by_role("button", name=say("editor.save")).click()
    expect(row(page, 3)).to_contain_text("Y eso es todo.")
    expect(row(page, 3)).to_contain_text("0:20.00 – 0:22.50")
    row(page, 1).locator(".line-edit").click()
    page.locator(".line-form").get_by_role("button", name=say("action.delete")).click()
    expect(page.locator(".lines > li")).to_have_count(3)
    page.locator(".toast").get_by_role("button", name=say("action.undo")).first.click()
    expect(page.locator(".lines > li")).to_have_count(4)


def test_who_was_slower_keeps_what_was_typed(visitor: Visitor, stage: Stage) -> None:
    page, say = opened(visitor, stage), Words()
    lines = stage.lines_of
    assert lines is not None
    row(page, 0).locator(".line-edit").click()
    text = page.get_by_label(say("editor.text"), exact=True)
    text.fill("Lo mío.")
    lines.change(ChangeLine(id="0000-01", text="Lo de otra persona."))
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.locator(".toast", has_text=say("editor.conflict")[:40])).to_be_visible()
    expect(row(page, 1)).to_contain_text("Lo de otra persona.")
    expect(text).to_have_value("Lo mío.")
    page.get_by_role("button", name=say("editor.save")).click()
    expect(row(page, 0)).to_contain_text("Lo mío.")
    assert [line.text for line in lines.states[-1]][:2] == ["Lo mío.", "Lo de otra persona."]
    row(page, 2).locator(".line-edit").click()
    lines.change(DeleteLine(id="0000-02"))
    page.get_by_label(say("editor.text"), exact=True).fill("Ya no está.")
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.locator(".toast", has_text=re.compile(say("editor.conflict_gone")[:40]))).to_be_visible()
    expect(page.locator(".lines > li")).to_have_count(2)


def test_what_was_mended_in_the_transcript_is_not_gone_back_behind(visitor: Visitor, stage: Stage) -> None:
    page, say = opened(visitor, stage), Words()
    lines = stage.lines_of
    assert lines is not None
    for text in ("Buenos días.", "Buenas tardes."):
        lines.change(ChangeLine(id="0000-00", text=text))
    lines.heard = lines.rendered = lines.head
    page.reload()
    settle(page)
    undo = page.locator(".page-head").get_by_role("button", name=say("action.undo"))
    expect(row(page, 0)).to_contain_text("Buenas tardes.")
    expect(undo).to_be_disabled()
    lines.change(ChangeLine(id="0000-00", text="Buenas noches."))
    page.reload()
    settle(page)
    expect(undo).to_be_enabled()
    page.get_by_role("button", name=say("editor.revisions")).click()
    back = page.get_by_role("dialog").get_by_role("button", name=say("editor.go_back_to", number=2))
    expect(back).to_be_visible()
    expect(page.get_by_role("dialog").locator("li button")).to_have_count(1)
    page.keyboard.press("Escape")
    undo.click()
    expect(row(page, 0)).to_contain_text("Buenas tardes.")
    expect(undo).to_be_disabled()
