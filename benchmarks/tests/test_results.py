"""Figures: what counts as holding, and that keeping them loses none."""

from pathlib import Path

from octavia_benchmarks import results
from octavia_benchmarks.results import BEGIN, END, at_most, higher_is_better, lower_is_better, percentile


def test_an_absolute_aim_is_to_stay_below() -> None:
    assert at_most("latency", 299.9, "ms", 300).holds is True
    assert at_most("latency", 300, "ms", 300).holds is False


def test_more_than_one_is_better_whatever_is_measured() -> None:
    rate = higher_is_better("throughput", 30, "jobs/s", baseline=20, target=1)
    assert (rate.ratio, rate.holds) == (1.5, True)
    time = lower_is_better("scaling", 20, "s", baseline=60, target=6)
    assert (time.ratio, time.holds) == (3.0, False)


def test_without_an_aim_nothing_holds_or_fails() -> None:
    assert lower_is_better("scaling", 20, "s", baseline=60).holds is None


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(30, 0, -1)]
    assert percentile(values, 0.5) == 15
    assert percentile(values, 0.95) == 28
    assert percentile([7.0], 0.5) == 7


def test_figures_survive_being_kept(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert results.read(path) == []
    old = [at_most("a", 1, "ms", 2), at_most("b", 1, "ms", 2)]
    results.write(path, old)
    assert results.read(path) == old
    again = [at_most("c", 5, "ms", 2), at_most("a", 3, "ms", 2)]
    assert [each.name for each in results.merged(old, again)] == ["a", "b", "c"]
    assert results.merged(old, again)[0].value == 3


def test_the_readme_keeps_what_is_not_measured_anew(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\n- latency: old\n- scaling: old\n{END}\nafter\n")
    results.write_section(readme, [at_most("latency", 1, "ms", 2)], ["latency: new"])
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "- latency: new\n" in text
    assert "- scaling: old\n" in text
    assert "latency: old" not in text
    assert "| latency | 1" in text
