"""What a provider's call-back says, and whether it may say anything: pure.

A call-back is a hint. Nothing in it is believed; it only makes videogen look at the provider's own record. So
what has to be kept out is floods and guesses, not lies.
"""

import base64
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from octavia_common.callbacks import hold_of_token
from octavia_common.events import VideoCallbackReceived

from octavia_gateway.problems import ApiError

TOLERANCE_SECONDS = 300
"""How far a signature's timestamp may be from our clock (Kie's documents)."""

STATES = frozenset({"waiting", "queuing", "generating", "success", "fail"})
"""Kie's states; what else is said counts as nothing said."""

_TASK_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refusal(StrEnum):
    """Why a call-back was refused; the metric's label."""

    CLOSED = "closed"
    TOKEN = "token"  # noqa: S105 - a word
    TYPE = "type"
    SIZE = "size"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    STALE = "stale"


class CallbackError(ApiError):
    """Base of what a call-back is refused with."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class CallbackUnknownError(CallbackError):
    """Nobody is called back here."""

    status = 404
    code = "callback_unknown"


class CallbackUnsignedError(CallbackError):
    """It is not signed, or not by whom it says."""

    status = 401
    code = "callback_unsigned"


class CallbackTypeError(CallbackError):
    """It is no JSON."""

    status = 415
    code = "callback_type"


class CallbackMalformedError(CallbackError):
    """It cannot be understood."""

    status = 422
    code = "callback_malformed"


@dataclass(frozen=True)
class CallbackKeys:
    """What call-backs are checked with; empty where there is none."""

    token_secret: str
    webhook_key: str

    def hold_of(self, token: str | None) -> UUID | None:
        """Whose run the address names; None where it names none, and the signature alone must do.

        Raises CallbackUnknownError (404).
        """
        if token is None:
            if not self.webhook_key:
                raise CallbackUnknownError(Refusal.CLOSED, "Call-backs come to an address of their own.")
            return None
        if not self.token_secret:
            raise CallbackUnknownError(Refusal.CLOSED, "No call-backs are expected here.")
        hold_id = hold_of_token(self.token_secret, token)
        if hold_id is None:
            raise CallbackUnknownError(Refusal.TOKEN, "There is no such address.")
        return hold_id

    def check_signature(self, task_id: str | None, headers: Mapping[str, str], now: float) -> None:
        """base64(HMAC-SHA256(taskId + "." + timestamp, key)), where a key is set; `now` in Unix seconds.

        Raises CallbackUnsignedError (401).
        """
        if not self.webhook_key:
            return
        timestamp = headers.get("x-webhook-timestamp", "").strip()
        signature = headers.get("x-webhook-signature", "").strip()
        if task_id is None or not signature or not _TIMESTAMP.fullmatch(timestamp):
            raise CallbackUnsignedError(Refusal.UNSIGNED, "The call-back is not signed.")
        digest = hmac.digest(self.webhook_key.encode(), f"{task_id}.{timestamp}".encode(), "sha256")
        if not hmac.compare_digest(base64.b64encode(digest), signature.encode(errors="replace")):
            raise CallbackUnsignedError(Refusal.SIGNATURE, "The signature is not right.")
        if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
            raise CallbackUnsignedError(Refusal.STALE, "The signature is too old.")


def check_type(content_type: str | None) -> None:
    """Raises CallbackTypeError (415) for what is no JSON."""
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise CallbackTypeError(Refusal.TYPE, "A call-back is application/json.")


def read_hint(body: bytes, hold_id: UUID | None) -> VideoCallbackReceived:
    """What the body names: its task, by either spelling, and the state it claims.

    Raises CallbackMalformedError (422), also where two spellings differ.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _malformed("The body is not JSON.") from None
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise _malformed("The body has no object `data`.")
    task_id = _task_id(data)
    if task_id is None and hold_id is None:
        raise _malformed("The body names no task.")
    state = data.get("state")
    known = isinstance(state, str) and state in STATES
    return VideoCallbackReceived(hold_id=hold_id, task_id=task_id, state=str(state) if known else "")


def _task_id(data: dict[str, Any]) -> str | None:
    named = [data[name] for name in ("taskId", "task_id") if data.get(name) is not None]
    if not named:
        return None
    first = named[0]
    if not isinstance(first, str) or not _TASK_ID.fullmatch(first):
        raise _malformed("The task's id is not one.")
    if any(other != first for other in named):
        raise _malformed("The body names two tasks.")
    return first


def _malformed(message: str) -> CallbackMalformedError:
    return CallbackMalformedError(Refusal.MALFORMED, message)
