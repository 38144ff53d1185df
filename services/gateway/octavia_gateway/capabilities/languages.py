"""Which language pairs can be asked for. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Self

from octavia_common.events import AUTO

from octavia_gateway.capabilities.errors import LanguageNotDetectedError, UnsupportedLanguagesError


class LanguageCatalogue:
    """The pairs that the platform's engines can do, by source language.

    `detects`: a job may leave its source language to the recogniser. `regional`: the translator knows regions
    that are not listed, so one that is asked for stays. `unbounded`: neither engines nor the operator set
    bounds; every pair is taken and none is listed. `any_target`: only what a source may be has bounds.
    `own`: a source's own language can be asked for, too.
    """

    def __init__(
        self,
        pairs: Mapping[str, Sequence[str]],
        *,
        detects: bool = False,
        regional: bool = False,
        unbounded: bool = False,
        any_target: bool = False,
        own: bool = False,
    ) -> None:
        self._pairs = {
            source.lower(): _folded([*([source] if own else []), *into]) for source, into in pairs.items()
        }
        self._every = _all(self._pairs)
        self.detects = detects
        self._regional = regional
        self._unbounded = unbounded
        self._any_target = any_target

    @classmethod
    def of_engines(
        cls,
        *,
        understood: Sequence[str] | None,
        pairs: Mapping[str, Sequence[str]] | None,
        spoken: Sequence[str] | None,
        narrowed: Mapping[str, Sequence[str]],
        detects: bool,
        own: bool = False,
    ) -> Self:
        """What can be heard, translated and spoken, each None for any; within `narrowed` where that is not
        empty. `own`: what is heard can also be had in its own language, which nobody has to translate."""
        heard, voiced = _folded_or_none(understood), _folded_or_none(spoken)
        allowed = {source.lower(): _folded(into) for source, into in narrowed.items()} or None
        can = None if pairs is None else {source.lower(): _folded(into) for source, into in pairs.items()}
        any_target = can is None and voiced is None and allowed is None
        sources = (heard or can if own else can or heard) or allowed or voiced or ()
        into = {
            source: [
                target
                for target in _candidates(source, can, allowed, voiced)
                if target != source and _covers(voiced, target) and _permits(allowed, source, target)
            ]
            for source in sources
            if _covers(heard, source)
        }
        return cls(
            {
                source: targets
                for source, targets in into.items()
                if targets or ((own or any_target) and (allowed is None or _known(source, allowed)))
            },
            detects=detects,
            regional=can is None,
            unbounded=heard is None and any_target,
            any_target=any_target,
            own=own,
        )

    @property
    def pairs(self) -> Mapping[str, Sequence[str]]:
        """Target languages by source language."""
        return self._pairs

    def resolve(self, source: str, targets: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The pair in the catalogue's words; a region that it does not know is dropped (en-US is en).

        Raises UnsupportedLanguagesError, which lists what can be done, and LanguageNotDetectedError (422).
        """
        if source == AUTO and not self.detects:
            raise LanguageNotDetectedError(list(self._pairs))
        if self._unbounded:
            return source, tuple(dict.fromkeys(targets))
        known_source = AUTO if source == AUTO else _known(source, self._pairs)
        can = self._every if source == AUTO else self._pairs.get(known_source or "", [])
        if self._any_target:
            can = [*can, *targets]
        resolved = [self._resolved(target, can) for target in targets]
        unsupported = [asked for asked, found in zip(targets, resolved, strict=True) if found is None]
        if known_source is None or unsupported:
            raise UnsupportedLanguagesError(source, unsupported or targets, self._pairs)
        return known_source, tuple(dict.fromkeys(found for found in resolved if found is not None))

    def _resolved(self, target: str, can: Sequence[str]) -> str | None:
        known = _known(target, can)
        return target.lower() if known is not None and self._regional else known


def _candidates(
    source: str,
    can: Mapping[str, Sequence[str]] | None,
    allowed: Mapping[str, Sequence[str]] | None,
    voiced: Sequence[str] | None,
) -> Sequence[str]:
    """What the source may be translated into, before anything is taken out."""
    if can is not None:
        return can.get(source, ())
    if allowed is not None:
        return allowed.get(_known(source, allowed) or "", ())
    return voiced or ()


def _permits(allowed: Mapping[str, Sequence[str]] | None, source: str, target: str) -> bool:
    return allowed is None or _known(target, allowed.get(_known(source, allowed) or "", ())) is not None


def _covers(tags: Collection[str] | None, tag: str) -> bool:
    return tags is None or _known(tag, tags) is not None


def _known(tag: str, among: Collection[str]) -> str | None:
    """The tag, or else its language without a region, where it is `among` them."""
    folded = tag.lower()
    if folded in among:
        return folded
    base = primary(tag)
    return base if base in among else None


def primary(tag: str) -> str:
    """A tag's language alone, in lower case: `pt-BR` → `pt`."""
    return tag.lower().split("-")[0]


def _all(pairs: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(target for into in pairs.values() for target in into))


def _folded(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tag.lower() for tag in tags))


def _folded_or_none(tags: Sequence[str] | None) -> list[str] | None:
    return None if tags is None else _folded(tags)
