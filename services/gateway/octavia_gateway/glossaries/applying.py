"""What a job wishes once its owner's lists and remembered voices are counted in."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from octavia_common.documents import Document, Glossary, GlossaryTerm, Pronunciation, Pronunciations

from octavia_gateway.capabilities.models import Capabilities
from octavia_gateway.database import Connection
from octavia_gateway.glossaries.errors import TermListNotFoundError, TooManyTermsError
from octavia_gateway.glossaries.models import ListKind, TermList
from octavia_gateway.glossaries.repository import TermListsRepository
from octavia_gateway.jobs.options import MOST_TERMS, OptionsRequest
from octavia_gateway.voices.repository import SpeakersRepository

D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Wishes:
    """What is asked of the engines: `wished` by the names that they heed, terms, and voices by speaker."""

    wished: Sequence[str]
    glossary: Glossary | None
    pronunciations: Pronunciations | None
    voices: dict[str, str]


class Applying:
    """Looks up what goes with a job."""

    def __init__(self) -> None:
        self._lists = TermListsRepository()
        self._speakers = SpeakersRepository()

    async def wishes(
        self, connection: Connection, user_id: UUID, options: OptionsRequest, can: Capabilities
    ) -> Wishes:
        """The job's own terms hold before those of lists it names, these before lists that always apply; and
        those apply only where the engines heed their kind.

        Raises TermListNotFoundError (404) for a list named that is not there, TooManyTermsError (422).
        """
        named = set(options.glossary_ids), set(options.pronunciation_ids)
        glossaries = await self._applied(connection, user_id, ListKind.GLOSSARY, named[0], can)
        spoken = await self._applied(connection, user_id, ListKind.PRONUNCIATION, named[1], can)
        own = [*_terms(glossaries, named[0], GlossaryTerm), *options.terms()]
        terms = _last_of_each(own, lambda term: term.source)
        sounds = _last_of_each(
            _terms(spoken, named[1], Pronunciation), lambda term: (term.term, term.language)
        )
        only_ipa = any(
            not term.get("spoken") for kept in spoken if kept.list_id in named[1] for term in kept.terms
        )
        return Wishes(
            wished=[*options.wished(), *(("ipa",) if only_ipa else ())],
            glossary=Glossary(terms=terms) if terms else None,
            pronunciations=Pronunciations(terms=sounds) if sounds else None,
            voices={**await self._remembered(connection, user_id, options), **options.voices},
        )

    async def _applied(
        self,
        connection: Connection,
        user_id: UUID,
        kind: ListKind,
        named: Collection[UUID],
        can: Capabilities,
    ) -> list[TermList]:
        found = await self._lists.applied(connection, user_id, kind, named)
        missing = set(named) - {kept.list_id for kept in found}
        if missing:
            raise TermListNotFoundError(min(missing))
        return found if kind.value in can.options else [kept for kept in found if kept.list_id in named]

    async def _remembered(
        self, connection: Connection, user_id: UUID, options: OptionsRequest
    ) -> dict[str, str]:
        names = {label: name for label, name in options.speaker_names.items() if label not in options.voices}
        if not names:
            return {}
        voices = await self._speakers.called(connection, user_id, names.values())
        return {label: voices[name] for label, name in names.items() if name in voices}


def _terms(lists: Iterable[TermList], named: Collection[UUID], document: type[D]) -> list[D]:
    in_order = sorted(lists, key=lambda kept: kept.list_id in named)
    return [document.model_validate(term) for kept in in_order for term in kept.terms]


def _last_of_each(terms: Iterable[D], name: Callable[[D], Any]) -> tuple[D, ...]:
    """Raises TooManyTermsError."""
    kept = tuple({name(term): term for term in terms}.values())
    if len(kept) > MOST_TERMS:
        raise TooManyTermsError(len(kept), MOST_TERMS)
    return kept
