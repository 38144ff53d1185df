"""Subtitles burnt into the picture, compared pixel by pixel with the same words drawn by another program.

ffmpeg's `drawtext` shares fonts with libass and nothing else: it sets letters by FreeType and orders them by
FriBidi. It joins and moves fewer letters and knows no direction of a whole line, so the words here are such
as it can set; what it cannot (letters that are joined, where a full stop goes) is looked at by itself.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from octavia_assembler.exporting.burning import BurningTooLongError, filter_value
from octavia_assembler.exporting.fonts import font_of
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.documents import DubResult, Loudness, Subtitles
from octavia_common.events import ExportKind
from octavia_samples.measure import duration, packet_digests, packet_times, sound, tracks
from octavia_samples.tools import ffmpeg, run
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import SRT_TYPE, to_srt

from .conftest import USER

NOTO = Path("/usr/share/fonts/truetype/noto")
HAN = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
WIDTH, HEIGHT = 1280, 720
WHITE = 140
"""What is brighter belongs to a letter."""

SCRIPTS: dict[str, tuple[str, str, Path]] = {
    "latin": ("vi", "Những bức tranh cũ ở tầng hai.", NOTO / "NotoSans-Regular.ttf"),
    "cyrillic": ("uk", "Старі картини на другому поверсі.", NOTO / "NotoSans-Regular.ttf"),
    "greek": ("el", "Οι παλιοί πίνακες είναι επάνω.", NOTO / "NotoSans-Regular.ttf"),
    "hebrew": ("he", "ולהתמונותיהם", NOTO / "NotoSansHebrew-Regular.ttf"),
    "devanagari": ("hi", "माला कल घर पर खाना बनाएगा", NOTO / "NotoSansDevanagari-Regular.ttf"),
    "thai": ("th", "ภาพวาดอยากกลางสอง", NOTO / "NotoSansThai-Regular.ttf"),
    "japanese": ("ja", "古い絵は二階にあります。", HAN),
    "chinese": ("zh", "旧画在二楼，请跟我来。", HAN),
    "korean": ("ko", "오래된 그림은 이층에 있습니다.", HAN),
}
"""Words in each script, and the font that it is expected in."""


@dataclass
class Clip:
    """A finished dub over a plain picture, as the exporter is given it."""

    media: Path
    store: FakeArtifactStore
    event: Any


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of dark with a tone."""
    path = tmp_path_factory.mktemp("clip") / "dark.mp4"
    return film(path, f"color=0x282828:size={WIDTH}x{HEIGHT}:rate=10")


def film(path: Path, source: str, seconds: float = 2.0, *options: str) -> Path:
    ffmpeg(
        *("-f", "lavfi", "-i", f"{source}:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=440:duration={seconds}", *options),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


async def clip(picture: Path, language: str, cues: list[Cue]) -> Clip:
    """The picture with subtitles in a language, in a store of its own."""
    store, prefix = FakeArtifactStore(), f"users/{USER}"
    media = await store.write_file(f"{prefix}/uploads/source", picture, "video/mp4")
    srt = await store.write(f"{prefix}/srt", to_srt(cues).encode(), SRT_TYPE)
    result = DubResult(
        source_language="en",
        target_language=language,
        duration_seconds=duration(picture),
        media=media,
        segments=(),
        subtitles=(Subtitles(language=language, srt=srt, vtt=srt),),
        loudness=Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None),
    )
    return Clip(picture, store, Told(await store.write_document(f"{prefix}/result", result)))


@dataclass
class Told:
    """Stands for the event of a dub: which result it is."""

    result: Any


def frame(path: Path, seconds: float) -> NDArray[np.int16]:
    """The picture shown at a moment, grey."""
    shape = tracks(path, "video")[0].detail
    source = ["-ss", f"{seconds}", "-i", str(path), "-frames:v", "1", "-map", "0:v"]
    data = run(["ffmpeg", "-v", "error", *source, "-f", "rawvideo", "-pix_fmt", "gray", "-"])
    return np.frombuffer(data, np.uint8).reshape(shape["height"], shape["width"]).astype(np.int16)


def ink(shown: NDArray[np.int16]) -> NDArray[np.float64]:
    """What is white of a picture, cut to its edges."""
    white = shown > WHITE
    rows, across = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    assert len(rows), "nothing is written there"
    return white[rows[0] : rows[-1] + 1, across[0] : across[-1] + 1].astype(np.float64)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float64]]:
    """The words of each script as `drawtext` sets them."""
    folder = tmp_path_factory.mktemp("drawn")
    return {script: _drawn(text, font, folder) for script, (_, text, font) in SCRIPTS.items()}


def _drawn(text: str, font: Path, folder: Path) -> NDArray[np.float64]:
    words, out = folder / "words.txt", folder / "drawn.gray"
    words.write_text(text, encoding="utf-8")
    ffmpeg(
        *("-f", "lavfi", "-i", f"color=black:size={WIDTH}x{HEIGHT}:duration=1", "-frames:v", "1"),
        *("-vf", f"drawtext=fontfile={font}:textfile={words}:fontsize=60:fontcolor=white:x=40:y=300"),
        *("-f", "rawvideo", "-pix_fmt", "gray", str(out)),
    )
    return ink(np.frombuffer(out.read_bytes(), np.uint8).reshape(HEIGHT, WIDTH).astype(np.int16))


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How alike the ink of two lines lies, whatever their size: 1 is the same.

    Their edges are pixels of letters of other sizes, so one is stretched a little either way.
    """
    fixed = spread(other, 8, 120).ravel()
    stretches = (
        np.pad(one, ((0, 0), (left, right))) for left in range(0, 13, 3) for right in range(0, 13, 3)
    )
    cut = (one[:, left : one.shape[1] - right] for left in range(0, 13, 3) for right in range(0, 13, 3))
    return max(float(np.corrcoef(spread(each, 8, 120).ravel(), fixed)[0, 1]) for each in (*stretches, *cut))


def spread(mask: NDArray[np.float64], rows: int, across: int) -> NDArray[np.float64]:
    """The share of ink in each cell of a grid over a mask."""
    sums = np.pad(mask.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    down = np.linspace(0, mask.shape[0], rows + 1).round().astype(int)
    over = np.linspace(0, mask.shape[1], across + 1).round().astype(int)
    cells = sums[np.ix_(down, over)]
    area = np.outer(np.diff(down), np.diff(over)).clip(1)
    return (cells[1:, 1:] - cells[:-1, 1:] - cells[1:, :-1] + cells[:-1, :-1]) / area


@pytest.mark.parametrize("script", SCRIPTS)
async def test_the_words_stand_in_the_picture_in_letters_of_their_script(
    script: str, picture: Path, exports: Any, drawn: dict[str, NDArray[np.float64]]
) -> None:
    language, text, _ = SCRIPTS[script]
    made = await clip(picture, language, [Cue(500, 1500, (text,))])
    burnt = await exports.make(made, ExportKind.BURNT, "mp4")
    assert burnt.event.notes == (), "no letter lacks a font"
    shown = frame(burnt.path, 1.0)
    written = ink(shown)
    expected, others = drawn[script], [ink for name, ink in drawn.items() if name != script]
    alike = likeness(written, expected)
    assert alike > 0.7, (script, alike)
    assert likeness(written, expected[:, ::-1]) < 0.6, "the line runs the way of its script"
    assert max(likeness(written, other) for other in others) < 0.6, "these words and no others"
    assert not (frame(burnt.path, 0.2) > WHITE).any(), "before the cue"
    assert not (frame(burnt.path, 1.8) > WHITE).any(), "after the cue"
    where = np.flatnonzero((shown > WHITE).any(axis=1))
    assert where[0] > HEIGHT * 0.8
    assert where[-1] < HEIGHT - 10


@pytest.mark.parametrize("language", ["he", "ar", "en"])
async def test_a_full_stop_ends_the_line_where_its_script_does(
    language: str, picture: Path, exports: Any
) -> None:
    text = {"he": "התמונות למעלה.", "ar": "اللوحات القديمة هنا.", "en": "The paintings hang here."}[language]
    made = await clip(picture, language, [Cue(500, 1500, (text,))])
    burnt = await exports.make(made, ExportKind.BURNT, "mp4", subtitles={"content": "target"})
    written = ink(frame(burnt.path, 1.0))
    columns = written.any(axis=0)
    first, last = columns.argmin(), columns[::-1].argmin()
    heights = [np.ptp(np.flatnonzero(part.any(axis=1))) for part in (written[:, :first], written[:, -last:])]
    left, right = (height < 0.3 * len(written) for height in heights)
    assert (left, right) == ((False, True) if language == "en" else (True, False))


async def test_letters_are_joined_where_their_script_joins_them(picture: Path, exports: Any) -> None:
    made = await clip(picture, "ar", [Cue(500, 1500, ("مستشفيات",))])
    across = ink(frame((await exports.make(made, ExportKind.BURNT, "mp4")).path, 1.0)).any(axis=0)
    # Seven letters are one stroke, the last stands alone behind an alif; set one by one they were eight.
    assert 1 + np.count_nonzero(across[:-1] & ~across[1:]) == 2


@pytest.mark.parametrize(("container", "codec"), [("mp4", "h264"), ("mkv", "h264"), ("webm", "vp9")])
async def test_the_picture_keeps_its_times_and_the_sound_stays(
    container: str, codec: str, exports: Any, tmp_path: Path
) -> None:
    uneven = "testsrc2=size=320x180:rate=25"
    source = film(
        tmp_path / "uneven.mp4", uneven, 2.0, "-vf", "select=not(mod(n\\,3))+lt(n\\,20)", "-vsync", "vfr"
    )
    made = await clip(source, "en", [Cue(500, 1500, ("Here",))])
    path = (await exports.make(made, ExportKind.BURNT, container)).path
    (video,) = tracks(path, "video")
    assert (video.codec, video.detail["width"], video.detail["height"]) == (codec, 320, 180)
    times, before = sorted(packet_times(path)), sorted(packet_times(source))
    assert len(times) == len(before)
    assert np.ptp(np.array(times) - np.array(before)) <= 0.002
    heard = sound(path)
    assert len(heard) / 16_000 == pytest.approx(len(sound(source)) / 16_000, abs=0.05)
    if container == "mp4":
        assert packet_digests(path, "a:0") == packet_digests(source, "a:0")


async def test_subtitles_stand_where_they_were_asked_to(exports: Any, tmp_path: Path) -> None:
    """`auto`: at the top while something is burnt in at the bottom already, and nowhere else."""
    busy = (
        f"testsrc2=size={WIDTH}x{HEIGHT}:rate=8:duration=8,hue=s=0,eq=contrast=0.4:brightness=-0.2,"
        f"drawtext=fontfile={NOTO}/NotoSans-Regular.ttf:text='Something was here before'"
        ":fontsize=40:fontcolor=white:bordercolor=black:borderw=3:x=(w-tw)/2:y=h-90:enable='between(t,3,5)'"
    )
    path = tmp_path / "busy.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", busy, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)
    )
    cues = [Cue(500, 2500, ("First",)), Cue(3100, 4900, ("Second",)), Cue(5500, 7500, ("Third",))]
    made = await clip(path, "en", cues)
    places = {}
    for position in ("bottom", "top", "auto"):
        burnt = await exports.make(
            made, ExportKind.BURNT, "mp4", subtitles={"content": "target", "position": position}
        )
        places[position] = [place_of(burnt.path, path, moment) for moment in (1.5, 4.0, 6.5)]
        assert bool(burnt.event.notes) == (position == "auto")
    assert places == {
        "bottom": ["bottom"] * 3,
        "top": ["top"] * 3,
        "auto": ["bottom", "top", "bottom"],
    }


def place_of(burnt: Path, before: Path, seconds: float) -> str:
    """Where the burnt picture differs from the one before."""
    differs = np.abs(frame(burnt, seconds) - frame(before, seconds)) > 80
    rows = np.flatnonzero(differs.sum(axis=1) > 4)
    assert len(rows)
    return "top" if rows.mean() < HEIGHT / 2 else "bottom"


async def test_a_picture_on_its_side_has_its_subtitles_upright(exports: Any, tmp_path: Path) -> None:
    lying = film(tmp_path / "lying.mp4", "color=gray:size=640x360:rate=25")
    turned = tmp_path / "turned.mp4"
    ffmpeg("-i", str(lying), "-c", "copy", "-metadata:s:v", "rotate=90", str(turned))
    made = await clip(turned, "en", [Cue(500, 1500, ("Upright",))])
    shown = frame((await exports.make(made, ExportKind.BURNT, "mp4")).path, 1.0)
    assert shown.shape == (640, 360)
    rows, across = np.nonzero(shown > WHITE)
    assert rows.min() > 640 * 0.8
    assert np.ptp(across) > 2 * np.ptp(rows)


async def test_a_picture_that_takes_too_long_is_told_of(picture: Path, exports: Any) -> None:
    made = await clip(picture, "en", [Cue(500, 1500, ("Here",))])
    with pytest.raises(BurningTooLongError, match="soft subtitles"):
        await exports.make(made, ExportKind.BURNT, "webm", most_seconds=0.2)


async def test_letters_without_a_font_are_told_of(picture: Path, exports: Any) -> None:
    made = await clip(picture, "en", [Cue(500, 1500, ("Here \U000f1234",))])
    burnt = await exports.make(made, ExportKind.BURNT, "mp4")
    (note,) = burnt.event.notes
    assert "U+F1234" in note


def test_han_letters_have_the_form_of_their_language() -> None:
    wanted = {"ja": "JP", "ko": "KR", "zh": "SC", "zh-tw": "TC", "zh-hant": "TC", "zh-hk": "HK"}
    assert {code: font_of(code).removeprefix("Noto Sans CJK ") for code in wanted} == wanted
    assert font_of("es") == "Noto Sans"


def test_a_path_is_a_filter_option_whatever_is_in_it() -> None:
    assert filter_value(Path("/a'b:c,d[e];f\\g")) == r"/a\\\'b\\:c\,d\[e\]\;f\\\\g"
