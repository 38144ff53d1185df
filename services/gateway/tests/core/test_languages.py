"""Which language pairs can be asked for."""

from collections.abc import Mapping, Sequence

import pytest
from octavia_gateway.capabilities.errors import LanguageNotDetectedError, UnsupportedLanguagesError
from octavia_gateway.capabilities.languages import LanguageCatalogue
from octavia_gateway.settings import GatewaySettings

PAIRS = {"en": ("es", "ca", "gl", "fr", "pt-BR"), "fr": ("es",)}
CATALOGUE = LanguageCatalogue({"en": PAIRS["en"]})


def of_engines(
    understood: Sequence[str] | None = None,
    pairs: Mapping[str, Sequence[str]] | None = None,
    spoken: Sequence[str] | None = None,
    narrowed: str = "",
    *,
    detects: bool = False,
) -> LanguageCatalogue:
    allowed = GatewaySettings(language_pairs=narrowed).supported_pairs()
    return LanguageCatalogue.of_engines(
        understood=understood, pairs=pairs, spoken=spoken, narrowed=allowed, detects=detects
    )


def test_supported_pairs_pass_each_once_and_regions_are_dropped() -> None:
    assert CATALOGUE.resolve("en-us", ("es-mx", "fr", "es")) == ("en", ("es", "fr"))


@pytest.mark.parametrize(
    ("source", "targets"), [("en", ("ja",)), ("ja", ("en",)), ("en", ("en",)), ("en", ("es", "ja"))]
)
def test_unsupported_pairs_are_refused_with_what_can_be_done(source: str, targets: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedLanguagesError) as caught:
        CATALOGUE.resolve(source, targets)
    assert caught.value.context["supported"] == {"en": ["es", "ca", "gl", "fr", "pt-br"]}
    assert "en to es, ca, gl, fr, pt-br" in caught.value.message


def test_an_unreadable_setting_stops_the_start() -> None:
    with pytest.raises(ValueError, match="LANGUAGE_PAIRS"):
        GatewaySettings(language_pairs="en>es")


def test_a_pair_needs_an_ear_a_translator_and_a_voice() -> None:
    catalogue = of_engines(("en",), PAIRS, ("es", "fr", "pt", "ja"))
    assert catalogue.pairs == {"en": ["es", "fr", "pt-br"]}


def test_an_engine_that_takes_any_language_bounds_nothing() -> None:
    assert of_engines(None, PAIRS, None).pairs == {"en": ["es", "ca", "gl", "fr", "pt-br"], "fr": ["es"]}
    assert of_engines(("en", "de"), None, ("es", "de")).pairs == {"en": ["es", "de"], "de": ["es"]}
    assert of_engines(None, None, ("es", "de")).pairs == {"es": ["de"], "de": ["es"]}
    assert of_engines(("en",), {}, ("es",)).pairs == {}


def test_the_operator_narrows_and_never_widens() -> None:
    assert of_engines(("en",), PAIRS, None, "en:es,en:pt,en:ja,de:es").pairs == {"en": ["es", "pt-br"]}
    assert of_engines(("en", "de"), None, ("es", "pt"), "en:pt-BR,de:ja").pairs == {"en": ["pt-br"]}
    assert of_engines(None, None, None, "en:es").pairs == {"en": ["es"]}
    with pytest.raises(UnsupportedLanguagesError):
        of_engines(None, None, None, "en:es").resolve("en", ("fr",))


def test_a_translator_of_any_pair_is_told_the_region() -> None:
    catalogue = of_engines(("en",), None, ("es", "pt"))
    assert catalogue.resolve("en-GB", ("es-MX", "pt")) == ("en", ("es-mx", "pt"))


def test_where_nothing_bounds_anything_goes() -> None:
    assert of_engines().pairs == {}
    assert of_engines().resolve("xx", ("yy", "yy")) == ("xx", ("yy",))


def test_the_source_language_is_left_open_only_where_it_can_be_told() -> None:
    with pytest.raises(LanguageNotDetectedError, match="en, fr"):
        LanguageCatalogue(PAIRS).resolve("auto", ("es",))
    catalogue = of_engines(None, PAIRS, None, detects=True)
    assert catalogue.resolve("auto", ("es", "fr-CA")) == ("auto", ("es", "fr"))
    with pytest.raises(UnsupportedLanguagesError):
        catalogue.resolve("auto", ("ja",))


def test_a_long_list_is_not_told_in_an_error() -> None:
    tags = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    with pytest.raises(UnsupportedLanguagesError) as caught:
        of_engines(tags, None, tags).resolve("zz", ("aa",))
    assert len(caught.value.message) < 200
    assert caught.value.context["supported"] == {}
