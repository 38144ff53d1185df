"""Which language pairs can be asked for."""

from collections.abc import Mapping, Sequence

from octavia_gateway.jobs.errors import UnsupportedLanguagesError


class LanguageCatalogue:
    """The pairs that the platform's engines can do, by source language."""

    def __init__(self, pairs: Mapping[str, Sequence[str]]) -> None:
        self._pairs = {source.lower(): [target.lower() for target in into] for source, into in pairs.items()}

    def resolve(self, source: str, targets: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The pair in the catalogue's words; a region that it does not know is dropped (en-US is en).

        Raises UnsupportedLanguagesError (422), which lists what can be done.
        """
        known_source = _known(source, self._pairs)
        can = self._pairs.get(known_source or "", [])
        resolved = [_known(target, can) for target in targets]
        unsupported = [asked for asked, found in zip(targets, resolved, strict=True) if found is None]
        if known_source is None or unsupported:
            raise UnsupportedLanguagesError(source, unsupported or targets, self._pairs)
        return known_source, tuple(dict.fromkeys(found for found in resolved if found is not None))


def _known(tag: str, among: Mapping[str, object] | Sequence[str]) -> str | None:
    folded = tag.lower()
    if folded in among:
        return folded
    base = folded.split("-")[0]
    return base if base in among else None
