"""Signed addresses, beside the example that AWS publishes."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from octavia_common.artifacts.signing import signed_address

KEY = {"access_key": "AKIAIOSFODNN7EXAMPLE", "region": "us-east-1"}
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
URL = urlsplit("https://examplebucket.s3.amazonaws.com/test.txt")
NOW = datetime(2013, 5, 24, tzinfo=UTC)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_the_published_example() -> None:
    """AWS, "Authenticating Requests: Using Query Parameters", example of a GET that lives a day."""
    address = signed_address("GET", URL, secret_key=SECRET, expires=timedelta(days=1), now=NOW, **KEY)
    assert address.startswith("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=")
    found = query_of(address)
    assert found["X-Amz-Signature"] == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert found["X-Amz-Credential"] == "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"


def test_a_signed_header_is_named_and_changes_the_signature() -> None:
    one, two = (
        query_of(
            signed_address(
                "PUT",
                URL._replace(query="uploadId=a&partNumber=1"),
                secret_key=SECRET,
                expires=timedelta(hours=1),
                headers={"Content-Length": length},
                now=NOW,
                **KEY,
            )
        )
        for length in ("10", "11")
    )
    assert one["X-Amz-SignedHeaders"] == "content-length;host"
    assert (one["partNumber"], one["uploadId"]) == ("1", "a")
    assert one["X-Amz-Signature"] != two["X-Amz-Signature"]


@pytest.mark.parametrize("life", [timedelta(0), timedelta(days=8)])
def test_a_life_that_s3_does_not_take(life: timedelta) -> None:
    with pytest.raises(ValueError, match="7 days"):
        signed_address("GET", URL, secret_key=SECRET, expires=life, **KEY)
