"""What a person does in the application, step by step."""

import uuid
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .words import Words

PASSWORD = "correct horse battery"
SLOW_BYTES = 300_000
"""Bytes a second of a slow line: the files of these tests take some seconds."""

LONG = 90_000
"""Milliseconds that a whole translation may take here; nothing asserts on its speed."""


class Visit:
    """One person before one page, in one language."""

    def __init__(self, page: Page, url: str, language: str = "en") -> None:
        self.page = page
        self.url = url
        self.say = Words(language)
        self.email = f"{uuid.uuid4().hex[:12]}@example.org"

    def button(self, key: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=self.say.pattern(key))

    def text(self, key: str) -> Locator:
        """A text that is shown."""
        return self.page.get_by_text(self.say.pattern(key))

    def heading(self, key: str) -> Locator:
        """The heading of a page."""
        return self.page.get_by_role("heading", level=1, name=self.say(key))

    def register(self, email: str | None = None) -> None:
        """Open an account."""
        self.email = email or self.email
        self.page.goto(f"{self.url}/register")
        self.page.get_by_label(self.say("field.email"), exact=True).fill(self.email)
        self.page.get_by_label(self.say("field.password"), exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name=self.say("register.action")).click()
        expect(self.heading("translate.title")).to_be_visible()

    def choose(self, path: Path) -> None:
        """Choose a file to be uploaded."""
        self.page.locator("#files").set_input_files(path)

    def slowly(self, bytes_a_second: int) -> None:
        """Let the line of this page carry so much; 0: as much as it can."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": bytes_a_second or -1,
            },
        )

    def begin(self, target: str) -> None:
        """Choose a language, see the price, and begin; the page of the translation opens."""
        for chip in self.page.locator("input[name=target]:checked").all():
            if chip.get_attribute("value") != target:
                chip.uncheck(force=True)
        self.page.locator(f"input[name=target][value={target}]").check(force=True)
        start = self.page.get_by_role("button", name=self.say("translate.start_for", count=10))
        expect(start).to_be_enabled(timeout=LONG)
        start.click()
        self.page.wait_for_url("**/jobs/*")

    def await_done(self) -> None:
        """Wait until the translation whose page is open is done."""
        expect(self.page.locator(".badge.good", has_text=self.say("status.completed"))).to_be_visible(
            timeout=LONG
        )

    def balance(self) -> Locator:
        """The balance in the frame."""
        return self.page.locator(".balance strong")
