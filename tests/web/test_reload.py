"""A page that is loaded again shows what it showed, in every status and phase: as events had left it."""

import uuid
from typing import Any

from octavia_gateway.jobs.states import JobStatus, Phase
from octavia_gateway.videos.states import VideoStatus
from playwright.sync_api import Page, expect

from .staging import Stage, job, video
from .test_outputs import opened
from .test_states import Visitor, settle

ONE = uuid.UUID(int=61)
"""The job whose page is open."""

PARTS = {
    "opening": None,
    "transcribing": "11110000",
    "translating": "22211111",
    "synthesizing": "33222222",
    "assembling": "33333333",
}


def step(code: str, number: int = 0, total: int = 0, language: str = "") -> dict[str, Any]:
    return {"code": code, "number": number, "total": total, "language": language}


AT_WORK = [
    (Phase.TRANSCRIBING, step("opening"), 1.0),
    (Phase.TRANSCRIBING, step("transcribing", 5, 8), 24.0),
    (Phase.TRANSLATING, step("translating", 4, 8), 47.5),
    (Phase.SYNTHESIZING, step("synthesizing", 3, 8), 58.0),
    (Phase.ASSEMBLING, step("assembling", 1, 1, "es"), 80.0),
    (Phase.ASSEMBLING, step("finishing"), 99.0),
]


def states() -> list[dict[str, Any]]:
    """A job in every state that a page can find it in, in an order in which it could come by them."""
    before = {"phase": Phase.PENDING, "started_at": None, "parts": None, "progress_percentage": 0}
    one = {"id": ONE, "target_languages": ["es"]}
    found = [
        job("pending", **one, **before, step=step("pending"), finished_at=None),
        job("queued", **one, **before, step=step("queued")),
    ]
    for phase, doing, progress in AT_WORK:
        digits = PARTS.get(doing["code"], "33333333")
        parts = digits and {"es": digits}
        found.append(
            job("processing", **one, phase=phase, step=doing, progress_percentage=progress, parts=parts)
        )
        if doing["code"] == "translating":
            found.append(job("review", **one, phase=phase, progress_percentage=progress))
    found.append(job("processing", **one, step=step("cancelling"), cancel_requested=True))
    ends = ("cancelled", "failed", "completed")
    found += [job(status, **one, attempt=2) for status in ends]
    return [*found, job("partially_completed", id=ONE)]


_SHOWN = """() => { const texts = (where) => [...document.querySelectorAll(where)]
  .filter(one => one.checkVisibility()).map(one => one.innerText.trim());
return { title: document.title, state: texts('.page-head .badge'), step: texts('.lead'),
  phase: texts('[aria-current=step]'), passed: texts('.phases .done'), notes: texts('.note'),
  actions: texts('.page-head .button'), more: texts('main h2'),
  progress: [...document.querySelectorAll('.bar')].map(one => one.ariaValueNow),
  parts: [...document.querySelectorAll('.parts rect')].map(one => one.getAttribute('class')).join(' ') }; }"""

_CARDS = """() => [...document.querySelectorAll('.video-card')].map(card => [card.dataset.id,
  ...[...card.querySelectorAll('.badge, .card-why, .card-work')].map(one => one.innerText.trim()),
  card.querySelector('.bar')?.ariaValueNow ?? null])"""


def comes_to(page: Page, script: str, wanted: Any) -> None:
    """Wait until the page shows this. Raises AssertionError with what it shows instead."""
    for _ in range(100):
        if page.evaluate(script) == wanted:
            return
        page.wait_for_timeout(100)
    assert page.evaluate(script) == wanted


def test_a_job_is_found_again_in_every_status_and_phase(visitor: Visitor, stage: Stage) -> None:
    every = states()
    assert {one["status"] for one in every} == set(JobStatus)
    assert {one["phase"] for one in every} == set(Phase)
    stage.jobs = [every[0]]
    page, say = opened(visitor, stage, f"/jobs/{ONE}")
    for one in every:
        stage.jobs = [one]
        stage.tell("job.updated", one)
        code = one["step"]["code"]
        expect(page.locator(".page-head .badge")).to_have_text(say(f"status.{one['status']}"))
        if one["finished_at"] is None:
            values = {**one["step"], "language": "Spanish"}
            expect(page.locator(".lead")).to_have_text(say(f"step.{code}", **values))
        else:
            settle(page)
        shown = page.evaluate(_SHOWN)
        if one["status"] == "processing" and not one["cancel_requested"]:
            assert shown["phase"] == [say(f"phase.{one['phase']}")]
        stage.told.clear()  # a stream that begins anew tells nothing of before
        page.reload()
        comes_to(page, _SHOWN, shown)


def test_videos_are_found_again_in_every_state_on_both_pages(visitor: Visitor, stage: Stage) -> None:
    stage.videos = [video("pending", place) for place, _ in enumerate(VideoStatus)]
    page, say = opened(visitor, stage, "/create")
    expect(page.locator(".video-card")).to_have_count(len(VideoStatus))
    stage.videos = [
        video(status, place, id=old["id"], batch_id=old["batch_id"])
        for place, (status, old) in enumerate(zip(VideoStatus, stage.videos, strict=True))
    ]
    for one in stage.videos:
        stage.tell("video.updated", one)
    badges = page.locator(".video-card .badge")
    expect(badges).to_have_count(len(VideoStatus) - 1)
    for status in set(VideoStatus) - {VideoStatus.COMPLETED}:
        expect(badges.get_by_text(say(f"video_status.{status}"), exact=True)).to_have_count(1)
    shown = page.evaluate(_CARDS)
    stage.told.clear()
    for path in ("/create", "/gallery"):
        page.goto(stage.url + path)
        comes_to(page, _CARDS, shown)
        page.reload()
        comes_to(page, _CARDS, shown)
