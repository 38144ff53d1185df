"""What both shapes do with a create: refuse it, lose it, or make a task and perhaps lose the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from octavia_simulator.faults import Cut
from octavia_simulator.orders import Answer, Orders
from octavia_simulator.provider import Provider
from octavia_simulator.tasks import Task, Wish

HANGING_SECONDS = 600.0
_AFTER_THE_CALLBACK_SECONDS = 0.5


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The create is refused with a code of the provider; `reason` in place of the code's own."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Creating:
    """The creates of one shape."""

    def __init__(self, provider: Provider, shape: str) -> None:
        self._provider = provider
        self._shape = shape

    def check(self, prompt: str, orders: Orders) -> None:
        """Raises Refused where the rate is used up or the orders refuse this create."""
        if not self._provider.admit():
            raise Refused(429)
        code = self._provider.refusal("create", prompt, orders.refuse)
        if code is not None:
            raise Refused(code)

    async def create(
        self,
        request: Request,
        wish: Wish,
        orders: Orders,
        answer: Callable[[Task], Response],
        *,
        callback_url: str = "",
        body: Any = None,
    ) -> Response:
        """Make the task, and give `answer(task)` as the orders say."""
        if self._provider.due(("lose", wish.prompt), orders.lose):
            self._provider.asked["creates lost"] += 1
            return Cut(request)
        task = self._provider.create(self._shape, wish, orders, callback_url=callback_url, request=body)
        match orders.answer:
            case Answer.LOST:
                self._provider.asked["answers lost"] += 1
                return Cut(request)
            case Answer.HANGING:
                await asyncio.sleep(HANGING_SECONDS)
            case Answer.LATE if task.ended_at is not None:
                until = task.ended_at + _AFTER_THE_CALLBACK_SECONDS
                await asyncio.sleep(max(0.0, until - self._provider.now()))
        return answer(task)
