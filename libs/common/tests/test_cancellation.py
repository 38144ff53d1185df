"""The cancel token, across threads."""

import asyncio
import threading

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError


async def test_a_waiter_wakes_when_a_thread_cancels() -> None:
    token = CancelToken()
    waiter = asyncio.create_task(token.wait())
    await asyncio.sleep(0)
    threading.Thread(target=token.cancel, args=("stop",)).start()
    await asyncio.wait_for(waiter, 5)
    assert token.reason == "stop"


def test_callbacks_run_once_and_at_once_when_late() -> None:
    token, calls = CancelToken(), []
    token.on_cancel(lambda: calls.append("early"))
    forget = token.on_cancel(lambda: calls.append("forgotten"))
    forget()
    token.cancel()
    token.cancel()
    token.on_cancel(lambda: calls.append("late"))
    assert calls == ["early", "late"]


def test_cancelled_work_raises() -> None:
    token = CancelToken()
    token.raise_if_cancelled()
    token.cancel("job cancelled")
    with pytest.raises(JobCancelledError):
        token.raise_if_cancelled()


def test_sleep_in_a_thread_ends_with_the_job() -> None:
    token = CancelToken()
    token.sleep(0)
    threading.Timer(0.05, token.cancel).start()
    with pytest.raises(JobCancelledError):
        token.sleep(60)
