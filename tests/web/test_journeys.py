"""What people come for, in headless Chromium against the whole platform, with real files."""

import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from octavia_local.platform import Platform
from playwright.sync_api import Page, expect

from .visits import LONG, PASSWORD, SLOW_BYTES, Visit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(700)]

Visitor = Callable[..., Page]

SENDING = re.compile(r"^\d+% of [\d.]+ \w+ · [\d.]+ \w+/s · \d+ \w+ left$")
"""How far, of what, how fast, how long still."""


def on(page: Page, platform: Platform, language: str = "en") -> Visit:
    return Visit(page, platform.url, language)


def state_of(page: Page) -> dict[str, Any]:
    """How the two players stand."""
    found: dict[str, Any] = page.evaluate(
        """() => { const [dub, source] = [...document.querySelectorAll('.screen video')];
        return {dub: dub.currentTime, source: source.currentTime, muted: [dub.muted, source.muted],
                broken: Boolean(dub.error || source.error)}; }"""
    )
    return found


def test_from_registering_to_the_dub_and_its_price(
    visitor: Visitor, web_platform: Platform, talk: Path, tmp_path: Path
) -> None:
    """Register, upload (paused, resumed, gone on with after a reload), dub, reload, play both, seek by the
    transcript, download, credits."""
    page = visitor(web_platform.url)
    visit = on(page, web_platform)
    visit.register()
    expect(visit.balance()).to_have_text("150")
    expect(visit.text("translate.why_none")).to_be_visible()

    large = tmp_path / talk.name  # the same video with room behind it, so that it takes a while
    large.write_bytes(talk.read_bytes() + b"\0\0\0\x08free" + _free_atom(6_000_000))
    visit.slowly(SLOW_BYTES)
    visit.choose(large)
    expect(page.locator(".upload h2")).to_have_text(talk.name)
    expect(page.get_by_text(SENDING)).to_be_visible()
    visit.button("upload.pause_of").click()
    expect(visit.text("upload.paused")).to_be_visible()
    expect(visit.text("translate.why_incomplete")).to_be_visible()
    visit.button("upload.resume_of").click()
    expect(page.get_by_text(SENDING)).to_be_visible()
    visit.button("upload.pause_of").click()
    expect(visit.text("upload.paused")).to_be_visible()

    page.reload()
    expect(visit.text("upload.lost")).to_be_visible()
    visit.slowly(0)
    visit.choose(large)
    expect(page.get_by_text(re.compile(r"\d:\d\d · .* · \d+×\d+"))).to_be_visible(timeout=LONG)
    expect(page.locator(".poster video")).to_be_visible()
    visit.begin("es")
    expect(page.locator("h1")).to_have_text(talk.name)
    expect(visit.text("job.held")).to_be_visible()
    page.reload()  # in the middle of it
    visit.await_done()
    expect(visit.balance()).to_have_text("140")

    lines = page.locator(".transcript .line")
    expect(lines.first).to_be_visible()
    page.locator(".screen video").first.evaluate("video => video.play()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.screen video')].every(v => v.currentTime > 0.4)"
    )
    playing = state_of(page)
    assert not playing["broken"]
    assert playing["muted"] == [False, True]
    page.wait_for_function("() => document.querySelector('.screen video').textTracks[0].cues?.length > 0")
    last = lines.count() - 1
    lines.nth(last).click()
    expect(lines.nth(last)).to_have_attribute("aria-current", "true")
    page.wait_for_function("() => !document.querySelector('.screen video').seeking")
    sought = state_of(page)
    assert sought["dub"] > 2
    assert abs(sought["dub"] - sought["source"]) < 1
    page.locator("input[name=sound][value=source]").check(force=True)
    assert state_of(page)["muted"] == [True, False]

    page.locator("summary", has_text=visit.say("download.title")).click()
    for key in ("download.video", "download.audio", "download.srt", "download.vtt"):
        with page.expect_download() as downloading:
            page.get_by_role("link", name=visit.say(key, language="Spanish")).click()
        saved = Path(downloading.value.path())
        assert saved.stat().st_size > 20, key
        assert ".es." in downloading.value.suggested_filename

    page.get_by_role("link", name=re.compile("^" + visit.say("nav.credits"))).first.click()
    expect(visit.heading("credits.title")).to_be_visible()
    expect(
        page.get_by_text(visit.say("jobs.languages", source="English", targets="Spanish")).first
    ).to_be_visible()
    expect(page.get_by_text(visit.say("credits.taken", count=10))).to_be_visible()
    with page.expect_download() as downloading:
        visit.button("credits.csv").click()
    csv = Path(downloading.value.path()).read_text("utf-8-sig")
    assert '"capture"' in csv
    assert csv.count("\n") == 4  # head, grant, reserve, capture


def _free_atom(size: int) -> bytes:
    """What players skip."""
    return size.to_bytes(4, "big") + b"free" + os.urandom(size - 8)


def test_a_prompt_becomes_a_clip_that_is_shared_and_taken_back(
    visitor: Visitor, web_platform: Platform
) -> None:
    page = visitor(web_platform.url)
    visit = on(page, web_platform)
    visit.register()
    page.goto(f"{web_platform.url}/create")
    prompt = page.get_by_label(visit.say("create.prompt"))
    wish = f"A lantern <b>{uuid.uuid4().hex[:6]}</b>"
    prompt.fill(wish)
    prompt.press("Shift+Enter")
    prompt.press("Backspace")
    prompt.press("Enter")
    card = page.locator(".video-card", has_text=wish)
    expect(card).to_be_visible()
    expect(prompt).to_have_value("")
    expect(card.locator("img")).to_be_visible(timeout=LONG)
    expect(visit.balance()).to_have_text("50")

    page.goto(f"{web_platform.url}/gallery?q=lantern")
    card = page.locator(".video-card", has_text=wish)
    card.locator(".card-open").click()
    page.wait_for_function("() => document.querySelector('dialog video')?.currentTime > 0.2")
    page.keyboard.press("Escape")
    card.locator("summary").click()
    visit.button("video.share").click()
    address = page.get_by_label(visit.say("video.share_address")).input_value()
    stranger = visitor(web_platform.url)
    stranger.goto(address)
    expect(stranger.get_by_role("heading")).to_have_text(wish)
    stranger.wait_for_function("() => document.querySelector('video').readyState > 0")
    visit.button("video.share_revoke").click()
    expect(visit.text("video.share_revoked")).to_be_visible()
    stranger.reload()
    expect(stranger.locator("video")).to_have_count(0)

    # Too little is left for another: the page says so and does not ask.
    page.goto(f"{web_platform.url}/create")
    page.get_by_label(visit.say("create.prompt")).fill("Another one")
    expect(page.get_by_text(visit.say("translate.why_credits", count=50))).to_be_visible()
    expect(visit.button("create.action")).to_have_attribute("aria-disabled", "true")

    # Deleted, and had back.
    page.goto(f"{web_platform.url}/gallery")
    card.locator("summary").click()
    card.get_by_role("button", name=visit.say("action.delete")).click()
    page.locator("dialog").get_by_role("button", name=visit.say("action.delete")).click()
    expect(card).to_have_count(0)
    visit.button("action.undo").click()
    expect(card).to_be_visible()


def test_what_fails_says_why_and_gives_back_and_can_be_run_again(
    visitor: Visitor, web_platform: Platform, talk: Path
) -> None:
    page = visitor(web_platform.url)
    visit = on(page, web_platform)
    visit.register()
    visit.choose(talk)
    expect(page.get_by_text(re.compile(r"\d:\d\d · .* · \d+×\d+"))).to_be_visible(timeout=LONG)
    _lose_uploads(web_platform)
    visit.begin("es")
    expect(visit.text("job.failed_title")).to_be_visible(timeout=LONG)
    expect(page.get_by_text(visit.say("job.refunded", count=10))).to_be_visible()
    expect(visit.balance()).to_have_text("150")
    expect(visit.button("action.try_again")).to_be_visible()
    visit.button("action.try_again").click()
    expect(page.get_by_text(visit.say.pattern("job.attempt"))).to_be_visible(timeout=LONG)


def _lose_uploads(platform: Platform) -> None:
    """Take every uploaded file out of the store, behind everybody's back."""
    from minio import Minio

    environment = platform.environment
    store = Minio(
        environment["S3_ENDPOINT"].removeprefix("http://"),
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
        secure=False,
    )
    bucket = environment["S3_BUCKET"]
    for found in store.list_objects(bucket, recursive=True):
        if found.object_name and "/uploads/" in found.object_name:
            store.remove_object(bucket, found.object_name)


def test_vietnamese_all_the_way_in_two_tabs(visitor: Visitor, web_platform: Platform, talk: Path) -> None:
    page = visitor(
        web_platform.url, locale="vi-VN", color_scheme="dark", viewport={"width": 360, "height": 780}
    )
    visit = on(page, web_platform, "vi")
    visit.register()
    assert page.locator("html").get_attribute("lang") == "vi"
    visit.choose(talk)
    visit.begin("es")
    second = page.context.new_page()
    second.goto(f"{web_platform.url}/")
    expect(second.locator(".job-row h3")).to_have_text(talk.name)
    visit.await_done()
    expect(second.locator(".job-row .badge.good")).to_be_visible(timeout=LONG)
    expect(page.locator(".transcript .line").first).to_be_visible()
    for address in (
        "/",
        "/create",
        "/gallery",
        "/credits",
        "/account",
        page.url.removeprefix(web_platform.url),
    ):
        page.goto(web_platform.url + address)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(400)
        assert _english_on(page) == [], (address, page.locator("main").inner_text())
    # Signing out in one tab signs the other out.
    page.goto(f"{web_platform.url}/account")
    visit.button("account.sign_out").click()
    expect(page.get_by_role("heading", level=1, name=visit.say("sign_in.title"))).to_be_visible()
    expect(second.get_by_role("heading", level=1, name=visit.say("sign_in.title"))).to_be_visible()


def _english_on(page: Page) -> list[str]:
    """English texts of ours that are shown, and that Vietnamese says otherwise."""
    from .words import texts

    shown = page.evaluate("() => document.body.innerText")
    vietnamese = {str(text) for text in texts("vi").values()}
    return [
        text
        for text in texts("en").values()
        if isinstance(text, str)
        and len(text) > 6
        and "{" not in text
        and text not in vietnamese
        and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", shown)
    ]


def test_trouble_of_line_server_and_session_is_told_and_outlived(
    visitor: Visitor, web_platform: Platform
) -> None:
    """Offline and back; a server that restarts; a session that was ended. What was typed stays."""
    page = visitor(web_platform.url)
    visit = on(page, web_platform)
    visit.register()
    page.goto(f"{web_platform.url}/create")
    prompt = page.get_by_label(visit.say("create.prompt"))
    prompt.fill("Kept through everything")
    page.context.set_offline(True)
    expect(visit.text("connection.offline")).to_be_visible()
    page.context.set_offline(False)
    expect(visit.text("connection.offline")).to_have_count(0)

    web_platform.kill("gateway")
    expect(visit.text("connection.unreachable")).to_be_visible(timeout=30_000)
    web_platform.revive("gateway")
    expect(visit.text("connection.unreachable")).to_have_count(0, timeout=30_000)
    expect(prompt).to_have_value("Kept through everything")

    token = page.evaluate("() => JSON.parse(localStorage.getItem('octavia.session')).access")
    ended = httpx.post(f"{web_platform.url}/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert ended.status_code == 204
    prompt.press("Enter")
    dialog = page.locator("dialog", has_text=visit.say("again.title"))
    expect(dialog).to_be_visible()
    dialog.get_by_label(visit.say("field.password"), exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name=visit.say("sign_in.action")).click()
    expect(dialog).to_have_count(0)
    # What was under way goes on by itself.
    card = page.locator(".video-card", has_text="Kept through everything")
    expect(card.locator("img")).to_be_visible(timeout=LONG)
