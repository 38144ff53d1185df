"""Advanced SubStation files (v4+): cues with a look, for players that style them and for burning in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import WORD_JOINER

ASS_TYPE = "text/x-ssa"

_STYLE = {
    "Name": "Default",
    "Fontname": "",
    "Fontsize": "",
    "PrimaryColour": "&H00FFFFFF",
    "SecondaryColour": "&H00FFFFFF",
    "OutlineColour": "&H00101010",
    "BackColour": "&H80000000",
    "Bold": "0",
    "Italic": "0",
    "Underline": "0",
    "StrikeOut": "0",
    "ScaleX": "100",
    "ScaleY": "100",
    "Spacing": "0",
    "Angle": "0",
    "BorderStyle": "1",
    "Outline": "",
    "Shadow": "0",
    "Alignment": "",
    "MarginL": "",
    "MarginR": "",
    "MarginV": "",
    "Encoding": "1",
}
"""The fields of a style in their order: white letters with a dark edge. Empty ones are the look's."""

_BELOW, _ABOVE = "2", "8"
"""In the middle, by the places of the digits on a keyboard."""


@dataclass(frozen=True)
class Look:
    """How subtitles look on a picture of so many pixels; `font_size` and `margin` are pixels too.

    `at_top` keeps clear of what is burnt in below. `own_direction` has each line run the way of its own
    script, as libass understands it (an encoding of -1); other players know no such encoding.
    """

    width: int = 1920
    height: int = 1080
    font: str = "Noto Sans"
    font_size: int = 54
    margin: int = 54
    at_top: bool = False
    own_direction: bool = False

    @classmethod
    def for_picture(
        cls,
        width: int,
        height: int,
        *,
        font: str = "Noto Sans",
        at_top: bool = False,
        own_direction: bool = False,
    ) -> "Look":
        """Letters of a twentieth of the height, less on a narrow picture: a line of 42 fits."""
        size = max(12, round(min(height, width * 9 / 16) / 20))
        return cls(width, height, font, size, size, at_top, own_direction)


def to_ass(cues: Sequence[Cue], look: Look | None = None, *, above: Collection[int] = ()) -> str:
    """The file; only its head where there are no cues. `above` are the places of cues that stand at the top,
    whatever the look says."""
    look = look or Look()
    margin = str(look.margin)
    style = _STYLE | {
        "Fontname": look.font,
        "Fontsize": str(look.font_size),
        "Outline": str(max(1, round(look.font_size / 18))),
        "Alignment": _ABOVE if look.at_top else _BELOW,
        "MarginL": margin,
        "MarginR": margin,
        "MarginV": margin,
        "Encoding": "-1" if look.own_direction else "1",
    }
    head = (
        "[Script Info]",
        "ScriptType: v4.00+",
        "WrapStyle: 2",  # lines are cut already
        "ScaledBorderAndShadow: yes",
        f"PlayResX: {look.width}",
        f"PlayResY: {look.height}",
        "",
        "[V4+ Styles]",
        f"Format: {', '.join(style)}",
        f"Style: {','.join(style.values())}",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    )
    return "\n".join((*head, *(_dialogue(cue, place in above) for place, cue in enumerate(cues)), ""))


def _dialogue(cue: Cue, at_top: bool) -> str:
    text = r"\N".join(ass_text(line) for line in cue.lines)
    if at_top:
        text = rf"{{\an{_ABOVE}}}{text}"
    return f"Dialogue: 0,{_clock(cue.start_ms)},{_clock(cue.end_ms)},Default,,0,0,0,,{text}"


def ass_text(line: str) -> str:
    r"""A line of a cue: braces would begin an override, `\n` and its kin a new line."""
    return line.replace("\\", f"\\{WORD_JOINER}").replace("{", r"\{").replace("}", r"\}")


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(round(milliseconds / 10), 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:02}"
