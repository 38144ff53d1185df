"""The token in the address that a provider calls back: whose video it is, and that nobody guessed it.

It needs no table: any replica of the gateway reads it, and videogen makes it.
"""

import base64
import binascii
import hmac
from uuid import UUID

_PURPOSE = b"octavia video callback|"
_MAC_BYTES = 16


def callback_token(secret: str, hold_id: UUID) -> str:
    """The token of one run of a video, 43 letters that are safe in an address."""
    return base64.urlsafe_b64encode(hold_id.bytes + _mac(secret, hold_id)).rstrip(b"=").decode()


def hold_of_token(secret: str, token: str) -> UUID | None:
    """The run that a token was made for, or None where it was not made with `secret`. Constant time."""
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(raw) != 16 + _MAC_BYTES:
        return None
    hold_id = UUID(bytes=raw[:16])
    return hold_id if hmac.compare_digest(raw[16:], _mac(secret, hold_id)) else None


def _mac(secret: str, hold_id: UUID) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE + hold_id.bytes, "sha256")[:_MAC_BYTES]
