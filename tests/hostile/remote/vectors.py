"""Ways to make a server fetch from where it should not: URLs, names, redirects, contents.

`reaches` says that a fetcher without any guard does reach an inner address by it here: a test shows that too,
so that "nothing was reached" means something. The others are refused for how they are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

OUTSIDE = "93.184.216.34"
"""The one server outside; a public address, on an interface that leads nowhere else."""

OUTSIDE_V6 = "2606:2800:220:1::34"
OWN_PUBLIC = "93.184.216.99"
"""A public address of the machine under test itself."""

NAME_SERVER = "9.9.9.9"

INNER_V4 = """
    127.0.0.1 127.1.2.3 10.0.0.5 10.255.255.254 172.16.0.1 172.31.255.1 192.168.0.1 192.168.255.254
    169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 192.0.0.192 192.88.99.1 198.18.0.1
    198.19.255.1 192.0.2.1 198.51.100.1 203.0.113.1 168.63.129.16 240.0.0.1 0.0.0.0 93.184.216.99
""".split()
INNER_V6 = """
    ::1 fd00:ec2::254 fc00::1 fdff::1 fec0::1 100::1 2001:db8::1 2001::1 2001:10::1 2001:20::1
    2002:7f00:1:: 2002:a00:5::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:5 3fff::1 4000::1
    5f00::1 2606:2800:220:1:0:5efe:a00:5 2606:2800:220:1:200:5efe:a00:5 ::ffff:0:7f00:1 ::7f00:1
""".split()
MAPPED = ("::ffff:127.0.0.1", "::ffff:10.0.0.5", "::ffff:169.254.169.254", "::ffff:7f00:1")


@dataclass(frozen=True)
class Vector:
    """One attempt; `name` is unique."""

    name: str
    url: str
    reaches: bool = True


def redirect(url: str, code: int = 302) -> str:
    """A URL of the server outside that leads on."""
    return f"http://good.example/redirect/{code}?{quote(url, safe='')}"


def vectors() -> list[Vector]:
    """All of them."""
    found = [*_literals(), *_spellings(), *_ports(), *_schemes(), *_names(), *_redirects(), *_contents()]
    assert len({vector.name for vector in found}) == len(found)
    return found


def _literals() -> Iterator[Vector]:
    for address in INNER_V4:
        yield Vector(f"literal {address}", f"http://{address}/secret")
    for address in (*INNER_V6, *MAPPED):
        yield Vector(
            f"literal [{address}]", f"http://[{address}]/secret", reaches=not address.startswith("::ffff:0:")
        )
    yield Vector("literal, other port of TLS", "https://127.0.0.1/secret")


def _spellings() -> Iterator[Vector]:
    hosts = """
    2130706433 0x7f000001 017700000001 0x7f.0.0.1 0177.0.0.1 0177.0.0.01 127.1 127.0.1 0 0x0 00
    127.0.0.1. 127.0.0.01 0x7F.1 10.5 167772165 0xa9fea9fe 2852039166 0251.0376.0251.0376
    169.254.43518 4294967295 127.0.0.1%00.example 127。0。0。1 １２７.０.０.１ ①②⑦.⓪.⓪.① 127.0.0.1.0
    256.256.256.256 1.2.3 localhost LOCALHOST localhost. localhost.. ⓛocalhost loc\xadalhost
    foo.localhost metadata.google.internal printer.local intranet [::1%25lo] [::1%lo]
    [fe80::1%25inner0] [::] [0:0:0:0:0:0:0:1] [::127.0.0.1] [::ffff:127.1] [::1 ::1 [127.0.0.1]
    [v1.127.0.0.1]
    """.split()
    for host in hosts:
        yield Vector(f"spelled {host!r}", f"http://{host}/secret", reaches=False)
    for text in (
        "http://good.example@127.0.0.1/secret", "http://good.example:pass@127.0.0.1/secret",
        "http://127.0.0.1\\@good.example/secret", "http://good.example\\@127.0.0.1/secret",
        "http://127.0.0.1#@good.example/secret", "http://127.0.0.1?@good.example/secret",
        "http:///127.0.0.1/secret", "http:127.0.0.1/secret", "http:/127.0.0.1/secret", "//127.0.0.1/secret",
        "http://127.0.0.1\t/secret", "http://127.0.0.1\r\nHost: x/secret", "http://127.0.0.1\x00.example/secret",
        " http://127.0.0.1/secret", "http://good.example:80:80@127.0.0.1/", "http://good.example%2f@127.0.0.1/",
        "http://%31%32%37.0.0.1/secret", "http://good.example,127.0.0.1/", "http://good.example 127.0.0.1/",
        "http://good.example/secret HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /",
    ):  # fmt: skip
        yield Vector(f"text {text!r}", text, reaches=False)


def _ports() -> Iterator[Vector]:
    for port in (22, 25, 53, 2375, 5432, 6379, 8080, 9000, 9092, 9200, 11211, 0, 65536, 99999):
        reaches = port in (8080, 9000)
        yield Vector(f"port {port} inside", f"http://127.0.0.1:{port}/secret", reaches=reaches)
    yield Vector(
        "port of a server outside", "http://good.example:8080/redirect/302?http%3A%2F%2F10.0.0.5%2F", False
    )
    yield Vector("port without number", "http://127.0.0.1:/secret", reaches=False)
    yield Vector("port in other digits", "http://127.0.0.1:８０/secret", reaches=False)


def _schemes() -> Iterator[Vector]:
    for scheme in (
        "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1/secret", "gopher://127.0.0.1:6379/_INFO",
        "dict://127.0.0.1:11211/stat", "ldap://127.0.0.1/", "tftp://127.0.0.1/secret", "sftp://127.0.0.1/secret",
        "ws://127.0.0.1/secret", "jar:http://127.0.0.1!/secret", "data:video/mp4;base64,AAAA", "rtmp://127.0.0.1/live",
        "rtsp://127.0.0.1/live", "concat:http://127.0.0.1/a|b", "unix:///run/postgresql/.s.PGSQL.5432",
        "http+unix://%2frun%2fdocker.sock/info", "netdoc:///etc/passwd", "s3://octavia/users", "HTTPX://127.0.0.1/",
    ):  # fmt: skip
        yield Vector(f"scheme {scheme}", scheme, reaches=False)


NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "good.example": ((OUTSIDE, OUTSIDE_V6),),
    "four.example": ((OUTSIDE,),),
    "loop.example": (("127.0.0.1",),),
    "ten.example": (("10.0.0.5",),),
    "metadata.example": (("169.254.169.254",),),
    "zero.example": (("0.0.0.0",),),
    "own.example": ((OWN_PUBLIC,),),
    "six.example": (("::1",),),
    "ula.example": (("fd00:ec2::254",),),
    "mapped.example": (("::ffff:127.0.0.1",),),
    "nat64.example": (("64:ff9b::7f00:1",),),
    "sixtofour.example": (("2002:7f00:1::",),),
    "mixed.example": ((OUTSIDE, "127.0.0.1"),),
    "mixed-six.example": ((OUTSIDE, "fd00:ec2::254"),),
    "last.example": ((*(f"93.184.216.{n}" for n in range(35, 60)), "10.0.0.5"),),
    "alias.example": (("CNAME ten.example",),),
    "chain.example": (("CNAME alias.example",),),
    "rebind.example": ((OUTSIDE,), ("127.0.0.1",)),
    "rebind-six.example": ((OUTSIDE_V6,), ("::1",)),
    "flip.example": (("10.0.0.5",), (OUTSIDE,)),
    "xn--bcher-kva.example": (("127.0.0.1",),),
    "many.example": (tuple(f"93.184.{n // 200}.{n % 200 + 1}" for n in range(70)),),
}
"""What the name server says: at each asking the next tuple, the last one for ever. Names it does not know do
not exist; `hosts.example` stands in the machine's own /etc/hosts."""


def _names() -> Iterator[Vector]:
    for (
        name
    ) in "loop ten metadata zero own six ula mapped nat64 sixtofour mixed mixed-six alias chain flip".split():
        yield Vector(f"name {name}", f"http://{name}.example/secret", reaches=not name.startswith("mixed"))
    yield Vector("name last of many", "http://last.example/secret", reaches=False)
    yield Vector("name of too many", "http://many.example/secret", reaches=False)
    yield Vector("name, upper case", "http://TEN.EXAMPLE/secret")
    yield Vector("name, last dot", "http://ten.example./secret")
    yield Vector("name, two last dots", "http://ten.example../secret", reaches=False)
    yield Vector("name of other letters", "http://bücher.example/secret")
    yield Vector("name in the hosts file", "http://hosts.example/secret", reaches=False)
    yield Vector("name completed by the search list", "http://ten/secret", reaches=False)
    yield Vector("name that does not exist", "http://nothing.example/secret", reaches=False)
    yield Vector(
        "name rebound at a redirect",
        "http://rebind.example/redirect/302?http%3A%2F%2Frebind.example%2Fsecret",
    )
    yield Vector("name rebound at a redirect, IPv6", "http://rebind-six.example/redirect/307?%2Fsecret")


def _redirects() -> Iterator[Vector]:
    for address in ("127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.0.1", "0.0.0.0", OWN_PUBLIC):
        yield Vector(f"redirect to {address}", redirect(f"http://{address}/secret"))
    for address in ("::1", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1"):
        yield Vector(f"redirect to [{address}]", redirect(f"http://[{address}]/secret"))
    for code in (301, 303, 307, 308):
        yield Vector(f"redirect {code}", redirect("http://10.0.0.5/secret", code))
    yield Vector("redirect to a name", redirect("http://ten.example/secret"))
    yield Vector("redirect twice", redirect(redirect("http://10.0.0.5/secret")))
    yield Vector(
        "redirect five times", redirect(redirect(redirect(redirect(redirect("http://10.0.0.5/secret")))))
    )
    yield Vector("redirect without a scheme", redirect("//10.0.0.5/secret"))
    yield Vector("redirect to a port", redirect("http://10.0.0.5:8080/secret"))
    yield Vector("redirect to TLS", redirect("https://10.0.0.5/secret"))
    for text in ("file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "http://good.example@127.0.0.1/",
                 "http://2130706433/secret", "http://0x7f.1/secret", "http://127.1/secret", "http:127.0.0.1",
                 "http://127.0.0.1\\@good.example/", "\\\\127.0.0.1\\secret", "http://localhost/", "http://[::1%25lo]/",
                 "http://１２７.0.0.1/"):  # fmt: skip
        yield Vector(f"redirect {text!r}", redirect(text), reaches=False)
    yield Vector("redirect without an end", "http://good.example/loop", reaches=False)
    yield Vector("redirect header twice", "http://good.example/twice", reaches=False)
    yield Vector("refresh header", "http://good.example/refresh", reaches=False)


def _contents() -> Iterator[Vector]:
    for kind in ("hls", "hls-typed", "concat", "dash", "m3u", "sdp", "reference", "page", "smil"):
        yield Vector(f"content {kind}", f"http://good.example/content/{kind}", reaches=False)
    for kind in (
        "link",
        "alt-svc",
        "early-hints",
        "upgrade",
        "auth",
        "proxy-auth",
        "not-modified",
        "location-200",
    ):
        yield Vector(f"answer {kind}", f"http://good.example/answer/{kind}", reaches=False)
