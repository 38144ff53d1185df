"""Which language pairs can be asked for."""

import pytest
from octavia_gateway.jobs.errors import UnsupportedLanguagesError
from octavia_gateway.jobs.languages import LanguageCatalogue
from octavia_gateway.settings import GatewaySettings

CATALOGUE = LanguageCatalogue(GatewaySettings().supported_pairs())


def test_supported_pairs_pass_each_once_and_regions_are_dropped() -> None:
    assert CATALOGUE.resolve("en-us", ("es-mx", "fr", "es")) == ("en", ("es", "fr"))


@pytest.mark.parametrize(
    ("source", "targets"), [("en", ("ja",)), ("ja", ("en",)), ("en", ("en",)), ("en", ("es", "ja"))]
)
def test_unsupported_pairs_are_refused_with_what_can_be_done(source: str, targets: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedLanguagesError) as caught:
        CATALOGUE.resolve(source, targets)
    assert caught.value.context["supported"] == {"en": ["es", "ca", "gl", "fr", "pt"]}
    assert "en to es, ca, gl, fr, pt" in caught.value.message


def test_an_unreadable_setting_stops_the_start() -> None:
    with pytest.raises(ValueError, match="LANGUAGE_PAIRS"):
        GatewaySettings(language_pairs="en>es")
