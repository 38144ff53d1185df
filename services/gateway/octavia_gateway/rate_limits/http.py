"""Limits over HTTP: who counts as one caller, and the headers that tell what is left."""

from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from octavia_gateway.rate_limits.rates import LimitState

STATE_KEY = "octavia.rate_limit"

_IPV6_NETWORK = 128 - 64
"""Whoever has one IPv6 address has the 2**64 of its network (RFC 6177), so those count as one."""


def address_of(connection: HTTPConnection) -> str:
    """The caller's address, for counting. Behind trusted proxies the server has put the true one here."""
    return f"address:{_network(connection.client.host)}" if connection.client else "address:unknown"


def _network(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _IPV6_NETWORK << _IPV6_NETWORK)) + "/64"


def remember(connection: HTTPConnection, state: LimitState) -> None:
    """Have the response carry the limit's headers."""
    connection.scope[STATE_KEY] = state.headers()
