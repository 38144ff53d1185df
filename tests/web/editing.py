"""Lines of a dub on the stage, changed by the gateway's own rules."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from octavia_common.documents import PlacedSegment, QualityReport
from octavia_common.events import ArtifactRef
from octavia_gateway.editing.changes import applied
from octavia_gateway.editing.lines import Line
from octavia_gateway.editing.schemas import (
    ChangeSegments,
    LanguageList,
    RevisionList,
    SegmentResponse,
    SegmentsResponse,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TALK = (
    ("Good morning, and thank you all for coming.", "Buenos días, y gracias a todos por venir."),
    ("Today we show something we worked on.", "Hoy mostramos algo en lo que trabajamos."),
    ("It begins with a simple question.", "Empieza con una pregunta sencilla."),
)

NOT_SPOKEN = "The line was changed and is not spoken yet."


@dataclass
class StagedLines:
    """The lines of one language; `states` by revision, `rendering` while somebody waits for a result, `waits`
    where they wait for review; revisions up to `heard` are of the transcript, which was there before them."""

    job_id: str
    states: list[tuple[Line, ...]] = field(default_factory=list)
    back: dict[int, int] = field(default_factory=dict)
    rendered: int = 0
    rendering: bool = False
    waits: bool = False
    heard: int = 0
    spoken: bytes = b""
    """The sound of lines that were changed; none: they are not spoken yet."""

    def __post_init__(self) -> None:
        self.states.append(
            tuple(
                Line(
                    id=f"0000-{place:02}",
                    speaker="S1",
                    start=place * 4.0,
                    end=place * 4.0 + 3,
                    source_text=source,
                    text=target,
                )
                for place, (source, target) in enumerate(TALK)
            )
        )

    @property
    def head(self) -> int:
        return len(self.states) - 1

    async def answer(self, request: Request, part: str) -> Response:
        """One call of the API of editing."""
        if part.endswith("/audio"):
            return self.sound()
        body = json.loads(await request.body() or b"{}")
        if part in ("segments", "undo") and request.method == "POST" and body["revision"] != self.head:
            problem = {"code": "revision_conflict", "title": "Changed", "current_revision": self.head}
            return JSONResponse(problem, 409)
        if part == "undo":
            self.states.append(self.states[body["to"]])
            self.back[self.head] = body["to"]
        elif part == "segments" and request.method == "POST":
            changes = ChangeSegments.model_validate(body).changes
            self.change(*changes)
        elif part == "render":
            self.rendering = True
        return JSONResponse(self.document(part))

    def sound(self) -> Response:
        """What is heard of a changed line."""
        if not self.spoken:
            return JSONResponse({"code": "not_spoken", "title": "Not spoken yet", "detail": NOT_SPOKEN}, 409)
        return Response(self.spoken, media_type="audio/flac")

    def change(self, *changes: Any) -> None:
        """A new revision, by whomever."""
        lines = applied(self.states[-1], changes, revision=self.head + 1, duration=412.0)
        self.states.append(tuple(lines))

    def translated(self, text: str) -> None:
        """The translator's answer for every line that waits for it."""
        self.states[-1] = tuple(
            replace(line, text=text, translating=False) if line.translating else line
            for line in self.states[-1]
        )

    def as_heard(self, line: Line) -> PlacedSegment | None:
        """A line that the result has as it stands."""
        if line not in self.states[self.rendered]:
            return None
        return PlacedSegment(
            id=line.id,
            speaker=line.speaker,
            start=line.start,
            end=line.end,
            slot_end=line.end,
            source_text=line.source_text,
            text=line.text,
            audio=ArtifactRef(key="users/u/line", sha256="0" * 64, size_bytes=1, media_type="audio/flac"),
            duration=3.0,
            rate=1.0,
            placed_start=line.start,
            placed_end=line.end,
        )

    def document(self, part: str) -> Any:
        """What the API answers."""
        if part in ("segments", "undo"):
            found = SegmentsResponse(
                job_id=UUID(self.job_id),
                language="es",
                source_language="en",
                revision=self.head,
                current_revision=self.head,
                output_revision=self.rendered,
                segments=[
                    SegmentResponse.of(line, line.end, self.as_heard(line)) for line in self.states[-1]
                ],
            )
            return found.model_dump(mode="json")
        if part == "revisions":
            items = [
                {
                    "revision": number,
                    "created_at": "2026-11-20T10:00:00Z" if number else None,
                    "changes": [],
                    "back_to": self.back.get(number),
                    "reviewed": "transcript" if 0 < number <= self.heard else None,
                }
                for number in range(len(self.states))
            ]
            return RevisionList.model_validate({"items": items}).model_dump(mode="json")
        stale = "stale" if self.rendered < self.head else "completed"
        one = {
            "language": "es",
            "status": "review" if self.waits else "rendering" if self.rendering else stale,
            "revision": self.head,
            "output_revision": self.rendered,
            "error_code": None,
            "error_message": None,
        }
        return LanguageList.model_validate({"items": [one]}).model_dump(mode="json")


def report() -> dict[str, Any]:
    """A report of these lines."""
    lines = [
        {
            "id": f"0000-{place:02}",
            "speaker": "S1",
            "start": place * 4.0,
            "placed_start": place * 4.0,
            "onset_error_ms": 3.0 * place,
            "rate": 1.0 + place / 10,
            "overflow_seconds": 0.0,
            "lufs": -17.2,
            "heard_error": 0.1 if place else None,
            "flags": ("rate_stretched",) if place == 2 else (),
        }
        for place in range(3)
    ]
    totals = {
        "lines": 3,
        "onset_p50_ms": 3.0,
        "onset_p95_ms": 6.0,
        "rate_in_bounds": 0.98,
        "overlap_seconds": 0.0,
        "drift_ms": 1.0,
        "source_lufs": -16.9,
        "output_lufs": -17.0,
        "true_peak_dbtp": -1.2,
        "subtitle_rules_kept": 1.0,
        "repaired": 0.0,
        "flagged": 0.33,
    }
    document = QualityReport.model_validate({"language": "es", "totals": totals, "lines": lines})
    return document.model_dump(mode="json")
