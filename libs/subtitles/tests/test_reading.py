"""Subtitle files of strangers are read whatever their encoding and defects, and retold in other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_subtitles.reading import MOST_BYTES, Form, UnreadableSubtitlesError, read
from octavia_subtitles.rules import Cue
from octavia_subtitles.substation import Look, to_ass
from octavia_subtitles.writing import WORD_JOINER, to_srt, to_vtt

SRT = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>Hello, <b>you</b>.</i>

2
00:00:03,000 --> 00:00:04,000
Two
lines
"""

VTT = """WEBVTT - made by hand
Kind: captions

STYLE
::cue { color: yellow }

NOTE nobody sees this

intro
00:01.000 --> 00:02.500 line:0 align:start
<v Ann>Tom &amp; Jerry &lt;3

00:00:03.000 --> 00:00:04.000
Two
"""

ASS = """[Script Info]
Title: Ours
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Alignment
Style: Sign,Impact,40,&H000000FF,-1,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Sign,,0,0,0,,not shown
Dialogue: 0,0:00:01.00,0:00:02.50,Sign,Ann,0,0,0,,{\\pos(10,20)}Hello, {\\i1}you{\\i0}.\\NThere
"""


def test_subrip_is_read_without_its_mark_up() -> None:
    found = read(SRT.encode())
    assert (found.form, found.encoding) == (Form.SRT, "utf-8")
    assert found.cues == (Cue(1000, 2500, ("Hello, you.",)), Cue(3000, 4000, ("Two", "lines")))


def test_webvtt_is_read_without_its_mark_up() -> None:
    found = read(VTT.encode())
    assert found.form is Form.VTT
    assert found.cues == (Cue(1000, 2500, ("Tom & Jerry <3",)), Cue(3000, 4000, ("Two",)))


def test_substation_is_read_without_comments_and_overrides() -> None:
    found = read(ASS.encode())
    assert found.form is Form.ASS
    assert found.cues == (Cue(1000, 2500, ("Hello, you.", "There")),)


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("utf-8", "Señor, ¿qué tal?"),
        ("utf-8-sig", "Señor, ¿qué tal?"),
        ("utf-16", "Xin chào các bạn"),
        ("cp1252", "Señor, ¿qué tal está usted? Mañana será otro día, según dicen aquí."),
        ("cp1251", "Здравствуйте, как вы себя сегодня чувствуете? Завтра будет другой день."),
        (
            "shift_jis",
            "昨日の夜、私たちは駅に遅く着いた。電車はもう出ていて、次は誰も知らない。",
        ),
        ("gb18030", "昨天晚上我们很晚才到车站，火车已经开走了，没有人知道下一班什么时候来。"),
        ("euc-kr", "어젯밤 우리는 역에 늦게 도착했고 기차는 이미 떠났으며 다음이 언제인지 아무도 몰랐다."),
    ],
)
def test_any_encoding_is_understood(encoding: str, line: str) -> None:
    text = "".join(f"{n}\r\n00:00:{n:02},000 --> 00:00:{n:02},900\r\n{line}\r\n\r\n" for n in range(1, 9))
    found = read(text.encode(encoding))
    assert [cue.lines for cue in found.cues] == [(line,)] * 8


def test_what_editors_get_wrong_is_forgiven() -> None:
    text = (
        "\ufeff\n\nAdvertisement of a site\n"
        "1\n0:00:01.5 --> 0:00:02,50  X1:10 X2:20\nNo empty line follows\n"
        "2\n00:00:03,000 --> 00:00:04,000\n\n"
        "00:05,000 --> 00:06,000\nNo number, no hours"
    )
    assert read(text.encode()).cues == (
        Cue(1500, 2500, ("No empty line follows",)),
        Cue(3000, 4000, ()),
        Cue(5000, 6000, ("No number, no hours",)),
    )


def test_retold_a_file_keeps_times_numbers_settings_and_what_encloses_a_cue() -> None:
    retold = read(SRT.encode()).retold([["Hola, <tú>."], ["Una"]])
    assert retold.startswith("1\n00:00:01,000 --> 00:00:02,500\n{\\an8}<i>Hola, ")
    assert "</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nUna\n" in retold
    vtt = read(VTT.encode()).retold([["Tom y <Jerry>"], ["Dos"]])
    for kept in (
        "WEBVTT - made by hand",
        "::cue { color: yellow }",
        "NOTE nobody",
        "intro\n",
        "line:0 align:start",
    ):
        assert kept in vtt
    assert "<v Ann>Tom y &lt;Jerry&gt;" in vtt
    ass = read(ASS.encode()).retold([["Hola {a todos}", "Aquí"]])
    assert "{\\pos(10,20)}Hola \\{a todos\\}\\NAquí" in ass
    assert "Style: Sign,Impact,40" in ass
    assert "not shown" in ass
    for changed in (retold, vtt, ass):
        again = read(changed.encode())
        assert (again.cues[0].start_ms, again.cues[0].end_ms) == (1000, 2500)


def test_as_many_texts_as_cues_are_wanted() -> None:
    with pytest.raises(ValueError, match="1 texts for 2 cues"):
        read(SRT.encode()).retold([["one"]])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no subtitle file"),
        (b"just some words", "no subtitle file"),
        (b"WEBVTT\n\nNOTE nothing\n", "not one subtitle"),
        (b"[Script Info]\n[Events]\n", "not one subtitle"),
        (b"\x00\x01\x02\xff\xfe\xfd" * 500, "no "),
        (b"x" * (MOST_BYTES + 1), "up to 10 MiB"),
    ],
)
def test_what_is_no_subtitle_file_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSubtitlesError, match=reason):
        read(data)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_rubbish_is_read_or_refused(data: bytes) -> None:
    for start in (b"", SRT.encode(), b"WEBVTT\n\n00:01.000 --> 00:02.000\n", ASS.encode()):
        try:
            found = read(start + data)
        except UnreadableSubtitlesError:
            continue
        assert found.cues
        found.retold([cue.lines for cue in found.cues])


lines = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30)
shown = lines.map(lambda line: " ".join(line.split())).filter(bool)
cues = st.lists(
    st.builds(
        lambda start, length, text: Cue(start * 10, start * 10 + length * 10, tuple(text)),
        st.integers(0, 900_000),
        st.integers(1, 700),
        st.lists(shown, min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=5,
)


@given(cues)
def test_what_we_write_is_read_as_it_was(written: list[Cue]) -> None:
    for text in (to_srt(written), to_vtt(written), to_ass(written)):
        found = read(text.encode())
        assert [_without_joiner(cue) for cue in found.cues] == [_without_joiner(cue) for cue in written]


def _without_joiner(cue: Cue) -> Cue:
    return Cue(cue.start_ms, cue.end_ms, tuple(line.replace(WORD_JOINER, "") for line in cue.lines))


@pytest.mark.parametrize("words", ["[Script Info]", "[Events]", "WEBVTT", "2", "NOTE", "00:00:01,000"])
def test_a_cue_may_say_what_files_begin_with(words: str) -> None:
    written = [Cue(1000, 2000, (words,)), Cue(3000, 4000, ("on",))]
    for text in (to_srt(written), to_vtt(written), to_ass(written)):
        assert read(text.encode()).cues == tuple(written)


def test_the_look_follows_the_picture() -> None:
    assert Look.for_picture(1920, 1080).font_size == 54
    assert Look.for_picture(1080, 1920).font_size == 30
    style = to_ass([], Look.for_picture(640, 360, at_top=True)).partition("\nStyle: ")[2].partition("\n")[0]
    assert style.split(",")[-5:] == ["8", "18", "18", "18", "1"]
