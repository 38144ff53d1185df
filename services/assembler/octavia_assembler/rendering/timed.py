"""A renderer that only takes time: for measuring everything around it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from octavia_common.artifacts.keys import canonical_json
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Loudness, PlacedSegment

from octavia_assembler.rendering.renderer import Assembly, Rendered


class TimedRenderer:
    """Waits `seconds`, then writes the lines it was given as the medium. Calls no program.

    Equal sources give equal bytes whoever owns them: the keys of sounds name their owner and are left out.
    """

    name = "timed"
    version = "2"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @property
    def params(self) -> Mapping[str, Any]:
        return {}

    async def start(self) -> None:
        """Nothing is needed."""

    async def close(self) -> None:
        """Nothing was taken."""

    async def render(self, assembly: Assembly, cancel: CancelToken) -> Rendered:
        waiting = asyncio.ensure_future(cancel.wait())
        try:
            await asyncio.wait([waiting], timeout=self._seconds)
        finally:
            waiting.cancel()
        cancel.raise_if_cancelled()
        segments = tuple(
            PlacedSegment(**dict(line), placed_start=line.start, placed_end=line.start + line.duration)
            for line in assembly.segments
        )
        media = assembly.scratch / "media"
        owned = {"audio": {"key"}}
        lines = canonical_json([segment.model_dump(mode="json", exclude=owned) for segment in segments])
        await asyncio.to_thread(media.write_bytes, lines)
        return Rendered(
            media=media,
            media_type="application/octet-stream",
            speech_only=None,
            duration_seconds=max((segment.placed_end for segment in segments), default=0.0),
            segments=segments,
            cues={},
            loudness=Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None),
        )
