"""Lines, changes and revisions of them: nothing else decides what a person sees and hears."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from octavia_common.documents import ChunkPlan, PlannedChunk
from octavia_common.events import ArtifactRef, ChunkRef
from octavia_gateway.editing.changes import (
    AddLine,
    ChangeLine,
    DeleteLine,
    JoinLines,
    SplitLine,
    TranslateLine,
    applied,
)
from octavia_gateway.editing.errors import UnknownSegmentError, UnsuitableChangeError
from octavia_gateway.editing.history import Revision, at_revision
from octavia_gateway.editing.lines import BREATH_SECONDS, Line, Lines, in_order, slot_end, translations

DURATION = 60.0
REF = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="audio/wav")


def line(number: int, start: float, end: float, **more: Any) -> Line:
    text = f"text {number}"
    made = {"slot_end": start + 4.0, "source_text": f"source {number}", "text": text, **more}
    return Line(id=f"0000-{number:02d}", speaker="S1", start=start, end=end, **made)


BASE: Lines = (line(1, 1.0, 3.0), line(2, 5.0, 8.0), line(3, 31.0, 33.0), line(4, 35.0, 39.0))


def plan(*starts: float) -> ChunkPlan:
    bounds = [*starts, DURATION]
    refs = [
        ChunkRef(
            index=index,
            total=len(starts),
            start=start,
            end=bounds[index + 1],
            next_speech_start=bounds[index + 1],
        )
        for index, start in enumerate(starts)
    ]
    chunks = tuple(PlannedChunk(chunk=ref, audio=REF, regions=()) for ref in refs)
    return ChunkPlan(duration_seconds=DURATION, chunks=chunks)


def test_what_nobody_touched_is_handed_on_as_it_was() -> None:
    first, second = translations(BASE, plan(0.0, 30.0), "en", "es")
    assert [segment.id for segment in first.segments] == ["0000-01", "0000-02"]
    assert [segment.slot_end for segment in (*first.segments, *second.segments)] == [5.0, 9.0, 35.0, 39.0]


def test_each_line_is_in_the_chunk_that_has_begun() -> None:
    lines = in_order([*BASE, line(5, 0.0, 0.5), line(6, 29.9, 30.5)])
    first, second, third = translations(lines, plan(0.5, 30.0, 50.0), "en", "es")
    assert [segment.id for segment in first.segments] == ["0000-05", "0000-01", "0000-02", "0000-06"]
    assert len(second.segments) == 2
    assert third.segments == ()


def test_changes_are_made_in_their_order_and_new_lines_are_named_by_them() -> None:
    lines = applied(
        BASE,
        [
            ChangeLine(id="0000-01", text="otra cosa", speaker="S2"),
            SplitLine(id="0000-02", at=6.0, texts=("uno", "dos"), source_texts=("one", "two")),
            AddLine(start=20.0, end=21.0, text="nuevo"),
            JoinLines(id="0000-03"),
            DeleteLine(id="e7-2"),
        ],
        revision=7,
        duration=DURATION,
    )
    assert [(each.id, each.start, each.end, each.text) for each in lines] == [
        ("0000-01", 1.0, 3.0, "otra cosa"),
        ("0000-02", 5.0, 6.0, "uno"),
        ("e7-1", 6.0, 8.0, "dos"),
        ("0000-03", 31.0, 39.0, "text 3 text 4"),
    ]
    assert lines[0].speaker == "S2"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (ChangeLine(id="0000-01", start=3.0), "at least"),
        (ChangeLine(id="0000-04", end=61.0), "ends at 60 s"),
        (AddLine(start=5.0, end=5.05, text="x"), "at least"),
        (SplitLine(id="0000-01", at=3.0, texts=("a", "b"), source_texts=("a", "b")), "not within"),
        (JoinLines(id="0000-04"), "no line follows"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason_and_place(change: Any, reason: str) -> None:
    with pytest.raises(UnsuitableChangeError, match=reason) as raised:
        applied(BASE, [DeleteLine(id="0000-02"), change], revision=1, duration=DURATION)
    assert raised.value.context["change"] == 1


def test_a_line_that_is_gone_is_not_known() -> None:
    with pytest.raises(UnknownSegmentError):
        applied(BASE, [DeleteLine(id="0000-02"), DeleteLine(id="0000-02")], revision=1, duration=DURATION)


def test_a_moved_line_gets_room_from_who_speaks_next_and_takes_it_from_who_speaks_before() -> None:
    lines = applied(BASE, [ChangeLine(id="0000-02", start=4.0)], revision=1, duration=DURATION)
    assert slot_end(lines, 0, DURATION) == pytest.approx(4.0 - BREATH_SECONDS)
    assert slot_end(lines, 1, DURATION) == pytest.approx(31.0 - BREATH_SECONDS)
    assert slot_end(lines, 2, DURATION) == 35.0
    alone = applied((BASE[0],), [ChangeLine(id="0000-01", end=2.0)], revision=1, duration=DURATION)
    assert slot_end(alone, 0, DURATION) == DURATION


texts = st.text(max_size=12)
places = st.integers(0, 3)


@st.composite
def histories(draw: st.DrawFn) -> list[Revision]:
    """Revisions that can be made, one after another: changes of all kinds, and ways back."""
    revisions: list[Revision] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        if revisions and draw(st.integers(0, 3)) == 0:
            revisions.append(Revision(number, back_to=draw(st.integers(0, number - 1))))
            continue
        lines = at_revision(BASE, revisions, number - 1, duration=DURATION)
        changes: list[Any] = []
        for _ in range(draw(st.integers(1, 4))):
            change: Any = AddLine(start=draw(st.floats(0, 50)), end=55.0, text=draw(texts))
            if lines and draw(st.booleans()):
                each = lines[draw(st.integers(0, len(lines) - 1))]
                if draw(st.booleans()):
                    change = ChangeLine(id=each.id, text=draw(texts))
                else:
                    change = DeleteLine(id=each.id)
            changes.append(change)
            made = applied(
                at_revision(BASE, revisions, number - 1, duration=DURATION),
                changes,
                revision=number,
                duration=DURATION,
            )
            lines = made
        revisions.append(Revision(number, tuple(changes)))
    return revisions


@given(histories())
def test_a_history_is_what_its_last_state_says_whichever_way_it_came_there(revisions: list[Revision]) -> None:
    head = len(revisions)
    lines = at_revision(BASE, revisions, head, duration=DURATION)
    assert list(lines) == sorted(lines, key=lambda each: each.start) or len({e.start for e in lines}) < len(
        lines
    )
    assert len({each.id for each in lines}) == len(lines), "every line has an id of its own"
    # Going back is being there again: what is rendered then is the same to the byte.
    for to in range(head + 1):
        back = at_revision(BASE, [*revisions, Revision(head + 1, back_to=to)], head + 1, duration=DURATION)
        then = at_revision(BASE, revisions, to, duration=DURATION)
        assert _documents(back) == _documents(then)
    assert at_revision(BASE, revisions, 0, duration=DURATION) == BASE


def test_revisions_of_a_transcript_come_before_the_first_and_change_nothing() -> None:
    heard = [Revision(1, (DeleteLine(id="of the transcript"),)), Revision(2, back_to=0)]
    add = AddLine(start=10.0, end=12.0, text="new")
    own = [Revision(3, (add,)), Revision(4, (DeleteLine(id="e3-0"),)), Revision(5, back_to=3)]
    then = [at_revision(BASE, [*heard, *own], wanted, duration=DURATION, first=2) for wanted in range(2, 6)]
    assert then[0] == then[2] == BASE
    assert [line.id for line in then[1]] == ["0000-01", "0000-02", "e3-0", "0000-03", "0000-04"]
    assert then[3] == then[1]


@given(st.lists(st.tuples(places, texts), min_size=1, max_size=6))
def test_edits_one_by_one_and_the_final_text_at_once_are_the_same(edits: list[tuple[int, str]]) -> None:
    one_by_one = BASE
    for number, (place, text) in enumerate(edits, start=1):
        change = ChangeLine(id=BASE[place].id, text=text)
        one_by_one = applied(one_by_one, [change], revision=number, duration=DURATION)
    final = [ChangeLine(id=BASE[place].id, text=text) for place, text in dict(edits).items()]
    assert _documents(one_by_one) == _documents(applied(BASE, final, revision=1, duration=DURATION))


def test_a_line_that_is_translated_anew_has_no_text_until_it_is_answered() -> None:
    change = TranslateLine(id="0000-01")
    pending = applied(BASE, [change], revision=1, duration=DURATION)
    assert (pending[0].translating, pending[0].text) == (True, "")
    answered = applied(BASE, [change], revision=1, duration=DURATION, texts={"0000-01": "nuevo"})
    assert (answered[0].translating, answered[0].text, answered[0].untranslated) == (False, "nuevo", False)
    failed = applied(BASE, [change], revision=1, duration=DURATION, texts={})
    assert (failed[0].translating, failed[0].untranslated) == (False, True)
    written = applied(pending, [ChangeLine(id="0000-01", text="propio")], revision=2, duration=DURATION)
    assert (written[0].translating, written[0].text) == (False, "propio")
    with pytest.raises(UnsuitableChangeError, match="no source text"):
        applied(
            (line(1, 1.0, 3.0, source_text=" "),),
            [TranslateLine(id="0000-01")],
            revision=1,
            duration=DURATION,
        )


@given(histories(), texts)
def test_an_answer_changes_nothing_but_the_text_that_was_asked_for(
    revisions: list[Revision], text: str
) -> None:
    """Also where others have edited since, and gone back: each state is as if it had been there before."""
    lines = at_revision(BASE, revisions, len(revisions), duration=DURATION)
    spoken = [each for each in lines if each.source_text]
    assume(spoken)
    head = len(revisions) + 1
    asked = Revision(head, (TranslateLine(id=spoken[-1].id),))
    later = [
        Revision(head + 1, (DeleteLine(id=spoken[0].id),)),
        Revision(head + 2, back_to=head),
        Revision(head + 3, back_to=0),
    ]
    waiting = [*revisions, asked, *later]
    answered = [*revisions, replace(asked, texts={spoken[-1].id: text}), *later]
    for wanted in range(head - 1, head + 4):
        before = at_revision(BASE, waiting, wanted, duration=DURATION)
        after = at_revision(BASE, answered, wanted, duration=DURATION)
        assert after == tuple(
            replace(was, text=text, translating=False, untranslated=not text) if was.translating else was
            for was in before
        )


def _documents(lines: Lines) -> list[str]:
    return [each.model_dump_json() for each in translations(lines, plan(0.0, 30.0), "en", "es")]
