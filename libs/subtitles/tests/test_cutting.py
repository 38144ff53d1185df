"""Cues are cut for reading, files escape what players would take for markup."""

import math
import re
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from octavia_subtitles.cutting import cut, lay_out
from octavia_subtitles.rules import Cue, Rules, validate
from octavia_subtitles.timing import SHIFT_MS, SpokenText, make_cues
from octavia_subtitles.width import columns, tidy
from octavia_subtitles.writing import WORD_JOINER, to_srt, to_vtt

RULES = Rules()

words = st.text(st.characters(categories=["L", "N", "P", "M", "S"]), min_size=1, max_size=12)
texts = st.lists(words, min_size=1, max_size=45).map(" ".join) | st.text(max_size=300)


@st.composite
def spoken_lines(draw: st.DrawFn) -> tuple[list[SpokenText], float]:
    """Lines in order without overlap, with speech and pauses of all lengths, and the total length."""
    lines: list[SpokenText] = []
    at = 0.0
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.floats(0, 6))
        length = draw(st.floats(0.05, 12))
        lines.append(SpokenText(at, at + length, draw(texts), draw(st.sampled_from(["S1", "S2"]))))
        at += length
    return lines, at + draw(st.floats(0, 5))


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(deadline=None)
@given(texts, st.integers(1, 6))
def test_cutting_loses_nothing_and_every_piece_fits_a_cue(text: str, at_least: int) -> None:
    pieces = cut(text, RULES, at_least)
    kept = tidy(text) if columns(tidy(text)) else ""
    assert squeezed("".join(pieces)) == squeezed(kept)
    for piece in pieces:
        lines = lay_out(piece, RULES)
        assert lines is not None
        assert len(lines) <= 2
        assert all(columns(line) <= 42 for line in lines)
        assert squeezed("".join(lines)) == squeezed(piece)


@settings(deadline=None)
@given(spoken_lines())
def test_what_can_always_hold_always_holds(drawn: tuple[list[SpokenText], float]) -> None:
    lines, total = drawn
    cues = make_cues(lines, RULES, total)
    broken = [each for each in validate(cues, RULES) if each.rule not in ("reading_speed", "too_short")]
    assert broken == []
    shown = squeezed("".join(cue.text for cue in cues))
    assert shown == squeezed("".join(tidy(line.text) for line in lines if columns(tidy(line.text))))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Sí.", "¿De verdad?", "Ayer llegamos tarde a la estación."]), max_size=12))
def test_with_room_to_read_every_rule_holds_and_cues_follow_the_speech(said: list[str]) -> None:
    lines = [SpokenText(4.0 * n + 1, 4.0 * n + 2.2, text, "S1") for n, text in enumerate(said)]
    cues = make_cues(lines, RULES, 4.0 * len(lines) + 4)
    assert list(validate(cues, RULES)) == []
    assert [cue.start_ms for cue in cues] == [round(line.start * 1000) for line in lines]
    assert all(cue.end_ms >= line.end * 1000 for cue, line in zip(cues, lines, strict=True))


def test_a_dense_cue_takes_the_pause_behind_it_then_that_before_it() -> None:
    text = "Una frase que necesita algo más de tiempo."
    (cue,) = make_cues([SpokenText(5.0, 6.0, text, "S1")], RULES, 60)
    assert (cue.start_ms, cue.end_ms) == (5000, 5000 + RULES.reading_ms(text))
    first, second = make_cues(
        [SpokenText(5.0, 6.0, text, "S1"), SpokenText(7.3, 12.0, "Otra.", "S2")], RULES, 60
    )
    assert 5000 - SHIFT_MS <= first.start_ms < 5000
    assert first.end_ms - first.start_ms >= RULES.reading_ms(text)
    assert second.start_ms - 7300 <= SHIFT_MS


TWO_PIECES = (
    "nunca había alto después de que tres días de llueve decidimos dejar la casa temprano por la mañana"
)


def test_pieces_of_one_line_share_the_time_that_is_there_for_it() -> None:
    line = SpokenText(0.43, 5.21, TWO_PIECES, "S1")
    cues = make_cues([line, SpokenText(6.09, 8.8, "El tren sale en diez minutos.", "S1")], RULES, 25)
    assert list(validate(cues, RULES)) == []
    assert [(cue.start_ms, cue.end_ms) for cue in cues[:2]] == [(224, 3224), (3304, 6010)]
    assert cues[2].start_ms == 6090


def test_where_a_line_is_too_dense_no_piece_of_it_is_denser_than_another_and_each_is_told() -> None:
    text = (
        "The teacher asked the students to open the book every summer they travel to the mountains with "
        "their friends the children were playing in the garden behind the church"
    )
    lines = [SpokenText(0.6, 8.2, text, "S1"), SpokenText(8.69, 10.79, "You can find the answer there", "S1")]
    cues = make_cues(lines, RULES, 12.32)
    speeds = [columns(cue.text) * 1000 / (cue.end_ms - cue.start_ms) for cue in cues[:-1]]
    assert len(speeds) == 3
    assert max(speeds) - min(speeds) < 0.1
    assert [(each.index, each.rule) for each in validate(cues, RULES)] == [
        (number, "reading_speed") for number in range(3)
    ]
    assert cues[0].start_ms >= 600 - SHIFT_MS
    assert cues[-1].start_ms <= 8690 + SHIFT_MS


@settings(deadline=None)
@given(
    st.lists(st.text("aeinstñ.,", min_size=1, max_size=9), min_size=8, max_size=60).map(" ".join),
    st.floats(1.0, 1.5),
    st.floats(0, 1),
)
def test_a_line_with_time_for_all_of_it_has_time_for_each_piece(text: str, more: float, at: float) -> None:
    pieces = cut(tidy(text), RULES)
    needed = sum(map(RULES.reading_ms, pieces)) + (len(pieces) - 1) * RULES.gap_ms
    length = needed * more / 1000
    assume(len(cut(tidy(text), RULES, math.ceil(length * 1000 / RULES.longest_ms))) == len(pieces))
    said = [
        SpokenText(at, at + length, text, "S1"),
        SpokenText(at + length + 0.08, at + length + 3, "Sí.", "S2"),
    ]
    cues = make_cues(said, RULES, at + length + 4)
    assert [
        each for each in validate(cues, RULES) if each.rule in ("reading_speed", "too_short", "gap")
    ] == []


def test_a_word_without_room_joins_its_neighbour_but_never_another_speaker() -> None:
    close = [SpokenText(1.0, 1.4, "Bien.", "S1"), SpokenText(1.5, 4.0, "Vamos a empezar.", "S1")]
    (joined,) = make_cues(close, RULES, 10)
    assert joined.text == "Bien. Vamos a empezar."
    apart = [close[0], SpokenText(1.5, 4.0, "Vamos a empezar.", "S2")]
    assert [cue.text for cue in make_cues(apart, RULES, 10)] == ["Bien.", "Vamos a empezar."]


def test_lines_are_balanced_and_broken_after_punctuation() -> None:
    assert lay_out("Cuando llegamos a la estación, el tren ya se había ido.", RULES) == (
        "Cuando llegamos a la estación,",
        "el tren ya se había ido.",
    )
    assert lay_out("corto", RULES) == ("corto",)


def test_a_long_line_is_cut_at_its_sentences() -> None:
    text = (
        "Ayer llegamos muy tarde a la estación de la ciudad vieja. "
        "El tren ya se había ido, y nadie sabía cuándo llegaría el siguiente."
    )
    assert cut(text, RULES) == (
        "Ayer llegamos muy tarde a la estación de la ciudad vieja.",
        "El tren ya se había ido, y nadie sabía cuándo llegaría el siguiente.",
    )


def test_wide_letters_take_two_columns_and_need_no_spaces() -> None:
    text = "昨日の夜、私たちは駅に遅く着いた。電車はもう出ていて、次がいつ来るのか誰も知らなかった。"
    pieces = cut(text, RULES)
    assert "".join(pieces) == text
    for piece in pieces:
        for line in lay_out(piece, RULES) or ():
            assert columns(line) <= 42
            assert line[0] not in "、。"


def test_marks_stay_with_their_letters_in_a_run_without_spaces() -> None:
    text = unicodedata.normalize("NFD", "é" * 120)
    for piece in cut(text, RULES):
        assert not unicodedata.combining(piece[0])


@pytest.mark.parametrize(
    ("cue", "rule"),
    [
        (Cue(0, 2000, ()), "empty"),
        (Cue(0, 6000, ("a", "b", "c")), "line_count"),
        (Cue(0, 6000, ("x" * 43,)), "line_width"),
        (Cue(0, 1000, ("x" * 18,)), "reading_speed"),
        (Cue(0, 800, ("x",)), "too_short"),
        (Cue(0, 7001, ("x",)), "too_long"),
    ],
)
def test_the_validator_reports_each_rule(cue: Cue, rule: str) -> None:
    assert [(each.index, each.rule) for each in validate([cue], RULES)] == [(0, rule)]


def test_the_validator_reports_gaps_and_order() -> None:
    cues = [Cue(0, 1000, ("a",)), Cue(1079, 2000, ("b",)), Cue(1999, 3000, ("c",))]
    assert [(each.index, each.rule) for each in validate(cues, RULES)] == [(0, "gap"), (1, "order")]


def test_the_gap_is_two_frames_of_the_picture() -> None:
    assert [Rules.for_frame_rate(rate).gap_ms for rate in (25, 24000 / 1001, 60, None, 0)] == [
        80,
        84,
        34,
        80,
        80,
    ]


def test_files_escape_what_players_take_for_markup() -> None:
    cue = Cue(3_723_004, 3_725_000, ("1 < 2 & <b>so</b> --> {\\an8}", "fin"))
    vtt = to_vtt([cue])
    assert vtt.startswith("WEBVTT\n\n01:02:03.004 --> 01:02:05.000\n")
    assert "1 &lt; 2 &amp; &lt;b&gt;so&lt;/b&gt; --&gt; {\\an8}\nfin\n\n" in vtt
    srt = to_srt([cue])
    assert srt.startswith("1\n01:02:03,004 --> 01:02:05,000\n")
    assert srt.count("-->") == 1
    assert not re.search(r"<[a-z/]|\{\\", srt)
    assert srt.replace(WORD_JOINER, "").split("\n")[2] == cue.lines[0]


def test_files_without_cues_are_empty() -> None:
    assert to_srt([]) == ""
    assert to_vtt([]) == "WEBVTT\n\n"
