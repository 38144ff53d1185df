"""File names of strangers: made harmless on the way in, spelled for every client on the way out."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST_NAME_BYTES = 255
"""What file systems take (NAME_MAX of Linux); counted in UTF-8."""

LONGEST_SUFFIX_CHARS = 16
FALLBACK = "upload"
_BAD_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""Formatting marks that Persian, Indic scripts and emoji cannot be spelled without."""

SUFFIXES = {
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/x-matroska": (".mkv",),
    "video/matroska": (".mkv",),
    "video/webm": (".webm",),
    "video/mp2t": (".ts", ".m2ts", ".mts"),
    "video/x-msvideo": (".avi",),
    "audio/mp4": (".m4a", ".mp4"),
    "audio/mpeg": (".mp3",),
    "audio/flac": (".flac",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/wav": (".wav",),
    "audio/x-wav": (".wav",),
    "application/x-subrip": (".srt",),
    "text/vtt": (".vtt",),
    "text/x-ssa": (".ass", ".ssa"),
}
"""Usual suffixes by media type, the best first."""


def clean_filename(raw: str) -> str:
    """A name that cannot leave its folder, break a header or disguise its suffix.

    Path parts go; so do control characters, unpaired surrogates and the marks that turn the writing
    direction ("gpj.exe" shown as "exe.jpg"). Letters of every language stay.
    """
    last = raw.replace("\\", "/").rsplit("/", 1)[-1]
    kept = (
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else " " for c in last
    )
    name = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    if not name.strip(". " + _JOINERS):
        return FALLBACK
    return _shorten(name)


def _shorten(name: str) -> str:
    stem, suffix = split_suffix(name)
    room = LONGEST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + suffix


def split_suffix(name: str) -> tuple[str, str]:
    """`talk.final.mp4` → (`talk.final`, `.mp4`); a suffix is short and has no blank."""
    suffix = PurePosixPath(name).suffix
    if not 1 < len(suffix) <= LONGEST_SUFFIX_CHARS or re.search(r"\s", suffix):
        return name, ""
    return name[: -len(suffix)], suffix


def with_language(filename: str, language: str, media_type: str) -> str:
    """`talk.mp4` in Spanish → `talk.es.mp4`, its suffix changed only where the content's type did."""
    stem, suffix = split_suffix(clean_filename(filename))
    suffixes = SUFFIXES.get(media_type.partition(";")[0].strip().lower(), ())
    if suffixes and suffix.lower() not in suffixes:
        suffix = suffixes[0]
    tail = f".{language}{suffix}"
    room = LONGEST_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + tail


def content_disposition(filename: str) -> str:
    """An RFC 6266 `attachment` header: the true name in UTF-8, and an ASCII likeness for old clients."""
    plain = unicodedata.normalize("NFKD", filename.replace("đ", "d").replace("Đ", "D"))
    likeness = "".join(c for c in plain if not unicodedata.combining(c))
    # Appendix D: a percent sign, a quote or a backslash in the plain form is read differently by
    # different clients.
    likeness = re.sub(r'[^\x20-\x7e]|["\\%]', "_", likeness)
    if likeness == filename:
        return f'attachment; filename="{likeness}"'
    return f"attachment; filename=\"{likeness}\"; filename*=UTF-8''{quote(filename, safe='')}"
