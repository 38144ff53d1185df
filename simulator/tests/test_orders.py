"""Orders in prompts."""

import re
from pathlib import Path

import pytest
from octavia_simulator.orders import (
    ALWAYS,
    Answer,
    Ending,
    Hook,
    Orders,
    Result,
    UnknownOrderError,
    orders_of,
)


def test_a_prompt_without_orders_asks_for_nothing_bad() -> None:
    assert orders_of("a sim: card beside simple:things") == Orders()


def test_orders_of_one_prompt_add_up() -> None:
    orders = orders_of("sim:silent a cat sim:seconds=2.5 sim:429=3 sim:455=1, sim:expired")
    assert orders.after == ()
    assert orders.seconds == 2.5
    assert [(trouble.code, trouble.times) for trouble in orders.refuse] == [(429, 3), (455, 1)]
    assert orders.result is Result.EXPIRED


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("sim:fail", "ending", Ending.FAIL),
        ("sim:fail=501", "fail_code", "501"),
        ("sim:stuck", "ending", Ending.NEVER),
        ("sim:lost-answer", "answer", Answer.LOST),
        ("sim:lost-request", "lose", 1),
        ("sim:forged-body", "before", (Hook.FORGED_SUCCESS, Hook.FORGED_FAIL)),
        ("sim:wrong-signature", "after", (Hook.WRONG_SIGNATURE,)),
        ("sim:expires=1.5", "expires_seconds", 1.5),
    ],
)
def test_an_order_says_one_thing(words: str, field: str, value: object) -> None:
    assert getattr(orders_of(words), field) == value


def test_what_passes_by_itself_is_refused_twice_and_the_rest_always() -> None:
    assert orders_of("sim:429").refuse[0].times == 2
    assert orders_of("sim:402").refuse[0].times == ALWAYS
    assert orders_of("sim:paused").refuse[0].times == ALWAYS
    assert orders_of("sim:500=always").refuse[0].times == ALWAYS


@pytest.mark.parametrize("words", ["sim:slient", "sim:silent=3", "sim:seconds=soon", "sim:429=often"])
def test_what_is_not_understood_is_told(words: str) -> None:
    with pytest.raises(UnknownOrderError):
        orders_of(words)


def test_orders_of_all_tasks_stay_beneath_those_of_a_prompt() -> None:
    base = Orders(after=(), seconds=9)
    orders = orders_of("sim:seconds=1", base)
    assert orders.after == ()
    assert orders.seconds == 1


def test_every_order_the_readme_names_is_one() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    words = re.findall(r"`(sim:[a-z0-9=.-]+)`", readme)
    assert len(words) > 30
    for word in words:
        orders_of(word.replace("=N", "=2"))
