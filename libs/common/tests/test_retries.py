"""The retry policy: bounded in number, in time and in length."""

from hypothesis import given
from hypothesis import strategies as st
from octavia_common.messaging.retries import RetryPolicy


@given(attempt=st.integers(1, 4), age=st.floats(0, 899))
def test_waits_grow_within_their_bounds(attempt: int, age: float) -> None:
    delay = RetryPolicy().delay(attempt, age_seconds=age)
    assert delay is not None
    assert 0.5 * 2 ** (attempt - 1) <= delay <= 2 ** (attempt - 1)


def test_a_wait_is_never_longer_than_the_longest() -> None:
    delay = RetryPolicy(attempts=50).delay(40, age_seconds=0)
    assert delay is not None
    assert delay <= 60


def test_tries_and_time_run_out() -> None:
    assert RetryPolicy().delay(5, age_seconds=0) is None
    assert RetryPolicy().delay(1, age_seconds=900) is None
