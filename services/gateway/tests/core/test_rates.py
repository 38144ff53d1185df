"""Rates as settings write them and clients are told."""

import pytest
from octavia_gateway.rate_limits.http import _network
from octavia_gateway.rate_limits.rates import LimitState, Rate
from octavia_gateway.settings import GatewaySettings


def test_a_rate_is_read_from_a_setting() -> None:
    assert Rate.parse("default", "3000/minute") == Rate("default", 3000, 60)
    assert Rate.parse("default", " 5 / second ").interval == 0.2
    assert Rate.parse("logins", "30/minute").lease == 1
    assert Rate.parse("default", "3000/minute").lease == 60


@pytest.mark.parametrize("text", ["3", "0/minute", "-3/minute", "3/fortnight", "3/minute/x", "1e3/second"])
def test_what_is_no_rate_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 30/minute"):
        GatewaySettings(rate_limit_logins=text)


def test_headers_tell_what_is_left() -> None:
    headers = LimitState(Rate("default", 100, 60), 7, 55.8).headers()
    assert headers["RateLimit-Policy"] == '"default";q=100;w=60'
    assert headers["RateLimit"] == '"default";r=7;t=56'
    assert headers["RateLimit-Remaining"] == "7"


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 64),
    ],
)
def test_an_ipv6_network_counts_as_one_caller(host: str, network: str) -> None:
    assert _network(host) == network
