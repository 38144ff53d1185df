"""Sends the call-backs of a task when their time has come, and writes down what was answered."""

import asyncio
import time
from collections.abc import Callable

import httpx

from octavia_simulator.hooks import letters
from octavia_simulator.orders import Hook
from octavia_simulator.record import record_of
from octavia_simulator.tasks import Sent, Task

ANSWER_SECONDS = 15.0
"""Kie gives a call-back up after this."""

_TRIES = 3
_BETWEEN_TRIES_SECONDS = 1.0
_AT_ONCE = 200


class Sender:
    """One HTTP client for all call-backs.

    Args:
        url: of the simulator, for the addresses of results.
        key: signs; empty for no signature.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
        # No limit on waiting for one of the connections: a thousand tasks may end in one moment.
        timeout = httpx.Timeout(ANSWER_SECONDS, pool=None)
        self._http = httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False)

    async def tell(self, task: Task, now: Callable[[], float]) -> None:
        """Everything that is sent of a task, from now to its end and after it."""
        before = task.orders.before
        end = task.ended_at
        for index, hook in enumerate(before):
            if end is not None:
                # In the later half of its time, while it generates.
                at = task.created_at + (end - task.created_at) * (0.5 + 0.4 * index / len(before))
                await asyncio.sleep(max(0.0, at - now()))
            await self.send(task, hook, now)
        if end is None:
            return
        await asyncio.sleep(max(0.0, end - now()))
        for hook in task.orders.after:
            await self.send(task, hook, now)

    async def send(self, task: Task, hook: Hook, now: Callable[[], float]) -> list[Sent]:
        """Send one kind of call-back now; what was answered."""
        moment = now()
        record = record_of(task, moment, self._url)
        sent = []
        for letter in letters(hook, task.callback_url, record, self._key, int(moment)):
            began = time.monotonic()
            status = await self._post(letter.url, letter.headers, letter.body)
            sent.append(Sent(hook.value, status, time.monotonic() - began))
        task.sent += sent
        return sent

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """The status; again where nobody answered or the other side had a fault. 0: nobody to the last."""
        status = 0
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
            try:
                status = (await self._http.post(url, headers=headers, content=body)).status_code
            except httpx.HTTPError:
                status = 0
            if 0 < status < 500:
                break
        return status
