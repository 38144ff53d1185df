"""The local renderer: clips of their prompt's own, and equal ones for equal prompts."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError
from octavia_common.events import AspectRatio
from octavia_common.media import ffprobe, probe
from octavia_videogen.providers.local.drawing import PLACEHOLDER, SIZES, Drawing, drawing, wrapped
from octavia_videogen.providers.local.rendering import render


async def clip_of(sketch: Drawing, folder: Path, picture: Path | None = None) -> tuple[Path, list[float]]:
    folder.mkdir()  # noqa: ASYNC240 - of a test
    figures: list[float] = []

    async def report(figure: float) -> None:
        figures.append(figure)

    return await render(sketch, picture, folder, CancelToken(), report), figures


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_prompt_decides_what_is_drawn() -> None:
    ratio = AspectRatio.LANDSCAPE
    fox, again, hare = (drawing(words, ratio, 5, picture=False) for words in ("A fox", "A fox", "A hare"))
    assert fox == again
    assert fox.filters != hare.filters


@pytest.mark.parametrize("words", ["%{localtime} \\ ' : , [x] ;", "x" * 5000, "\x00\x1b", "", "  \n ", "ngữ"])
def test_a_prompt_is_never_a_part_of_the_filters(words: str) -> None:
    sketch = drawing(words, AspectRatio.SQUARE, 5, picture=False)
    if words.strip():
        assert words not in sketch.filters
    assert 1 <= len(sketch.text.splitlines()) <= 7
    assert all(c.isprintable() or c == "\n" for c in sketch.text)


def test_long_words_are_wrapped() -> None:
    assert max(len(line) for line in wrapped("word " * 40 + "y" * 300, 20).splitlines()) <= 20


@pytest.mark.parametrize("ratio", list(AspectRatio))
async def test_a_clip_has_the_asked_ratio_and_length_and_says_what_it_is(
    tmp_path: Path, ratio: AspectRatio
) -> None:
    sketch = drawing(f"Of {ratio} '%{{pts}}", ratio, 1, picture=False)
    clip, _ = await clip_of(sketch, tmp_path / "a")
    info = await probe(clip)
    assert info.video is not None
    assert (info.video.codec, info.video.pixel_format) == ("h264", "yuv420p")
    assert (info.video.width, info.video.height) == SIZES[ratio]
    assert info.duration_seconds == pytest.approx(1, abs=0.05)
    tags = (await ffprobe(clip, "-show_entries", "format_tags"))["format"]["tags"]
    assert tags["comment"] == PLACEHOLDER


async def test_equal_prompts_give_equal_bytes_and_others_give_others(tmp_path: Path) -> None:
    made = [
        digest((await clip_of(drawing(words, AspectRatio.SQUARE, 1, picture=False), tmp_path / name))[0])
        for name, words in (("a", "A fox"), ("b", "A fox"), ("c", "A hare"))
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]


async def test_progress_is_that_of_the_encoder(tmp_path: Path) -> None:
    _, figures = await clip_of(drawing("Slow", AspectRatio.LANDSCAPE, 4, picture=False), tmp_path / "a")
    assert figures == sorted(set(figures))
    assert all(0 <= figure <= 100 for figure in figures)
    assert any(0 < figure < 100 for figure in figures), figures


async def test_a_given_picture_is_shown_and_comes_closer(tmp_path: Path) -> None:
    picture = tmp_path / "picture"
    _ffmpeg("-f", "lavfi", "-i", "color=red:s=640x480,drawbox=x=280:y=200:w=80:h=80:color=white:t=fill",
            "-frames:v", "1", "-f", "mjpeg", str(picture))  # fmt: skip
    sketch = drawing("x", AspectRatio.LANDSCAPE, 2, picture=True)
    clip, _ = await clip_of(sketch, tmp_path / "a", picture)
    first, last = _pixels(clip, 0.0), _pixels(clip, 1.9)
    white = [sum(1 for pixel in frame if min(pixel) > 200) for frame in (first, last)]
    red = sum(1 for r, g, b in first if r > 150 and max(g, b) < 90)
    assert red > len(first) / 2
    assert white[1] > white[0] > 0


async def test_a_render_that_nobody_wants_ends(tmp_path: Path) -> None:
    cancel = CancelToken()
    folder = tmp_path / "a"
    folder.mkdir()

    async def report(_: float) -> None:
        cancel.cancel("nobody wants it")

    with pytest.raises(JobCancelledError):
        await render(drawing("x", AspectRatio.LANDSCAPE, 60, picture=False), None, folder, cancel, report)


def _pixels(clip: Path, at: float) -> list[tuple[int, ...]]:
    """The pixels of one frame, made small."""
    command = ["-ss", str(at), "-i", str(clip), "-frames:v", "1", "-vf", "scale=160:90", "-f", "rawvideo"]
    raw = _ffmpeg(*command, "-pix_fmt", "rgb24", "-")
    return [tuple(raw[place : place + 3]) for place in range(0, len(raw), 3)]


def _ffmpeg(*arguments: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
