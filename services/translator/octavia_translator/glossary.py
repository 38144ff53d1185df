"""What a job's owner wants to be called how. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex
from octavia_common.documents import Glossary

from octavia_translator.languages import fallbacks

_STEM_SHARE = 0.7
"""So much of a term's beginning has to be there: the rest may be inflected."""

_LEAST_STEM = 3


@dataclass(frozen=True)
class Term:
    """A word or phrase of the source and what it is to be in the target language."""

    source: str
    target: str


def terms_for(glossary: Glossary, target_language: str) -> tuple[Term, ...]:
    """The terms that say something about this language: their translation, or that they stay as they are."""
    languages = fallbacks(target_language)
    terms = []
    for term in glossary.terms:
        translated = next((term.targets[each] for each in languages if each in term.targets), None)
        if translated is None and term.keep:
            translated = term.source
        if translated is not None:
            terms.append(Term(term.source, translated))
    return tuple(terms)


def occurring(terms: Iterable[Term], texts: Sequence[str]) -> tuple[Term, ...]:
    """Those of which a text has a word that begins so: with "server" also "servers"."""
    return tuple(term for term in terms if any(_occurs(term.source, text) for text in texts))


def missing(terms: Iterable[Term], source: str, text: str) -> tuple[Term, ...]:
    """The terms of the source line that its translation does without, as far as letters tell."""
    folded = text.casefold()
    return tuple(
        term for term in terms if _occurs(term.source, source) and _stem(term.target.casefold()) not in folded
    )


def _occurs(term: str, text: str) -> bool:
    # Scripts without blanks between words have no beginnings of words to look for.
    boundary = "" if regex.match(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]", term) else r"(?<![\p{L}\p{N}])"
    return regex.search(boundary + regex.escape(term), text, regex.IGNORECASE) is not None


def _stem(term: str) -> str:
    return term[: max(_LEAST_STEM, round(len(term) * _STEM_SHARE))]
