"""`octavia capabilities`: what a translation can ask for on this server."""

from typing import Any

from octavia_cli.messages import _
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    anonymous,
    out,
    print_json,
    reports_errors,
)


@reports_errors
def capabilities(server: ServerOption = DEFAULT_SERVER, as_json: JsonOption = False) -> None:
    """Languages, voices and options, and the engines that do the work. Needs no account."""
    with anonymous(server) as api:
        found = api.get("/capabilities")
    if as_json:
        print_json(found)
        return
    for line in described(found):
        out().print(line, markup=False, soft_wrap=True)


def described(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    lines = [f"{source['language']} → {', '.join(source['targets'])}" for source in found["sources"]]
    if found["detects_language"]:
        lines.append(_("The language spoken can be found out (--from auto)."))
    if found["model_sizes"]:
        lines.append(_("Sizes of the recogniser: {sizes}", sizes=", ".join(found["model_sizes"])))
    if found["voices"]:
        lines.append(_("Voices: {voices}", voices=", ".join(_voice(each) for each in found["voices"])))
    if found["options"]:
        lines.append(_("Options: {options}", options=", ".join(found["options"])))
    for engine in found["engines"]:
        about = [engine["engine"], engine["version"], engine["model"], engine["licence"]]
        lines.append(f"{engine['kind']}: {', '.join(part for part in about if part)}")
    return lines


def _voice(voice: dict[str, Any]) -> str:
    return f"{voice['id']} ({voice['language']})" if voice["language"] else str(voice["id"])
