"""The record of a task in Kie's words, as `recordInfo` and call-backs carry it."""

import json
from typing import Any

from octavia_simulator.orders import Result
from octavia_simulator.tasks import State, Task

CREDITS = 55
"""What a task is said to have cost; any number does."""


def record_of(task: Task, now: float, base_url: str) -> dict[str, Any]:
    """The record at a moment, Unix seconds; its times are milliseconds, as Kie's are."""
    state = task.state(now)
    record: dict[str, Any] = {
        "taskId": task.id,
        "model": task.wish.model,
        "state": state.value,
        "param": json.dumps(task.request),
        "resultJson": "",
        "failCode": None,
        "failMsg": None,
        "costTime": None,
        "completeTime": None,
        "createTime": int(task.created_at * 1000),
    }
    if task.orders.figure:
        record["progress"] = task.percent(now)
    if state.ended and task.ended_at is not None:
        record["completeTime"] = int(task.ended_at * 1000)
        record["costTime"] = int((task.ended_at - task.created_at) * 1000)
    if state is State.SUCCESS:
        record["resultJson"] = _result(task, base_url)
        record["creditsConsumed"] = CREDITS
    elif state is State.FAIL:
        record["failCode"], record["failMsg"] = task.orders.fail_code, task.orders.fail_reason
    return record


def _result(task: Task, base_url: str) -> str:
    match task.orders.result:
        case Result.MISSING:
            return json.dumps({"resultObject": {}})
        case Result.EMPTY:
            return json.dumps({"resultUrls": []})
        case Result.UNREADABLE:
            return '{"resultUrls": ["http'
        case _:
            return json.dumps({"resultUrls": [f"{base_url}/results/{task.id}.mp4"]})
