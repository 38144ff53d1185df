"""What a prompt looks like as an animated clip: colours, motion and type from its digest, as filters.

Equal prompts in equal shapes give equal clips; another letter gives another one.
"""

import colorsys
import hashlib
import textwrap
from dataclasses import dataclass

from octavia_common.events import AspectRatio

FRAME_RATE = 24
SIZES: dict[AspectRatio, tuple[int, int]] = {
    AspectRatio.LANDSCAPE: (1280, 720),
    AspectRatio.PORTRAIT: (720, 1280),
    AspectRatio.SQUARE: (960, 960),
}
PLACEHOLDER = "Placeholder: drawn on this machine by Octavia's local renderer, not by a video model."
MOST_LINES = 7
FONT = "DejaVu Sans"
"""What fontconfig has in its place serves as well."""

_COLOURS = 4
_KINDS = ("linear", "radial", "circular", "spiral")
_ZOOM = 0.18
"""How much closer a given picture comes, of its size."""


class Dice:
    """Numbers from a digest: the same for the same text, on every machine."""

    def __init__(self, text: str) -> None:
        self._bytes = hashlib.shake_256(text.encode()).digest(64)
        self._used = 0

    def of(self, sides: int) -> int:
        """A whole number from 0 to `sides` - 1."""
        number = int.from_bytes(self._bytes[self._used : self._used + 2], "big")
        self._used += 2
        return number % sides

    def between(self, least: float, most: float) -> float:
        """A number of this range, in thousandths of it."""
        return least + (most - least) * self.of(1001) / 1000


@dataclass(frozen=True)
class Drawing:
    """One clip: its filters, and the text that is written on it."""

    size: tuple[int, int]
    seconds: int
    filters: str
    text: str

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        return self.seconds * FRAME_RATE


def drawing(prompt: str, ratio: AspectRatio, seconds: int, *, picture: bool) -> Drawing:
    """The drawing of a prompt; over a slow zoom into the given picture where there is one.

    Its text is read from a file named `text` in the working directory: a prompt is never part of a filter.
    """
    width, height = SIZES[ratio]
    dice = Dice(prompt)
    behind = _zoom(width, height, seconds, dice) if picture else _gradient(width, height, seconds, dice)
    size = round(min(width, height) * (0.05 if picture else 0.075))
    text = wrapped(prompt, columns=int(width * 0.8 / (size * 0.58)))
    return Drawing(
        (width, height), seconds, ",".join([behind, *_type(size, height, dice, picture=picture)]), text
    )


def wrapped(prompt: str, columns: int) -> str:
    """A prompt as a few lines of printable text."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in prompt).split())
    return "\n".join(textwrap.wrap(plain, columns, max_lines=MOST_LINES, placeholder=" …") or [" "])


def _gradient(width: int, height: int, seconds: int, dice: Dice) -> str:
    hue, spread = dice.between(0, 1), dice.between(0.08, 0.3)
    colours = [_colour(hue + spread * number, dice) for number in range(_COLOURS)]
    parts = [
        f"s={width}x{height}",
        f"r={FRAME_RATE}",
        f"d={seconds}",
        f"n={_COLOURS}",
        *(f"c{number}={colour}" for number, colour in enumerate(colours)),
        f"seed={dice.of(65536)}",
        f"speed={dice.between(0.006, 0.02):.4f}",
        f"type={_KINDS[dice.of(len(_KINDS))]}",
        f"x0={dice.of(width // 3)}",
        f"y0={dice.of(height // 3)}",
        f"x1={width - dice.of(width // 3)}",
        f"y1={height - dice.of(height // 3)}",
    ]
    return f"gradients={':'.join(parts)}"


def _colour(hue: float, dice: Dice) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, dice.between(0.25, 0.5), dice.between(0.45, 0.8))
    return f"0x{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _zoom(width: int, height: int, seconds: int, dice: Dice) -> str:
    """Twice the size first: zoompan moves in whole pixels of what it is given."""
    across, down = dice.between(0.35, 0.65), dice.between(0.35, 0.65)
    return (
        f"scale={2 * width}:{2 * height}:force_original_aspect_ratio=increase,crop={2 * width}:{2 * height},"
        f"zoompan=z='1+{_ZOOM}*on/{seconds * FRAME_RATE}':x='(iw-iw/zoom)*{across:.3f}':"
        f"y='(ih-ih/zoom)*{down:.3f}':d={seconds * FRAME_RATE}:s={width}x{height}:fps={FRAME_RATE}"
    )


def _type(size: int, height: int, dice: Dice, *, picture: bool) -> list[str]:
    """The prompt, drifting slowly, and the word that says what this is."""
    turn, sway, bob = dice.between(4, 9), dice.between(10, 40), dice.between(6, 20)
    sign = 1 if dice.of(2) else -1
    top = "h-th-h*0.12" if picture else "(h-th)/2"
    words = [
        "drawtext=textfile=text",
        "expansion=none",
        f"font={FONT}",
        f"fontsize={size}",
        "fontcolor=white",
        f"line_spacing={size // 4}",
        "shadowcolor=black@0.6",
        "shadowx=2",
        "shadowy=2",
        f"x='(w-tw)/2+{sign * sway:.1f}*sin(2*PI*t/{turn:.2f})'",
        f"y='{top}+{bob:.1f}*cos(2*PI*t/{turn:.2f})'",
        "alpha='min(1,t/0.6)'",
    ]
    label = [
        "drawtext=text=Placeholder",
        f"font={FONT}",
        f"fontsize={max(16, height // 32)}",
        "fontcolor=white@0.75",
        "shadowcolor=black@0.6",
        "shadowx=1",
        "shadowy=1",
        "x=w*0.02",
        "y=h-th-h*0.02",
    ]
    return [":".join(words), ":".join(label)]
