"""URLs of strangers, taken apart once and strictly: what two programs could read in two ways is refused.

Everything that connects afterwards uses the parts found here, never the text again.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

import idna

from octavia_common.remote.addresses import Address
from octavia_common.remote.errors import ForbiddenAddressError, InvalidUrlError

LONGEST_URL = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?")
_V6 = re.compile(r"\[(?P<host>[0-9A-Fa-f:.]+)\](?P<port>:\d{0,5})?", re.ASCII)
_NAMED = re.compile(r"(?P<host>[^:\[\]]+)(?P<port>:\d{0,5})?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]|\s")
_INTERNAL = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion")
"""Names that never are a public server's (RFC 6761, 6762, 8375, 9476 and custom)."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads. `host` is a name in ASCII without its last dot, or an address in its usual form."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def authority(self) -> str:
        """Host and port as a request names them (RFC 9112, 3.2)."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole in its usual form."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold a secret."""
        return self.url.partition("?")[0]


def parse_target(url: str, ports: Collection[int]) -> Target:
    """Where `url` leads; only `ports` may be named.

    Raises:
        InvalidUrlError: it is not http(s), has credentials, or may be read in more than one way.
        ForbiddenAddressError: its host's name is one of private networks.
    """
    if len(url) > LONGEST_URL:
        raise InvalidUrlError(f"it has more than {LONGEST_URL} characters")
    if _UNSAFE.search(url):
        raise InvalidUrlError("it has blanks, control characters or backslashes")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise InvalidUrlError("it is not of the form https://name/path")
    scheme = parts["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise InvalidUrlError("only http and https are fetched")
    if "@" in parts["authority"]:
        raise InvalidUrlError("it holds a user name or password")
    host, address, port = _authority(parts["authority"], DEFAULT_PORTS[scheme])
    if port not in ports:
        raise InvalidUrlError(f"port {port} is not among those that are fetched from")
    return Target(scheme, host, port, _path(parts["rest"]), address)


def follow(target: Target, location: str, ports: Collection[int]) -> Target:
    """Where a redirect of `target` leads: as `parse_target`, and relative to it where it is not whole."""
    if len(location) > LONGEST_URL or _UNSAFE.search(location):
        raise InvalidUrlError("it leads on to an address that is not valid")
    return parse_target(urljoin(target.url, location), ports)


def _authority(text: str, default_port: int) -> tuple[str, Address | None, int]:
    bracketed = _V6.fullmatch(text)
    found = bracketed or _NAMED.fullmatch(text)
    if found is None:
        raise InvalidUrlError("its host cannot be read")
    digits = (found["port"] or "").removeprefix(":")
    port = int(digits) if digits else default_port
    if bracketed:
        try:
            six = IPv6Address(found["host"])
        except AddressValueError:
            raise InvalidUrlError("its address is not valid") from None
        return str(six), six, port
    host = _name(found["host"])
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # What ends in a number is an address (WHATWG URL, 3.5), and has one way to be written here:
        # others would make 2130706433, 0x7f.1 or 017700000001 of it.
        try:
            four = IPv4Address(host)
        except AddressValueError:
            raise InvalidUrlError("its address is not written as four numbers") from None
        return str(four), four, port
    return host, None, port


def _name(raw: str) -> str:
    """A name in ASCII, in lower case, without its last dot; letters that look alike become the plain ones."""
    if "%" in raw:
        raise InvalidUrlError("its host cannot be read")
    try:
        name = idna.encode(raw, uts46=True, std3_rules=True).decode("ascii").lower()
    except idna.IDNAError:
        raise InvalidUrlError("its host's name is not valid") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrlError("its host's name is not valid")
    if not _NUMBER.fullmatch(labels[-1]) and (
        # A name of one part is completed by the machine's search list.
        len(labels) == 1 or any(name == end or name.endswith(f".{end}") for end in _INTERNAL)
    ):
        raise ForbiddenAddressError
    return name


def _path(rest: str) -> str:
    path = quote(rest, safe="/?:@!$&'()*+,;=-._~%[]")
    return path if path.startswith("/") else f"/{path}"
