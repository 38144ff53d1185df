"""The renderer that only takes time: small, always the same, and quick to stop."""

import asyncio
import time
from pathlib import Path
from uuid import UUID

import pytest
from octavia_assembler.rendering.renderer import Assembly
from octavia_assembler.rendering.timed import TimedRenderer
from octavia_common.cancellation import CancelToken
from octavia_common.documents import SpokenSegment
from octavia_common.errors import JobCancelledError


def assembly(folder: Path) -> Assembly:
    folder.mkdir()
    line = SpokenSegment(
        id=str(UUID(int=1)), speaker="S1", start=1.0, end=2.0, slot_end=3.0,
        source_text="a", text="b", audio=None, duration=0.5, rate=1.0,
    )  # fmt: skip
    return Assembly(folder / "source", "en", "es", (line,), {}, folder)


async def test_it_makes_the_same_small_file_every_time(tmp_path: Path) -> None:
    first = await TimedRenderer(0).render(assembly(tmp_path / "a"), CancelToken())
    second = await TimedRenderer(0).render(assembly(tmp_path / "b"), CancelToken())
    assert first.media.read_bytes() == second.media.read_bytes()
    assert first.segments[0].placed_end == 1.5


async def test_it_takes_its_time_but_not_beyond_a_cancellation(tmp_path: Path) -> None:
    started = time.monotonic()
    await TimedRenderer(0.2).render(assembly(tmp_path / "a"), CancelToken())
    assert time.monotonic() - started >= 0.15
    cancel = CancelToken()
    waiting = asyncio.create_task(TimedRenderer(600).render(assembly(tmp_path / "b"), cancel))
    await asyncio.sleep(0.05)
    cancel.cancel("cancelled")
    with pytest.raises(JobCancelledError):
        await asyncio.wait_for(waiting, 30)
