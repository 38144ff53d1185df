"""Every page and state: nothing that axe finds, nothing too wide, nothing that no page may do."""

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from octavia_billing.domain.wording import WORK
from playwright.sync_api import Page, expect

from .staging import Stage, job, video
from .words import Words, texts

pytestmark = pytest.mark.timeout(600)

Visitor = Callable[..., Page]

LOOKS: dict[str, dict[str, Any]] = {
    "wide and light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "narrow and dark": {
        "viewport": {"width": 360, "height": 780},
        "color_scheme": "dark",
        "locale": "vi",
        "reduced_motion": "reduce",
    },
}

WORKING, DONE, FAILED, CANCELLED, WAITING, PARTIAL = (str(uuid.UUID(int=place)) for place in range(11, 17))
PAGES = {
    "signing in": "/sign-in",
    "registering": "/register",
    "translating": "/",
    "a job at work": f"/jobs/{WORKING}",
    "a job that is done": f"/jobs/{DONE}",
    "a job that waits for review": f"/jobs/{WAITING}",
    "a job that misses a language": f"/jobs/{PARTIAL}",
    "a job that failed": f"/jobs/{FAILED}",
    "a job that was cancelled": f"/jobs/{CANCELLED}",
    "a job that is not there": f"/jobs/{uuid.UUID(int=99)}",
    "creating": "/create",
    "the gallery": "/gallery",
    "what was deleted": "/gallery?show=deleted",
    "nothing found": "/gallery?q=nowhere",
    "credits": "/credits",
    "the account": "/account",
    "administration": "/admin",
    "administration: users": "/admin?show=users",
    "administration: jobs": "/admin?show=jobs",
    "administration: videos": "/admin?show=videos",
    "administration: dead letters": "/admin?show=letters",
}


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture for posters."""
    path: Path = tmp_path_factory.mktemp("still") / "still.webp"
    draw = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180", "-frames:v", "1", str(path)]
    subprocess.run(draw, check=True, timeout=30)
    return path.read_bytes()


def furnish(stage: Stage, still: bytes) -> None:
    """One of everything."""
    stage.media["thumbnail"] = (still, "image/webp")
    states = {
        WORKING: "processing",
        DONE: "completed",
        FAILED: "failed",
        CANCELLED: "cancelled",
        WAITING: "review",
        PARTIAL: "partially_completed",
    }
    stage.jobs = [job(status, id=job_id) for job_id, status in states.items()]
    statuses = ("processing", "completed", "failed", "pending", "cancelled", "expired")
    stage.videos = [video(status, number) for number, status in enumerate(statuses)]
    stage.videos.append(video("completed", 7, deleted_at="2026-11-20T10:00:00Z", shared=False))
    stage.lines = [
        {
            "id": str(uuid.uuid4()),
            "seq": place,
            "kind": kind,
            "amount": amount,
            "credits": abs(amount) or 10,
            "balance_after": 100,
            "held_after": 0,
            "reason": reason,
            "job_id": WORKING if place > 1 else None,
            "created_at": stage.jobs[0]["created_at"],
        }
        for place, (kind, amount, reason) in enumerate(
            [
                ("grant", 100, "Welcome credits"),
                ("reserve", -10, "Video translation (en to es, fr)"),
                ("capture", 0, "Generated video"),
                ("expire", -5, "Welcome credits: expired"),
            ],
            start=1,
        )
    ][::-1]


def sign_in(page: Page, stage: Stage, uploads: list[dict[str, Any]] | None = None) -> None:
    """As if somebody had signed in before."""
    answer = stage.session()
    session = {"user": answer["user"], "access": "a", "refresh": "r", "until": 9e15}
    kept = {"octavia.session": session, f"octavia.uploads.{answer['user']['id']}": uploads or []}
    for key, value in kept.items():
        page.add_init_script(f"localStorage.setItem({json.dumps(key)}, {json.dumps(json.dumps(value))})")


def settle(page: Page) -> None:
    """Wait until the page has what it asked for."""
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_function("() => !document.querySelector('main .bone')")
    page.wait_for_timeout(150)


def assert_fine(page: Page) -> None:
    """Axe finds nothing, and nothing is wider than the window."""
    found = Axe().run(page)
    told = [
        (one["id"], [(node["target"], node.get("failureSummary", "")) for node in one["nodes"][:3]])
        for one in found.response["violations"]
    ]
    assert told == []
    wider = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_and_fits(visitor: Visitor, stage: Stage, still: bytes, look: str) -> None:
    furnish(stage, still)
    page = visitor(stage.url, **LOOKS[look])
    for name, path in PAGES.items():
        if name == "translating":
            sign_in(page, stage, uploads=_uploads(stage))
        page.goto(stage.url + path)
        settle(page)
        try:
            assert_fine(page)
        except AssertionError as error:
            raise AssertionError(f"{name}, {look}: {error}") from None


def _uploads(stage: Stage) -> list[dict[str, Any]]:
    """One that is there, and one whose file must be chosen again."""
    stage.answers["GET uploads/x"] = {"state": "receiving", "offset": 400, "file_id": None}
    return [
        {"key": "a", "name": "talk.mp4", "size": 1000, "fileId": str(uuid.UUID(int=7))},
        {"key": "b", "name": "<script>alert(1)</script>.mp4", "size": 1000, "path": "/uploads/x"},
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_dialog_and_trouble_is_accessible(
    visitor: Visitor, stage: Stage, still: bytes, look: str
) -> None:
    furnish(stage, still)
    say = Words(LOOKS[look].get("locale", "en"))
    page = visitor(stage.url, **LOOKS[look])
    sign_in(page, stage)
    stage.answers["POST videos/" + stage.videos[1]["id"] + "/share"] = {
        "token": "t",
        "path": "/s/t",
        "url": stage.url + "/s/t",
        "shared_at": "2026-11-20T10:00:00Z",
        "views": 3,
        "downloads": 1,
    }
    page.goto(stage.url + "/gallery")
    settle(page)
    cards = page.locator(".video-card")
    cards.nth(1).locator("summary").click()
    assert_fine(page)
    cards.nth(1).get_by_role("button", name=say("video.share")).click()
    expect(page.locator("dialog input")).to_be_visible()
    assert_fine(page)
    page.keyboard.press("Escape")
    cards.nth(2).locator(".card-open").click()
    expect(page.locator("dialog .note")).to_be_visible()
    assert_fine(page)
    page.keyboard.press("Escape")
    cards.nth(1).locator(".card-tick").check(force=True)
    page.locator(".select-bar").get_by_role("button", name=say("action.delete")).click()
    expect(page.locator("dialog")).to_be_visible()
    assert_fine(page)
    page.keyboard.press("Escape")

    page.goto(stage.url + "/credits")
    settle(page)
    page.context.set_offline(True)
    expect(page.locator(".banner")).to_be_visible()
    assert_fine(page)
    page.context.set_offline(False)

    stage.failing = {"credits/prices": 500, "sessions": 500, "jobs": 500, "videos": 500}
    for path in ("/", "/credits", "/account", "/gallery"):
        page.goto(stage.url + path)
        expect(page.locator("[role=alert] .button").first).to_be_visible()
        assert_fine(page)


def test_the_keyboard_alone_signs_in_and_moves_on(visitor: Visitor, stage: Stage, still: bytes) -> None:
    furnish(stage, still)
    say = Words()
    page = visitor(stage.url)
    page.goto(stage.url + "/sign-in")
    settle(page)
    page.get_by_label(say("field.email"), exact=True).focus()
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1, name=say("translate.title"))
    expect(heading).to_be_focused()
    page.keyboard.press("Shift+Tab")
    for _ in range(30):
        if page.evaluate("() => document.activeElement.getAttribute('href')") == "/gallery":
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=say("gallery.title"))).to_be_focused()
    page.locator(".video-card summary").nth(1).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".video-card summary").nth(1)).to_be_focused()
    page.locator(".card-open").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".card-open").nth(2)).to_be_focused()


def test_every_visible_word_comes_from_the_texts(visitor: Visitor, stage: Stage, still: bytes) -> None:
    """With each text in brackets, every letter outside brackets is somebody's data, a number or a name."""
    furnish(stage, still)
    page = visitor(stage.url)
    marked = {
        key: {form: f"⟦{one}⟧" for form, one in text.items()} if isinstance(text, dict) else f"⟦{text}⟧"
        for key, text in texts("en").items()
    }
    body = f"export default {json.dumps(marked)};"
    page.route("**/js/lang/en.js", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    given = json.dumps([stage.jobs, stage.videos, stage.lines, stage.session()], ensure_ascii=False)
    loose: dict[str, list[str]] = {}
    lists = {"lists": "/lists", "a new list": "/lists/pronunciations/new"}
    for name, path in {**PAGES, **lists}.items():
        if name == "translating":
            sign_in(page, stage)
        page.goto(stage.url + path)
        settle(page)
        for text in page.evaluate(_TEXTS):
            rest = re.sub(r"⟦[^⟦⟧]*⟧", "", re.sub(r"⟦[^⟦⟧]*⟧", "", text)).strip(" ·:,.()–—-…←")
            if re.search(r"[A-Za-z]{3}", rest) and rest not in given and not re.search(_NOT_OURS, rest):
                loose.setdefault(name, []).append(text)
    assert not loose


_TEXTS = """() => { const found = []; const walker =
document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); while (walker.nextNode()) {
  const text = walker.currentNode.data.trim();
  if (text && !walker.currentNode.parentElement.closest('noscript, option[lang]')) found.push(text); }
for (const e of document.querySelectorAll('[aria-label],[placeholder],[title],[alt]'))
  for (const n of ['aria-label', 'placeholder', 'title', 'alt'])
    if (e.getAttribute(n)) found.push(e.getAttribute(n));
return found; }"""

_NOT_OURS = (
    r"Octavia|English|Spanish|French|Catalan|Galician|Portuguese|Cinematic|Anime|https://|octv_|render farm|"
    r"Python|Chrome|kling|kie|local|pocketsphinx|BSD|example\.org|translator\.stage|chunks\.|"
    r"the engine answered|^(?:MP4|MKV|WEBM|FLAC|WAV|OGG)$|"
    r"Buenos|Good morning|Hoy|Today|Empieza|It begins|What if|Y si|video_refused|There is no job|"
    r"\d (?:second|minute|hour|day|sec|min|hr)|\byesterday\b|\bnow\b|\bago\b|\d{4}|Nov \d|Oct \d"
)


def test_no_line_of_the_history_is_left_in_english(visitor: Visitor, stage: Stage) -> None:
    ends = ("", ": delivered", ": failed", ": cancelled", ": not delivered: es, fr", ": expired")
    reasons = [
        f"{work}{about}{end}" for work in WORK.values() for about in ("", " (en to es)") for end in ends
    ]
    stage.lines = [
        {
            "id": str(uuid.uuid4()),
            "seq": place,
            "kind": "capture",
            "amount": 0,
            "credits": 10,
            "balance_after": 100,
            "held_after": 0,
            "reason": reason,
            "job_id": None,
            "created_at": "2026-11-20T10:00:00Z",
        }
        for place, reason in enumerate(reasons, start=1)
    ][::-1]
    page = visitor(stage.url, locale="vi")
    sign_in(page, stage)
    page.goto(stage.url + "/credits")
    settle(page)
    told = page.locator("tbody td.full").all_inner_texts()
    assert len(told) == len(reasons)
    english = re.compile("|".join([*WORK.values(), "delivered", "failed", "cancelled", "expired", r"\ben\b"]))
    assert [text for text in told if english.search(text)] == []


def test_an_event_moves_a_page_and_without_a_stream_it_asks(
    visitor: Visitor, stage: Stage, still: bytes
) -> None:
    furnish(stage, still)
    say = Words()
    page = visitor(stage.url)
    sign_in(page, stage)
    stage.failing = {"events": 500}
    page.goto(f"{stage.url}/jobs/{WORKING}")
    settle(page)
    expect(page.locator(".lead", has_text=say("step.translating", number=8, total=14))).to_be_visible()
    step = {"code": "translating", "number": 11, "total": 14, "language": ""}
    stage.jobs[0] = job("processing", id=WORKING, step=step)
    expect(page.locator(".lead", has_text=say("step.translating", number=11, total=14))).to_be_visible(
        timeout=20_000
    )
    stage.failing = {}
    for _ in range(200):
        if stage.streams:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(1500)  # what the page asks for where a stream begins has been answered
    moved = job("processing", id=WORKING, step={**step, "number": 13})
    stage.tell("job.updated", moved)
    expect(page.locator(".lead", has_text=say("step.translating", number=13, total=14))).to_be_visible(
        timeout=20_000
    )


def test_the_first_page_is_small_and_asks_for_nothing_it_does_not_need(
    visitor: Visitor, stage: Stage, still: bytes
) -> None:
    page = visitor(stage.url)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(stage.url + "/sign-in")
    settle(page)
    assert sum(sizes) < 60 * 1024, (sum(sizes), len(sizes))
    assert [path for _, path in stage.calls] == []
    again = visitor(stage.url)
    sign_in(again, stage)
    again.goto(stage.url + "/")
    settle(again)
    asked = [path for method, path in stage.calls]
    # What stood before the stream began may have changed until then, so that alone is asked for again.
    assert {path: asked.count(path) for path in asked if path != "jobs"} == dict.fromkeys(
        {*asked} - {"jobs"}, 1
    )
    assert asked.count("jobs") <= 2
    assert set(asked) <= {"credits", "credits/prices", "capabilities", "jobs", "events", "auth/media-cookie"}


def in_a_gallery(visitor: Visitor, stage: Stage, still: bytes, *, clips: int) -> Page:
    """The first page of a gallery of so many clips."""
    stage.media["thumbnail"] = (still, "image/webp")
    stage.videos = [video("completed", number) for number in range(clips)]
    page = visitor(stage.url)
    sign_in(page, stage)
    page.goto(stage.url + "/gallery")
    settle(page)
    return page


def test_a_long_gallery_is_scrolled_to_its_end(visitor: Visitor, stage: Stage, still: bytes) -> None:
    """All are reached, and each is there once; how smoothly, `make bench` measures."""
    page = in_a_gallery(visitor, stage, still, clips=300)
    cards = page.locator(".video-card")
    for _ in range(1200):  # a busy machine takes its time
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        if cards.count() == len(stage.videos):
            break
        page.wait_for_timeout(100)
    shown = page.evaluate("() => [...document.querySelectorAll('.video-card')].map(card => card.dataset.id)")
    assert shown == [one["id"] for one in stage.videos]


def test_a_gallery_goes_on_for_who_is_at_its_end_before_it_is_drawn(
    visitor: Visitor, stage: Stage, still: bytes
) -> None:
    """Scrolled back between a page's cards and the next frame, the end never seems to have moved."""
    page = in_a_gallery(visitor, stage, still, clips=200)
    page.evaluate(
        """() => {
          const end = () => scrollTo(0, document.body.scrollHeight);
          const cards = document.querySelector(".card-groups");
          new MutationObserver(end).observe(cards, { childList: true, subtree: true });
          end();
        }"""
    )
    expect(page.locator(".video-card")).to_have_count(len(stage.videos), timeout=90_000)
