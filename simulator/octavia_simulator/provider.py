"""The account at the provider: its tasks, its rate limit, and the count of everything it was asked."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from octavia_simulator.orders import ALWAYS, Ending, Orders, Trouble, orders_of
from octavia_simulator.sender import Sender
from octavia_simulator.tasks import Task, Wish

MOST_TASKS = 100_000


@dataclass(frozen=True)
class Settings:
    """What the simulator is started with.

    Attributes:
        url: where it is reached; the addresses of results begin with it.
        api_key: the bearer token that is asked for; empty for any.
        webhook_key: signs call-backs; empty for no signature, as of an account that has not switched it on.
        seconds: from a task's create to its end.
        rate: most creates in `rate_seconds`, counted over a sliding window.
    """

    url: str
    api_key: str = ""
    webhook_key: str = ""
    seconds: float = 6.0
    rate: int = 20
    rate_seconds: float = 10.0


class TooManyTasksError(RuntimeError):
    """The simulator keeps everything in memory, and no more than MOST_TASKS."""


class Provider:
    """One account. Only its event loop touches it."""

    def __init__(self, settings: Settings, sender: Sender, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.defaults = Orders()
        self.tasks: dict[str, Task] = {}
        self.asked: Counter[str] = Counter()
        self._sender = sender
        self._clock = clock
        self._created: deque[float] = deque()
        self._most_in_window = 0
        self._troubles: Counter[tuple[str, ...]] = Counter()
        self._stories: dict[str, asyncio.Task[None]] = {}

    def now(self) -> float:
        """Unix seconds."""
        return self._clock()

    def orders(self, prompt: str) -> Orders:
        """What is ordered of a task with this prompt. Raises UnknownOrderError."""
        return orders_of(prompt, self.defaults)

    def admit(self) -> bool:
        """Take one of the creates that the rate allows; False where there is none."""
        now = self.now()
        while self._created and self._created[0] <= now - self.settings.rate_seconds:
            self._created.popleft()
        if len(self._created) >= self.settings.rate:
            return False
        self._created.append(now)
        self._most_in_window = max(self._most_in_window, len(self._created))
        return True

    def refusal(self, kind: str, subject: str, troubles: Iterable[Trouble]) -> int | None:
        """The code to refuse this request with, or None; each trouble's times are counted by subject."""
        for index, trouble in enumerate(troubles):
            if self.due((kind, subject, str(index)), trouble.times):
                return trouble.code
        return None

    def due(self, what: tuple[str, ...], times: int) -> bool:
        """Whether something that happens so many times has not yet happened so often; counts it."""
        if times != ALWAYS and self._troubles[what] >= times:
            return False
        self._troubles[what] += 1
        return True

    def create(
        self, shape: str, wish: Wish, orders: Orders, *, callback_url: str = "", request: Any = None
    ) -> Task:
        """Make a task, which from now on goes its way. Raises TooManyTasksError."""
        if len(self.tasks) >= MOST_TASKS:
            raise TooManyTasksError(f"{MOST_TASKS} tasks are kept; forget them by POST /simulator/reset.")
        now = self.now()
        seconds = self.settings.seconds if orders.seconds is None else orders.seconds
        endless = orders.manual or orders.ending is Ending.NEVER
        task = Task(
            id=uuid.uuid4().hex if shape == "kie" else f"video_{uuid.uuid4().hex}",
            shape=shape,
            wish=wish,
            orders=orders,
            created_at=now,
            ended_at=None if endless else now + seconds,
            ending=orders.ending,
            callback_url=callback_url,
            request=request or {},
        )
        self.tasks[task.id] = task
        self.asked["tasks made"] += 1
        self._tell(task)
        return task

    def end(self, task: Task, ending: Ending) -> None:
        """End a task now, and call back."""
        self._forget_story(task.id)
        task.end(ending, self.now())
        self._tell(task)

    def delete(self, task: Task) -> None:
        """Cancel a task; nobody is told."""
        self._forget_story(task.id)
        task.deleted = True

    def counts(self) -> dict[str, int]:
        """Everything it was asked and answered, by name."""
        return {**self.asked, "most creates in a window": self._most_in_window}

    async def reset(self) -> None:
        """Forget tasks, counts and orders."""
        await self.close()
        self.tasks.clear()
        self.asked.clear()
        self._troubles.clear()
        self._created.clear()
        self._most_in_window = 0
        self.defaults = Orders()

    async def close(self) -> None:
        """End what is under way."""
        stories = list(self._stories.values())
        self._stories.clear()
        for story in stories:
            story.cancel()
        await asyncio.gather(*stories, return_exceptions=True)

    def _tell(self, task: Task) -> None:
        if not task.callback_url:
            return
        story = asyncio.create_task(self._sender.tell(task, self.now), name=f"call-backs of {task.id}")
        self._stories[task.id] = story
        story.add_done_callback(
            lambda done: self._stories.pop(task.id, None) if self._stories.get(task.id) is done else None
        )

    def _forget_story(self, task_id: str) -> None:
        story = self._stories.pop(task_id, None)
        if story is not None:
            story.cancel()
