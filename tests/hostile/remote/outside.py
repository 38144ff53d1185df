"""The internet of the test, in a network namespace of its own: one name server and one web server.

Run by `inside.py`, which joins the two by a pair of interfaces. Says "ready" when its namespace is there,
waits for a line, configures its end and says "serving".
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).parent))

import names
import vectors

INNER = "http://10.0.0.5/secret"
SDP = "v=0\no=- 0 0 IN IP4 10.0.0.5\ns=x\nc=IN IP4 10.0.0.5\nt=0 0\nm=video 5004 RTP/AVP 96\n"
CONTENTS = {
    "hls": ("video/mp4", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{INNER}\n#EXT-X-ENDLIST\n"),
    "hls-typed": ("application/vnd.apple.mpegurl", f"#EXTM3U\n#EXTINF:9,\n{INNER}\n"),
    "concat": ("video/mp4", f"ffconcat version 1.0\nfile '{INNER}'\n"),
    "dash": ("video/mp4", f'<?xml version="1.0"?><MPD><Period><BaseURL>{INNER}</BaseURL></Period></MPD>'),
    "m3u": ("audio/mpeg", f"{INNER}\n"),
    "sdp": ("video/mp4", SDP),
    "reference": ("video/x-ms-wmv", f"[Reference]\nRef1={INNER}\n"),
    "page": ("text/html; charset=utf-8", f'<meta http-equiv="refresh" content="0;url={INNER}">'),
    "smil": ("video/mp4", f'<smil><body><video src="{INNER}"/></body></smil>'),
}
ANSWERS = {
    "link": f"200 OK\r\nLink: <{INNER}>; rel=preload",
    "alt-svc": '200 OK\r\nAlt-Svc: h2="10.0.0.5:80"; ma=86400',
    "early-hints": f"103 Early Hints\r\nLocation: {INNER}\r\n\r\nHTTP/1.1 200 OK",
    "upgrade": "101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade",
    "auth": f"401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nLocation: {INNER}",
    "proxy-auth": f"305 Use Proxy\r\nLocation: {INNER}",
    "not-modified": f"304 Not Modified\r\nLocation: {INNER}",
    "location-200": f"200 OK\r\nLocation: {INNER}\r\nContent-Location: {INNER}",
}


def answer(path: str, video: bytes) -> bytes:
    """What the web server says."""
    what, _, more = path.lstrip("/").partition("/")
    if what == "file.mp4":
        return _said("200 OK\r\nContent-Type: video/mp4", video)
    if what == "redirect":
        code, _, target = more.partition("?")
        return _said(f"{code} Elsewhere\r\nLocation: {unquote(target)}", b"")
    if what == "loop":
        return _said("302 Found\r\nLocation: /loop", b"")
    if what == "twice":
        return _said(f"302 Found\r\nLocation: /file.mp4\r\nLocation: {INNER}\r\nURI: {INNER}", b"")
    if what == "refresh":
        return _said(f"200 OK\r\nRefresh: 0; url={INNER}", b"no media")
    if what == "content":
        media_type, text = CONTENTS[more]
        return _said(f"200 OK\r\nContent-Type: {media_type}", text.encode())
    if what == "answer":
        return _said(ANSWERS[more], b"no media")
    return _said("404 Not Found", b"")


def _said(head: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def configure() -> None:
    ip("link", "set", "lo", "up")
    ip("addr", "add", "10.99.0.2/30", "dev", "out1")
    ip("-6", "addr", "add", "fd99::2/64", "dev", "out1", "nodad")
    ip("link", "set", "out1", "up")
    for network in ("93.184.0.0/16", f"{vectors.NAME_SERVER}/32"):
        ip("route", "add", "local", network, "dev", "lo")
    ip("-6", "route", "add", "local", f"{vectors.OUTSIDE_V6}/128", "dev", "lo")


async def main(video: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(head.split(b" ")[1].decode(), video))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await names.serve(vectors.NAME_SERVER, vectors.NAMES)
    for port in (80, 8080):
        await asyncio.start_server(talk, "::", port)
        await asyncio.start_server(talk, "0.0.0.0", port)
    print("serving", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        server.forget()
        print("forgotten", flush=True)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    configure()
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
