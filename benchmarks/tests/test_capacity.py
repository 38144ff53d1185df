"""The arithmetic of capacity, and the load that the simulation makes."""

from itertools import pairwise

import pytest
from octavia_benchmarks.capacity import page
from octavia_benchmarks.capacity_model import (
    BUSY,
    CHUNK_SECONDS,
    STAGES,
    Prices,
    TooFewPartitionsError,
    plan,
    shared,
    workers_for,
)
from octavia_benchmarks.capacity_simulation import JOB_SECONDS, SPEED, Seen, arrivals, settings_of


@pytest.mark.parametrize(
    ("workers", "worth"), [(1, 1), (5, 4.8), (12, 12), (13, 12), (23, 12), (24, 24), (30, 24)]
)
def test_who_has_most_partitions_sets_the_pace(workers: int, worth: float) -> None:
    assert shared(workers, 24) == pytest.approx(worth)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.service)
def test_one_worker_fewer_would_be_too_busy(stage) -> None:
    for rate in (0.01, 0.1, 0.4, 1.0):
        workers = workers_for(stage, rate, 48)
        assert rate * stage.seconds / shared(workers, 48) <= BUSY
        assert workers == 1 or rate * stage.seconds / shared(workers - 1, 48) > BUSY


def test_a_load_beyond_the_partitions_is_told() -> None:
    with pytest.raises(TooFewPartitionsError, match="24 partitions"):
        plan(1000)


def test_more_load_never_takes_fewer_workers_nor_costs_less() -> None:
    plans = [plan(load) for load in (1, 2, 5, 10, 20, 40)]
    for smaller, larger in pairwise(plans):
        assert all(larger.workers[name] >= smaller.workers[name] for name in smaller.workers)
        assert larger.dollars_an_hour(Prices()) >= smaller.dollars_an_hour(Prices())
    assert (
        plans[-1].gpus == plans[-1].vllm + plans[-1].workers["transcriber"] + plans[-1].workers["synthesizer"]
    )


def test_jobs_come_as_often_as_the_load_says() -> None:
    moments = arrivals(30, 2000)
    assert len(moments) == pytest.approx(30 / JOB_SECONDS * SPEED * 2000, rel=0.1)
    assert moments == sorted(moments)
    assert moments == arrivals(30, 2000), "the same at each run"


def test_engines_sleep_what_the_figures_say() -> None:
    seconds = {name: float(values["TIMED_ENGINE_SECONDS"]) for name, values in settings_of().items()}
    assert seconds["synthesizer"] * SPEED == pytest.approx(CHUNK_SECONDS / 5, rel=0.001)
    assert seconds["assembler"] * SPEED == pytest.approx(0.1 * JOB_SECONDS, rel=0.001)


def test_a_growing_queue_is_not_keeping_up() -> None:
    workers = dict(plan(5).workers)
    steady = Seen(5, workers, 12, typical=60, slowest=90, early=60, late=66)
    growing = Seen(5, workers, 12, typical=120, slowest=300, early=60, late=200)
    assert (steady.keeps_up, growing.keeps_up) == (True, False)
    text = page(Prices(), [steady, growing])
    assert "| yes |" in text
    assert "| **no** |" in text
    assert "Not made yet" in page(Prices(), [])
