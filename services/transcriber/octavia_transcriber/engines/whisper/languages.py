"""Whisper's names of languages, and the tags that the platform uses."""

from collections.abc import Collection, Sequence

_WHISPER_BY_TAG = {
    "nb": "no",
    "jv": "jw",
    "fil": "tl",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "cmn": "zh",
}
"""Where Whisper has a name of its own, an old one, or one for a language that tags name more closely."""

_TAG_BY_WHISPER = {"jw": "jv"}

_CANTONESE = {"zh-hk", "zh-yue", "yue"}


def whisper_code(tag: str, known: Collection[str]) -> str | None:
    """Whisper's code of a BCP 47 tag, None where it is not among the `known`; `zh-HK` is `yue` if known."""
    full = tag.replace("_", "-").lower()
    if full in _CANTONESE and "yue" in known:
        return "yue"
    primary = full.split("-")[0]
    if primary == "yue":
        primary = "zh"
    code = _WHISPER_BY_TAG.get(primary, primary)
    return code if code in known else None


def tags(codes: Sequence[str]) -> tuple[str, ...]:
    """The tags under which the platform offers what Whisper knows by these codes."""
    return tuple(tag_of(code) for code in codes)


def tag_of(code: str) -> str:
    """The tag of one of Whisper's codes."""
    return _TAG_BY_WHISPER.get(code, code)
