"""The web application in headless Chromium: what its first page weighs, when it answers on a slow machine,
and whether a gallery of two thousand videos scrolls without long tasks."""

import asyncio
import json
import statistics
from collections.abc import Mapping
from typing import Any

import psycopg
from octavia_local.api import PASSWORD, Api
from playwright.async_api import Browser, Page, async_playwright

from octavia_benchmarks.results import Figure, at_most, lower_is_better
from octavia_benchmarks.stack import make_platform, servers

CHROMIUM = "/usr/bin/chromium"
FIRST_PAGE_KIB = 60.0
LONG_TASK_MS = 50.0
SLOWED = 4
"""How many times slower the processor is made for the first page: Lighthouse's mobile device."""

_VIDEOS, _QUICK_VIDEOS = 2000, 200
_STEP, _PAUSE = 700, 0.05
"""Pixels of one turn of the wheel, and seconds to the next: a hand that looks for something."""

_VISITS = 5
_BARE = "data:text/html,<h1>Sign in</h1><input type=email>"
"""A page of nothing but what is waited for."""

_NO_TRANSLATION = dict.fromkeys(("transcriber", "translator", "synthesizer", "assembler"), 0)

_WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'longtask', buffered: true});
"""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """Weight, time to answer, and the longest tasks while scrolling."""
    count = _QUICK_VIDEOS if quick else _VIDEOS
    with servers() as on, make_platform(on, {}, workers=_NO_TRANSLATION) as platform:
        async with Api(platform.url) as user:
            await user.register()
            (video,) = await user.generate("A paper boat sails down a rainy street at dusk")
            await user.wait_video(video["id"])
            await asyncio.to_thread(_multiply, platform.environment, video["id"], count)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                weight, requests = await _weight(browser, platform.url)
                interactive = await _interactive(browser, f"{platform.url}/sign-in")
                bare = await _interactive(browser, _BARE)
                longest, busiest, seen = await _scroll(browser, platform.url, user.email, count)
                await browser.close()
    figures = [
        at_most("web_first_page", weight / 1024, "KiB", FIRST_PAGE_KIB),
        lower_is_better("web_interactive", interactive, "ms", baseline=bare),
        at_most("web_gallery_longest_task", longest, "ms", LONG_TASK_MS),
        at_most("web_gallery_busiest_task", busiest, "ms", LONG_TASK_MS),
    ]
    note = (
        f"web: first page in {requests} requests; interactive with the processor {SLOWED} times slower; "
        f"{seen} videos scrolled through (tasks below 50 ms are not told one by one and count as 0)."
    )
    return figures, [note]


def _multiply(environment: Mapping[str, str], video_id: str, count: int) -> None:
    """Rows like the one that was really made, each a second older."""
    with psycopg.connect(environment["DATABASE_URL"], options="-c search_path=gateway,public") as connection:
        columns = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = 'gateway' AND table_name = 'videos' ORDER BY ordinal_position"
            )
        ]
        new = {
            "video_id": "gen_random_uuid()",
            "hold_id": "gen_random_uuid()",
            "created_at": "v.created_at - make_interval(secs => n)",
        }
        values = ", ".join(new.get(name, f"v.{name}") for name in columns)
        connection.execute(
            f"INSERT INTO videos ({', '.join(columns)}) SELECT {values} "  # noqa: S608 - names of columns
            "FROM videos v, generate_series(1, %s) n WHERE v.video_id = %s",
            (count - 1, video_id),
        )


async def _weight(browser: Browser, url: str) -> tuple[int, int]:
    """Bytes over the wire until the first page stands, and in how many requests."""
    page = await browser.new_page()
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    await page.goto(f"{url}/sign-in")
    await page.wait_for_selector("h1")
    await page.wait_for_load_state("networkidle")
    await page.close()
    return sum(sizes), len(sizes)


async def _interactive(browser: Browser, url: str) -> float:
    """Milliseconds from an address to a field that takes letters, by the browser's own clock, with nothing
    cached: the median of a few visits."""
    taken: list[float] = []
    for _ in range(_VISITS):
        page = await browser.new_page()
        session = await page.context.new_cdp_session(page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        await page.goto(url)
        await page.wait_for_selector("input[type=email]")
        await page.fill("input[type=email]", "ada@example.org")
        taken.append(await page.evaluate("() => performance.now()"))
        await page.close()
    return statistics.median(taken)


async def _scroll(browser: Browser, url: str, email: str, count: int) -> tuple[float, float, int]:
    """The longest task while everything is scrolled through, the most time that the page's own thread worked
    in one, and how many videos were seen."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await _sign_in(page, url, email)
    await page.goto(f"{url}/gallery")
    await page.wait_for_selector(".video-card img")
    await page.wait_for_load_state("load")
    await page.evaluate(_WATCH_TASKS)
    await page.evaluate("() => { longTasks.length = 0; }")
    await page.mouse.move(640, 450)
    await browser.start_tracing(page=page, categories=["toplevel"])
    cards, still = 0, 0
    while cards < count and still < 100:
        await page.mouse.wheel(0, _STEP)
        await asyncio.sleep(_PAUSE)
        now = await page.locator(".video-card").count()
        still = still + 1 if now == cards else 0
        cards = now
    tasks: list[Any] = await page.evaluate("() => longTasks")
    busiest = await asyncio.to_thread(_busiest, await browser.stop_tracing())
    return max(tasks, default=0.0), busiest, cards


def _busiest(trace: bytes) -> float:
    """Milliseconds of processor time of the page's own thread in the task that took most of it: a task is
    also long where the thread has to wait for a core."""
    events = json.loads(trace)["traceEvents"]
    pages = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event["tdur"] / 1000 for event in events if (event["pid"], event["tid"]) in pages and "tdur" in event
    ]
    return max(tasks, default=0.0)


async def _sign_in(page: Page, url: str, email: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("input[type=email]", email)
    await page.fill("input[type=password]", PASSWORD)
    await page.press("input[type=password]", "Enter")
    await page.wait_for_selector("nav")
