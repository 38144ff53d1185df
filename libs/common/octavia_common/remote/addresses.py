"""Which addresses are strangers' servers on the public internet, and which are not.

A list of what is permitted, not of what is forbidden: what no registry says to be public is refused.
Sources: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890, 8190), multicast (RFC 5771),
and the addresses that clouds keep for themselves within public space.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network"; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; metadata of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own services
        "169.254.0.0/16",  # link-local: metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; metadata of Oracle Cloud
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the IPv4 internet as machines without IPv4 see it; judged by the address within."""

_ISATAP = 0x0000_5EFE
_ISATAP_MASK = 0xFDFF_FFFF
"""RFC 5214: an interface of this kind ends in an IPv4 address."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and no other address in disguise."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if (int(address) >> 32) & _ISATAP_MASK == _ISATAP:
        return False
    return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def is_own(address: Address) -> bool:
    """Whether an address is one of this machine's: a service that trusts the machine may listen there.

    To reach itself a machine sends from the very address it sends to. A datagram socket is asked which it
    would be, and sends nothing.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((str(address), 9))
            return ip_address(asked.getsockname()[0]) == address
    except OSError:  # no way leads there
        return False


class AddressPolicy:
    """What may be connected to: the public internet, and networks that the operator names.

    `own` says whether an address is the machine's; it is a parameter for tests.
    """

    def __init__(self, allowed: Sequence[Network] = (), own: Callable[[Address], bool] = is_own) -> None:
        self._allowed = tuple(allowed)
        self._own = own

    def permits(self, address: Address) -> bool:
        """Whether the address may be connected to."""
        if any(address in network for network in self._allowed if network.version == address.version):
            return True
        return is_public(address) and not self._own(_within(address))


def _within(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
