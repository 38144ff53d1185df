"""Subtitles for their own sake: cut for reading, or a file told in other words with its times and styling."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_assembler.subtitling.files import Writing, allotted, retold, subtitled
from octavia_assembler.subtitling.stage import WriteLanguage
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan, DubResult, TranslatedSegment, Translation
from octavia_common.events import AssemblyRequested, ChunkRef, CloudEvent, JobKind, JobSpec
from octavia_common.messaging.handlers import Work
from octavia_subtitles.reading import read
from octavia_subtitles.rules import Rules, validate
from octavia_subtitles.sentences import cues_of

from .conftest import Run

SRT = """1
00:00:01,000 --> 00:00:03,000
<i>We went to the market</i>

2
00:00:03,100 --> 00:00:05,000
<i>and bought some bread.</i>

3
00:00:06,000 --> 00:00:07,000
♪

4
00:00:08,000 --> 00:00:09,500
It was good.

"""

FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
    "MarginR, MarginV, Encoding"
)
ASS = r"""[Script Info]
ScriptType: v4.00+
PlayResX: 640

[V4+ Styles]
Format: FIELDS
Style: Default,Georgia,28,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,2,10,10,10,1
Style: Sign,Impact,40,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\i1}Where is it?
Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,a note
Dialogue: 1,0:00:01.50,0:00:03.00,Sign,,0,0,0,,{\pos(320,40)}STATION
""".replace("FIELDS", FIELDS)


def line(name: str, start: float, end: float, source: str, text: str, **more: Any) -> TranslatedSegment:
    return TranslatedSegment(
        id=name, speaker="S1", start=start, end=end, slot_end=end, source_text=source, text=text, **more
    )


LINES = (
    line(
        "cue-1-2",
        1.0,
        5.0,
        "We went to the market and bought some bread.",
        "Fuimos al mercado y compramos pan.",
    ),
    line("cue-4", 8.0, 9.5, "It was good.", "Estaba bueno."),
)


def writing(segments: Sequence[TranslatedSegment] = LINES, target: str = "es") -> Writing:
    return Writing("en", target, 10.0, tuple(segments))


def test_a_file_keeps_its_times_numbers_and_styling_and_tells_it_in_other_words():
    made = retold(read(SRT.encode()), writing())
    assert made.media_type == "application/x-subrip"
    assert made.media.decode() == SRT.replace("We went to the market", "Fuimos al mercado").replace(
        "and bought some bread.", "y compramos pan."
    ).replace("It was good.", "Estaba bueno.")
    assert [cue.text for cue in made.cues["en"]] == [
        "We went to the market",
        "and bought some bread.",
        "♪",
        "It was good.",
    ]
    assert [(cue.start_ms, cue.text) for cue in made.cues["es"]][:2] == [
        (1000, "Fuimos al mercado"),
        (3100, "y compramos pan."),
    ]


def test_styles_positions_and_comments_of_a_substation_file_stay():
    lines = (
        line("cue-1", 1.0, 3.0, "Where is it?", "¿Dónde está?"),
        line("cue-2", 1.5, 3.0, "STATION", "ESTACIÓN"),
    )
    made = retold(read(ASS.encode()), writing(lines))
    text = made.media.decode()
    assert r"Default,,0,0,0,,{\i1}¿Dónde está?" in text
    assert r"Sign,,0,0,0,,{\pos(320,40)}ESTACIÓN" in text
    assert "Style: Sign,Impact,40" in text
    assert "Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,a note" in text
    assert made.media_type == "text/x-ssa"


def test_what_could_not_be_translated_is_empty_and_told():
    lines = (LINES[0], line("cue-4", 8.0, 9.5, "It was good.", "", flags=("untranslated",)))
    made = retold(read(SRT.encode()), writing(lines))
    assert made.cues["es"][3].text == ""
    assert made.notes == ("1 line could not be translated; the subtitles are empty there.",)


def test_lines_that_people_split_and_joined_find_their_cues():
    cues = read(SRT.encode()).cues
    split = (line("cue-1-2", 1.0, 3.05, "", "a"), line("added-1", 3.05, 5.0, "", "b"), LINES[1])
    assert allotted(cues, split) == [[0], [1], [3]]
    joined = (line("cue-1-2", 1.0, 9.5, "", "everything"),)
    assert allotted(cues, joined) == [[0, 1, 3]]
    moved = (line("cue-4", 60.0, 61.0, "", "x"),)
    assert allotted(cues, moved) == [[3]]


def test_cues_follow_their_line_to_other_times():
    shifted = LINES[0].model_copy(update={"start": 11.0, "end": 15.0})
    made = retold(read(SRT.encode()), writing((shifted, LINES[1])))
    text = made.media.decode()
    assert "1\n00:00:11,000 --> 00:00:13,000\n<i>Fuimos al mercado</i>\n" in text
    assert "2\n00:00:13,100 --> 00:00:15,000\n<i>y compramos pan.</i>\n" in text
    assert text.endswith(SRT[SRT.index("3\n") :].replace("It was good.", "Estaba bueno."))
    assert [(cue.start_ms, cue.end_ms) for cue in made.cues["es"]] == [
        (11000, 13000),
        (13100, 15000),
        (6000, 7000),
        (8000, 9500),
    ]
    assert [cue.start_ms for cue in made.cues["en"]] == [1000, 3100, 6000, 8000], "the source is what it was"
    short = "WEBVTT\n\n00:08.000 --> 00:09.500 align:left\nIt was good.\n"
    later = line("cue-1", 3600.0, 3601.5, "It was good.", "Estaba bueno.")
    assert (
        "01:00:00.000 --> 01:00:01.500 align:left\n"
        in retold(read(short.encode()), writing((later,))).media.decode()
    ), "as it was written, but hours where they are needed"


def test_what_was_split_or_joined_is_shown_when_it_was_as_far_as_its_times_allow():
    file = read(SRT.encode())
    split = (line("cue-1-2", 1.0, 3.05, "", "a"), line("e1-0", 3.05, 5.0, "", "b"), LINES[1])
    assert [cue.start_ms for cue in retold(file, writing(split)).cues["es"]] == [1000, 3100, 6000, 8000]
    early = (line("cue-1-2", 1.0, 2.0, "", "a"), line("e1-0", 2.0, 5.0, "", "b"), LINES[1])
    cues = retold(file, writing(early)).cues["es"]
    assert [(cue.start_ms, cue.end_ms) for cue in cues[:2]] == [(1000, 2000), (3100, 5000)]


moments = st.floats(0, 20, allow_nan=False)


@pytest.mark.parametrize("form", ["srt", "ass"])
@given(start=moments, length=st.floats(0.1, 8), which=st.integers(0, 1))
def test_moved_cues_are_within_their_line_and_all_others_as_they_were(form, start, length, which):
    source, lines = SRT, LINES
    if form == "ass":
        source = ASS
        lines = (line("cue-1", 1.0, 3.0, "Where?", "¿Dónde?"), line("cue-2", 1.5, 3.0, "STATION", "ESTACIÓN"))
    file = read(source.encode())
    plain = retold(file, writing(lines))
    edited = [*lines]
    edited[which] = lines[which].model_copy(update={"start": start, "end": start + length})
    made = retold(file, writing(edited))
    own = allotted(file.cues, edited)[which]
    again = read(made.media).cues
    for number in own:
        cue = again[number]
        assert start * 1000 - 1e-3 <= cue.start_ms < cue.end_ms <= (start + length) * 1000 + 1e-3
        assert (cue.start_ms, cue.end_ms) == (
            made.cues["es"][number].start_ms,
            made.cues["es"][number].end_ms,
        )
    for number, (was, now) in enumerate(zip(read(plain.media).cues, again, strict=True)):
        if number not in cues_of(lines[which].id):
            assert now == was
    if form == "srt":
        blocks = zip(plain.media.split(b"\n\n"), made.media.split(b"\n\n"), strict=True)
        changed = {number for number, (was, now) in enumerate(blocks) if was != now}
        assert changed <= set(cues_of(lines[which].id))


def test_a_line_where_the_file_has_no_subtitle_is_told_of():
    made = retold(read(SRT.encode()), writing((*LINES, line("added-1", 30.0, 31.0, "", "¿Y esto?"))))
    assert made.notes == ("The file has no subtitle where 1 line would be shown.",)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            "ar",
            "ذهبنا في الصباح الباكر إلى السوق الكبير في وسط المدينة واشترينا خبزا طازجا وزيتونا وجبنا أبيض.",
        ),
        (
            "ja",
            "私たちは朝早く町の中心にある大きな市場へ行き、焼きたてのパンとオリーブと白いチーズを買いました。",
        ),
        (
            "ru",
            "Рано утром мы пошли на большой рынок в центре города и купили свежий хлеб, маслины и белый сыр.",
        ),
    ],
)
def test_subtitles_are_cut_for_reading_in_any_script_and_timed_to_the_source(target, text):
    lines = (line("0000-01", 1.0, 8.0, "Early in the morning we went to the market.", text),)
    made = subtitled(writing(lines, target))
    cues = made.cues[target]
    assert list(validate(cues, Rules())) == []
    assert cues[0].start_ms == 1000
    joint = "" if target == "ja" else " "
    assert joint.join(joint.join(cue.lines) for cue in cues) == text
    assert (made.segments[0].placed_start, made.segments[0].rate, made.segments[0].audio) == (1.0, 1.0, None)


def test_in_the_sources_own_language_there_is_one_track_and_an_edit_shows():
    lines = (line("0000-01", 1.0, 4.0, "we wend to the market", "We went to the market."),)
    made = subtitled(writing(lines, "en"))
    assert list(made.cues) == ["en"]
    assert made.cues["en"][0].text == "We went to the market."


def test_where_nobody_speaks_the_subtitles_are_empty_and_say_so():
    made = subtitled(writing(()))
    assert made.media == b""
    assert made.notes == ("Nobody speaks in it, so its subtitles are empty.",)


async def test_the_stage_writes_once_and_says_the_same_again(tmp_path: Path) -> None:
    store = FakeArtifactStore()
    run = Run()
    chunk = ChunkRef(index=0, total=1, start=1.0, end=9.5, next_speech_start=10.0)
    translation = Translation(source_language="en", target_language="es", chunk=chunk, segments=LINES)
    spec = JobSpec(
        kind=JobKind.SUBTITLE_TRANSLATE,
        source=await store.write("users/x/uploads/s", SRT.encode("utf-16"), "application/x-subrip"),
        source_filename="talk.srt",
        duration_seconds=9.5,
        source_language="en",
        target_languages=("es",),
    )
    request = AssemblyRequested(
        job=run.job.model_copy(update={"user_id": UUID(int=7)}),
        spec=spec,
        target_language="es",
        plan=await store.write_document("users/x/plan", ChunkPlan(duration_seconds=9.5, chunks=())),
        speech=(await store.write_document("users/x/t", translation),),
    )
    event = CloudEvent.wrap(request, service="test")
    work = Work(CancelToken(), tmp_path)
    (made,) = await WriteLanguage(store).handle(event, work)
    result = await store.read_document(made.result, DubResult)
    assert result.media == made.media
    assert "Fuimos al mercado" in (await store.read(result.media)).decode()
    assert [track.language for track in result.subtitles] == ["en", "es"]
    assert set(made.made) >= {made.media.key, made.result.key, result.subtitles[0].vtt.key}
    assert all(key.startswith(f"users/{UUID(int=7)}/artifacts/subtitles/") for key in made.made)
    writes = list(store.writes)
    assert await WriteLanguage(store).handle(event, work) == [made]
    assert store.writes == writes
