"""The signature of a call-back, as the reference gives it."""

import base64
import hmac

TIMESTAMP_HEADER = "X-Webhook-Timestamp"
SIGNATURE_HEADER = "X-Webhook-Signature"


def signature(task_id: str, timestamp: int, key: str) -> str:
    """base64(HMAC-SHA256(taskId + "." + timestamp, key)); `timestamp` in seconds. The body is not covered."""
    message = f"{task_id}.{timestamp}".encode()
    return base64.b64encode(hmac.digest(key.encode(), message, "sha256")).decode()
