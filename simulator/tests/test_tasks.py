"""What a record says as time goes by."""

import json

import pytest
from octavia_simulator.orders import Orders, orders_of
from octavia_simulator.record import record_of
from octavia_simulator.tasks import State, Task, Wish


def make(orders: Orders, seconds: float = 10.0) -> Task:
    wish = Wish("a cat", "model", 1280, 720, 5)
    ended_at = None if orders.ending == "never" else seconds
    return Task("t", "kie", wish, orders, created_at=0.0, ended_at=ended_at, ending=orders.ending)


def test_a_task_goes_through_the_states_in_their_order() -> None:
    task = make(Orders())
    assert [task.state(at).value for at in (0, 1.5, 5, 9.9, 10)] == [
        "waiting", "queuing", "generating", "generating", "success",
    ]  # fmt: skip
    assert [task.percent(at) for at in (0, 1.5, 5, 9.9, 10)] == [0, 0, 50, 99, 100]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sim:skip-states", ["waiting", "waiting", "waiting", "success"]),
        ("sim:backwards", ["queuing", "generating", "queuing", "success"]),
        ("sim:fail", ["queuing", "generating", "generating", "fail"]),
    ],
)
def test_states_misbehave_on_order(words: str, expected: list[str]) -> None:
    task = make(orders_of(words))
    assert [task.state(at).value for at in (1.5, 5, 6.5, 10)] == expected


def test_a_stuck_task_never_ends() -> None:
    assert make(orders_of("sim:stuck")).state(1e9) is State.GENERATING


def test_a_record_names_its_result_on_success_alone() -> None:
    task = make(Orders())
    assert record_of(task, 5, "http://sim")["resultJson"] == ""
    record = record_of(task, 10, "http://sim")
    assert json.loads(record["resultJson"]) == {"resultUrls": ["http://sim/results/t.mp4"]}
    assert record["completeTime"] == 10_000


def test_a_failed_record_says_why_with_a_code_that_is_a_string() -> None:
    record = record_of(make(orders_of("sim:fail=400")), 10, "http://sim")
    assert (record["failCode"], record["resultJson"]) == ("400", "")
    assert "refuses to show" in record["failMsg"]


def test_a_result_may_be_missing_empty_or_unreadable() -> None:
    results = {
        word: record_of(make(orders_of(f"sim:{word}")), 10, "http://sim")["resultJson"]
        for word in ("missing-urls", "empty-urls", "unreadable")
    }
    assert json.loads(results["missing-urls"]) == {"resultObject": {}}
    assert json.loads(results["empty-urls"]) == {"resultUrls": []}
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(results["unreadable"])
