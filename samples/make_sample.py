"""Make the bundled sample: a video of about 40 s and, beside it, the truth about it (`sample.json`).

    python samples/make_sample.py PATH/sample.mp4

Two speakers in turn, pauses, quiet music, a running clock. It needs ffmpeg, flite and numpy.
"""

import argparse
import sys
from pathlib import Path

from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE
from octavia_samples.tools import ToolError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("path", type=Path, help="where to put the video, such as .octavia/samples/sample.mp4")
    path: Path = parser.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{path.name}")
    try:
        truth = make_speech_video(unfinished, SAMPLE)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    truth.save(path.with_suffix(".json"))
    unfinished.rename(path)
    print(f"{path}: {truth.duration:.1f} s, {len(truth.lines)} lines, {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
