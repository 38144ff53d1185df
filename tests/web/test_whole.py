"""What a preview grows into, and jobs that nobody speaks: on the stage."""

import re
import uuid

import pytest
from octavia_gateway.exports.schemas import ExportList
from playwright.sync_api import expect

from .editing import StagedLines
from .staging import CONTAINERS, Stage, checked, job
from .test_batches import everything
from .test_outputs import opened
from .test_states import DONE, FAILED, LOOKS, WORKING, Visitor, assert_fine, settle
from .words import Words

WHOLE = str(uuid.UUID(int=51))
SPEECH = {"en": re.compile(r"\bdub|\bspeaking", re.I), "vi": re.compile("lồng tiếng", re.I)}


@pytest.mark.parametrize("look", LOOKS)
def test_a_preview_becomes_the_whole_at_a_price_that_counts_it(
    visitor: Visitor, stage: Stage, look: str
) -> None:
    everything(stage)
    stage.jobs = [job("completed", id=DONE, preview=True)]
    quote = {"credits": 40, "price_version": "v", "counted": 10}
    made = job("queued", id=WHOLE, quote=quote)
    stage.answers[f"POST jobs/{DONE}/whole"] = made
    page, say = opened(visitor, stage, f"/jobs/{DONE}", look)
    whole = page.get_by_role("button", name=say("whole.action"))
    dialog = page.locator("dialog")
    whole.click()
    expect(dialog).to_contain_text(say("whole.counted", count=10))
    assert_fine(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(whole).not_to_have_attribute("aria-busy", "true")
    assert ("DELETE", f"jobs/{WHOLE}") in stage.calls
    assert ("POST", f"jobs/{WHOLE}/process") not in stage.calls
    stage.jobs = [job("completed", id=DONE, preview=True), made]
    page.reload()
    settle(page)
    whole.click()
    dialog.get_by_role("button", name=say("job.begin", count=40)).click()
    page.wait_for_url(f"**/jobs/{WHOLE}")
    assert ("POST", f"jobs/{WHOLE}/process") in stage.calls


def test_the_whole_is_not_begun_without_its_credits(visitor: Visitor, stage: Stage) -> None:
    stage.jobs = [job("completed", id=DONE, preview=True)]
    made = job("pending", id=WHOLE, quote={"credits": 400, "price_version": "v", "counted": 10})
    stage.answers[f"POST jobs/{DONE}/whole"] = made
    page, say = opened(visitor, stage, f"/jobs/{DONE}")
    page.get_by_role("button", name=say("whole.action")).click()
    begin = page.locator("dialog").get_by_role("button", name=say("job.begin", count=400))
    expect(begin).to_have_attribute("aria-disabled", "true")
    expect(page.locator("dialog")).to_contain_text(say("translate.why_credits", count=20))
    begin.click(force=True)
    expect(begin).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "look"), list(zip(["subtitles", "subtitle_translate"], reversed(LOOKS), strict=True))
)
def test_no_page_speaks_of_a_dub_where_there_is_none(
    visitor: Visitor, stage: Stage, kind: str, look: str
) -> None:
    states = {WORKING: "processing", DONE: "completed", FAILED: "failed"}
    stage.jobs = [job(status, id=job_id, kind=kind) for job_id, status in states.items()]
    stage.lines_of = StagedLines(DONE)
    possible = {each: CONTAINERS[each] for each in ("tracks", "burnt")}
    stage.answers[f"GET jobs/{DONE}/exports"] = checked(ExportList, {"containers": possible, "items": []})
    page, say = opened(visitor, stage, f"/jobs/{WORKING}", look)
    expect(page.locator("main")).to_contain_text(say(f"kind.{kind}"))
    for path in (*(f"/jobs/{job_id}" for job_id in states), f"/jobs/{DONE}/edit"):
        page.goto(stage.url + path)
        settle(page)
        expect(page.locator("main h2, main .lead, main .lines").first).to_be_visible()
        assert not SPEECH[say.language].search(page.locator("main").inner_text()), path
    expect(page.get_by_role("heading", level=1)).to_have_text(say("editor.title_written"))
    if kind == "subtitle_translate":
        assert page.get_by_role("button", name=Words(say.language).pattern("editor.play_of")).count() == 0
