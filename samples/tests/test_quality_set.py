"""The set that dubbing is judged on says the truth about itself."""

from pathlib import Path

import pytest
from octavia_samples.measure import duration, onset_errors, sound, tracks
from octavia_samples.quality_set import SET, make_scene


def test_the_set_has_what_makes_dubbing_hard() -> None:
    pauses = sorted(line.pause for scene in SET for line in scene.lines)
    assert pauses[0] < 0.25
    assert pauses[-1] > 5
    assert {line.slowness < 1 for scene in SET for line in scene.lines} == {True, False}
    assert any(line.slowness > 1.3 for scene in SET for line in scene.lines)
    assert any(len({line.voice for line in scene.lines}) > 1 for scene in SET)
    assert any(line.laughed_at for scene in SET for line in scene.lines)
    assert any(scene.music_db is not None for scene in SET)


@pytest.mark.parametrize("name", ["laughter into the lines", "a slow talker"])
def test_lines_are_heard_where_the_truth_says(tmp_path: Path, name: str) -> None:
    scene = next(scene for scene in SET if scene.name == name)
    path = tmp_path / "scene.mp4"
    truth = make_scene(path, scene)
    assert [line.text for line in truth.lines] == [line.text for line in scene.lines]
    assert duration(path) == pytest.approx(truth.duration, abs=0.05)
    assert tracks(path, "audio")[0].detail["channels"] == 2
    clean = [
        line.start
        for line, said in zip(truth.lines, (None, *scene.lines), strict=False)
        if said is None or not said.laughed_at  # behind laughter no silence goes before the line
    ]
    assert all(abs(error) <= 0.05 for error in onset_errors(sound(path), clean))
