"""What a call-back looks like on the wire, honest and otherwise."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from octavia_simulator.orders import Hook
from octavia_simulator.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from octavia_simulator.tasks import State

STALE_SECONDS = 600
_HUGE_BYTES = 8 * 1024 * 1024
_FORGED_ADDRESS = "http://forged.invalid/another.mp4"


@dataclass(frozen=True)
class Letter:
    """One POST."""

    url: str
    headers: dict[str, str]
    body: bytes


def letters(hook: Hook, url: str, record: dict[str, Any], key: str, now: int) -> list[Letter]:
    """What is sent for `hook`, given the record as it stands; signed where there is a `key`."""
    task_id = str(record["taskId"])
    match hook:
        case Hook.HONEST | Hook.DUPLICATE:
            return [_letter(url, task_id, record, key, now)]
        case Hook.UNSIGNED:
            return [_letter(url, task_id, record, "", now)]
        case Hook.WRONG_SIGNATURE:
            return [_letter(url, task_id, record, f"not {key}", now)]
        case Hook.STALE:
            return [_letter(url, task_id, record, key, now - STALE_SECONDS)]
        case Hook.WRONG_TOKEN:
            base, _, token = url.rpartition("/")
            return [_letter(f"{base}/{token[::-1]}", task_id, record, key, now)]
        case Hook.FORGED_SUCCESS:
            result = json.dumps({"resultUrls": [_FORGED_ADDRESS]})
            return [_letter(url, task_id, {**record, "state": "success", "resultJson": result}, key, now)]
        case Hook.FORGED_FAIL:
            wrong = {"state": "fail", "failCode": "500", "failMsg": "forged"}
            return [_letter(url, task_id, {**record, **wrong}, key, now)]
        case Hook.FORGED_TASK:
            other = uuid.uuid4().hex
            return [_letter(url, other, {**record, "taskId": other}, key, now)]
        case Hook.TWO_IDS:
            return [_letter(url, task_id, {**record, "task_id": uuid.uuid4().hex}, key, now)]
        case Hook.SNAKE_CASE:
            renamed = {name: value for name, value in record.items() if name != "taskId"}
            return [_letter(url, task_id, {**renamed, "task_id": task_id}, key, now)]
        case Hook.HUGE:
            return [_letter(url, task_id, {**record, "param": "x" * _HUGE_BYTES}, key, now)]
        case Hook.WRONG_TYPE:
            honest = _letter(url, task_id, record, key, now)
            return [Letter(url, {**honest.headers, "Content-Type": "text/html"}, honest.body)]
        case Hook.NOT_JSON:
            honest = _letter(url, task_id, record, key, now)
            return [Letter(url, honest.headers, b"<html>success</html>")]
        case Hook.EARLIER_STATES:
            states = (State.GENERATING, State.WAITING)
            return [_letter(url, task_id, _before(record, state), key, now) for state in states]


def _before(record: dict[str, Any], state: State) -> dict[str, Any]:
    return {**record, "state": state.value, "resultJson": "", "completeTime": None}


def _letter(url: str, signed_id: str, record: dict[str, Any], key: str, timestamp: int) -> Letter:
    failed = record["state"] == State.FAIL
    body = {
        "code": 501 if failed else 200,
        "data": record,
        "msg": "Playground task failed." if failed else "Playground task completed successfully.",
    }
    headers = {"Content-Type": "application/json"}
    if key:
        headers[TIMESTAMP_HEADER] = str(timestamp)
        headers[SIGNATURE_HEADER] = signature(signed_id, timestamp, key)
    return Letter(url, headers, json.dumps(body).encode())
