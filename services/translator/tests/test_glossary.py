"""Terms of a job's glossary: which are told, and which are missed."""

from octavia_common.documents import Glossary, GlossaryTerm
from octavia_translator.glossary import Term, missing, occurring, terms_for

GLOSSARY = Glossary(
    terms=(
        GlossaryTerm(source="broker", targets={"es": "intermediario", "pt-BR": "corretor"}),
        GlossaryTerm(source="Octavia", keep=True),
        GlossaryTerm(source="hill", targets={"fr": "colline"}),
        GlossaryTerm(source="pod", targets={"es": "cápsula"}, keep=True),
    )
)


def test_each_language_gets_its_terms_and_what_is_kept() -> None:
    assert terms_for(GLOSSARY, "es-MX") == (
        Term("broker", "intermediario"),
        Term("Octavia", "Octavia"),
        Term("pod", "cápsula"),
    )
    assert terms_for(GLOSSARY, "vi") == (Term("Octavia", "Octavia"), Term("pod", "pod"))


def test_a_term_occurs_where_a_word_begins_with_it() -> None:
    terms = (Term("broker", "x"), Term("山", "mountain"))
    assert occurring(terms, ["Brokers talk."]) == terms[:1]
    assert occurring(terms, ["The stockbroker talks."]) == ()
    assert occurring(terms, ["那座山很高"]) == terms[1:]


def test_a_term_may_be_inflected_but_not_left_out() -> None:
    terms = (Term("broker", "intermediario"), Term("Octavia", "Octavia"))
    assert missing(terms, "Two brokers talk.", "Dos intermediarios hablan.") == ()
    assert missing(terms, "Octavia is a broker.", "Es un agente.") == terms
    assert missing(terms, "Nobody talks.", "Nadie habla.") == ()
