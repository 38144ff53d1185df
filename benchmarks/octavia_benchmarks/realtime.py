"""How fast spoken videos are dubbed by the offline engines, beside the same engines called in a row."""

import tempfile
import time
from pathlib import Path

from octavia_samples.factory import make_long_video, make_speech_video
from octavia_samples.script import SAMPLE

from octavia_benchmarks.driver import TARGET as LANGUAGE
from octavia_benchmarks.driver import user_of
from octavia_benchmarks.plain_script import plain_script
from octavia_benchmarks.results import Figure, lower_is_better
from octavia_benchmarks.stack import make_platform, servers

TARGET = 1.5
_VIDEO_SECONDS = {"video": 160.0, "talk": 600.0}
"""Lengths of what is dubbed beside the sample, in seconds."""
_WARM_UP_SECONDS = 10.0
_WORKERS = {"transcriber": 2}
"""As many recognisers as the aim speaks of cores; one process of each other service."""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """The script first, on a machine that does nothing else; then the platform, idle until its job."""
    with tempfile.TemporaryDirectory(prefix="octavia-bench-") as name:
        videos, lengths = _videos(Path(name), quick=quick)
        alone = await _script(videos, lengths)
        together = await _platform(videos)
    measured = [name for name in videos if name != "warm_up"]
    figures = [
        lower_is_better(
            f"realtime_{name}",
            together[name] / lengths[name],
            "s per s of video",
            baseline=alone[name] / lengths[name],
            target=TARGET,
        )
        for name in measured
    ]
    notes = [
        f"realtime: {name} of {lengths[name]:.0f} s: script {alone[name]:.1f} s, "
        f"platform {together[name]:.1f} s with {_WORKERS['transcriber']} transcribers."
        for name in measured
    ]
    return figures, notes


def _videos(folder: Path, *, quick: bool) -> tuple[dict[str, Path], dict[str, float]]:
    names = ("warm_up", "sample", *(() if quick else _VIDEO_SECONDS))
    paths = {name: folder / f"{name}.mp4" for name in names}
    lengths = {
        "warm_up": make_long_video(paths["warm_up"], _WARM_UP_SECONDS).duration,
        "sample": make_speech_video(paths["sample"], SAMPLE).duration,
    }
    for name in paths.keys() & _VIDEO_SECONDS:
        lengths[name] = make_long_video(paths[name], _VIDEO_SECONDS[name]).duration
    return paths, lengths


async def _script(videos: dict[str, Path], lengths: dict[str, float]) -> dict[str, float]:
    times = {}
    async with plain_script() as script:
        for name, path in videos.items():
            began = time.perf_counter()
            await script.dub(path, seconds=lengths[name], target=LANGUAGE)
            times[name] = time.perf_counter() - began
    return times


async def _platform(videos: dict[str, Path]) -> dict[str, float]:
    with servers() as on, make_platform(on, {}, workers=_WORKERS) as platform:
        async with user_of(platform.url) as user:
            return {name: (await user.run(await user.prepare(path))).seconds for name, path in videos.items()}
