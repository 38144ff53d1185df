"""How much poison is too much."""

import pytest
from octavia_common.messaging.headers import Delivery
from octavia_common.messaging.poison import WINDOW, PoisonGauge, PoisonLimit, TooMuchPoisonError

LIMIT = PoisonLimit(most_share=0.1, allowed=10)


def letters_until_it_stops(gauge: PoisonGauge) -> int:
    for count in range(10 * WINDOW):
        try:
            gauge.letter()
        except TooMuchPoisonError:
            return count
    raise AssertionError("it never stopped")


def test_a_few_are_let_pass_on_a_quiet_topic_however_large_their_share() -> None:
    assert letters_until_it_stops(PoisonGauge(LIMIT)) == 10


def test_the_share_counts_on_a_busy_topic() -> None:
    gauge = PoisonGauge(LIMIT)
    gauge.passed(WINDOW)
    assert letters_until_it_stops(gauge) == WINDOW // 10


def test_an_even_trickle_below_the_share_never_stops() -> None:
    gauge = PoisonGauge(LIMIT)
    for _ in range(5 * WINDOW):
        gauge.letter()
        gauge.passed(10)


def test_what_is_long_past_no_longer_counts() -> None:
    gauge = PoisonGauge(LIMIT)
    for _ in range(10):
        gauge.letter()
    gauge.passed(WINDOW)
    assert letters_until_it_stops(gauge) == WINDOW // 10


def test_a_refused_letter_is_not_counted_and_the_next_is_refused_too() -> None:
    gauge = PoisonGauge(PoisonLimit(most_share=0.0, allowed=0))
    for _ in range(3):
        with pytest.raises(TooMuchPoisonError, match="0 of its last 0"):
            gauge.letter()


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e308", "-1e308", "x", ""])
def test_broken_headers_read_as_something_that_ends(number: str) -> None:
    read = Delivery.read({"octavia-attempt": number, "octavia-first-try": number})
    assert 1 <= read.attempt <= 1_000_000
    assert read.first_try < 1e10
