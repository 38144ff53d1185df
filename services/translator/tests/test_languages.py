"""One spelling for each language."""

import pytest
from octavia_translator.languages import fallbacks, mode_languages, normal_tag


@pytest.mark.parametrize(
    ("mode", "languages"),
    [
        ("eng-spa", ("en", "es")),
        ("en-gl", ("en", "gl")),
        ("cat-eng_US", ("ca", "en-US")),
        ("es-pt_BR", ("es", "pt-BR")),
        ("eng-cat_valencia", ("en", "ca-valencia")),
        ("eng-cat_iec2017", None),
        ("eng-cat_valencia_uni_iec2017", None),
        ("eco-fr-es", None),
        ("nonsense", None),
        ("a-!", None),
    ],
)
def test_modes_of_apertium(mode, languages):
    assert mode_languages(mode) == languages


def test_tags():
    assert normal_tag("POR_br") == "pt-BR"
    assert fallbacks("pt_BR") == ("pt-BR", "pt")
    assert fallbacks("en") == ("en",)
    assert fallbacks("not a tag") == ()
    with pytest.raises(ValueError, match="no language tag"):
        normal_tag("not a tag")
