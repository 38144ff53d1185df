"""Signed addresses (AWS Signature Version 4 in the query string), with more than the host signed.

minio's own signs the host alone. Signing the length too means that the holder of an address can put
exactly the bytes that were agreed on, and not the 5 GiB that S3 would let him put.
Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, quote, urlunsplit

LONGEST = timedelta(days=7)
"""The longest life of an address that S3 takes."""


def signed_address(
    method: str,
    url: SplitResult,
    *,
    access_key: str,
    secret_key: str,
    region: str,
    expires: timedelta,
    headers: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> str:
    """`url`, whose path and query are encoded already, signed for `method` until `expires` is over.

    `headers` are signed beside the host: who uses the address must send them as they are.
    Raises ValueError where `expires` is not 1 s to 7 days.
    """
    if not timedelta(seconds=1) <= expires <= LONGEST:
        raise ValueError("an address lives from 1 second to 7 days")
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    signed = {"host": url.netloc, **{name.lower(): value for name, value in (headers or {}).items()}}
    names = ";".join(sorted(signed))
    terms = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{access_key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(int(expires.total_seconds())),
        "X-Amz-SignedHeaders": names,
    }
    pairs = [*url.query.split("&")] if url.query else []
    pairs += [f"{_encoded(name)}={_encoded(value)}" for name, value in terms.items()]
    query = "&".join(sorted(pairs))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = f"{method}\n{url.path or '/'}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return urlunsplit(url._replace(query=f"{query}&X-Amz-Signature={signature}"))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
