"""The public page of a video: plain HTML from the server, no scripts, nothing from elsewhere."""

import base64
import hashlib
from html import escape
from urllib.parse import quote

from octavia_gateway import messages
from octavia_gateway.messages import Language
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.run import Clip

LONGEST_TITLE = 90

STYLE = """
:root { color-scheme: light dark;
  --bg: #f6f6f9; --text: #17181d; --muted: #565966; --accent: #5443d6; --on: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #0f1014; --text: #ececf1; --muted: #a6a9b6; --accent: #a79bff; --on: #14121f; }
}
body { background: var(--bg); color: var(--text); margin: 0 auto; max-width: 60rem;
  padding: 1.5rem 1rem 3rem; }
video { background: #000; border-radius: .875rem; display: block; max-height: 75vh; width: 100%; }
h1 { font-size: 1.375rem; font-weight: 650; letter-spacing: -.015em; line-height: 1.25;
  margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
p { color: var(--muted); margin: .25rem 0 1.25rem; }
a { background: var(--accent); border-radius: .625rem; color: var(--on); display: inline-block;
  font-weight: 600; padding: .5rem 1rem; text-decoration: none; }
a:focus-visible, video:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
""".strip()

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy(clip: Clip | None) -> str:
    """The page's Content-Security-Policy: its own style and media, and the provider's where it keeps them."""
    media = "'self' https: http:" if clip is not None and clip.kept_by_provider else "'self'"
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; media-src {media}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def title_of(prompt: str) -> str:
    """The prompt's beginning, on one line."""
    line = " ".join(prompt.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def render(video: Video, clip: Clip, token: str, public_url: str, language: Language) -> str:
    """The page of a shared video."""
    path = f"/s/{quote(token)}"
    whole = f"{public_url}{path}"
    title = title_of(video.prompt)
    line = messages.words("share_line", language).format(seconds=round(clip.duration_seconds))
    meta = {
        "og:type": "video.other",
        "og:site_name": "Octavia",
        "og:title": title,
        "og:description": line,
        "og:url": whole,
        "og:video": f"{whole}/video",
        "og:video:type": "video/mp4",
        "og:video:width": str(clip.width),
        "og:video:height": str(clip.height),
    }
    if clip.poster is not None:
        meta |= {"og:image": f"{whole}/poster", "og:image:type": clip.poster.media_type}
    tags = "\n".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in meta.items())
    card = "summary_large_image" if clip.poster is not None else "summary"
    poster = f' poster="{path}/poster"' if clip.poster is not None else ""
    return _page(
        title,
        language,
        f'{tags}\n<meta name="twitter:card" content="{card}">\n<meta name="robots" content="noindex">',
        f'<video controls playsinline preload="metadata" src="{path}/video"{poster}></video>\n'
        f"<h1>{escape(title)}</h1>\n<p>{escape(line)}</p>\n"
        f'<p><a href="{path}/download">{escape(messages.words("share_download", language))}</a></p>',
    )


def render_missing(language: Language) -> str:
    """The page where nothing is shared."""
    text = messages.words("share_missing", language)
    return _page(text, language, '<meta name="robots" content="noindex">', f"<h1>{escape(text)}</h1>")


def _page(title: str, language: Language, head: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n{head}\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
