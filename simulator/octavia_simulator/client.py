"""The control of a running simulator, for tests and benchmarks: one method a route."""

from typing import Any, Self

import httpx

from octavia_simulator.orders import Ending, Hook, Orders


class SimulatorControl:
    """Talks to `/simulator`. Raises httpx.HTTPStatusError where an order is not understood."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)

    def counts(self) -> dict[str, int]:
        """How often it was asked what; what never happened is not in it."""
        counts: dict[str, int] = self._call("GET", "counts")
        return counts

    def tasks(self) -> list[dict[str, Any]]:
        """Every task, oldest first."""
        tasks: list[dict[str, Any]] = self._call("GET", "tasks")
        return tasks

    def tasks_of(self, words: str) -> list[dict[str, Any]]:
        """The tasks whose prompt has these words in it."""
        return [task for task in self.tasks() if words in task["prompt"]]

    def order(self, orders: Orders | None = None) -> None:
        """Order this of every task from now on; None for nothing."""
        self._call("PUT", "orders", (orders or Orders()).model_dump(mode="json"))

    def end(self, *tasks: str, ending: Ending = Ending.SUCCESS) -> int:
        """End these tasks now, or all where none is named; how many it were."""
        ended: int = self._call("POST", "end", {"ending": ending, "tasks": tasks or None})["ended"]
        return ended

    def call_back(self, task: str, hook: Hook = Hook.HONEST) -> list[dict[str, Any]]:
        """Send a call-back of a task now; what was answered."""
        sent: list[dict[str, Any]] = self._call("POST", "callback", {"task": task, "hook": hook})
        return sent

    def reset(self) -> None:
        """Forget tasks, counts and orders."""
        self._call("POST", "reset")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        options = {} if body is None else {"json": body}
        answer = self._http.request(method, f"/simulator/{path}", **options)
        answer.raise_for_status()
        return answer.json()
