"""Bilingual cues: two languages share a cue, one line each."""

from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_subtitles.rules import Rules, validate
from octavia_subtitles.timing import SpokenText, make_cues
from octavia_subtitles.width import columns

RULES = Rules()
words = st.lists(
    st.sampled_from(["uno", "veintisiete", "a", "電車", "slowly", "étoile"]), min_size=1, max_size=40
)


def test_each_language_has_a_line_of_its_own() -> None:
    said = SpokenText(1.0, 4.0, "Buenos días a todos.", "S1", "Good morning, everybody.")
    (cue,) = make_cues([said], RULES, 10)
    assert cue.lines == ("Buenos días a todos.", "Good morning, everybody.")


def test_a_long_line_is_cut_in_both_languages_together() -> None:
    above = "Ayer llegamos muy tarde a la estación, y el tren ya se había ido."
    below = "Yesterday we came to the station very late, and the train had left already."
    cues = make_cues([SpokenText(0.0, 8.0, above, "S1", below)], RULES, 10)
    assert [len(cue.lines) for cue in cues] == [2] * len(cues)
    assert " ".join(cue.lines[0] for cue in cues) == above
    assert " ".join(cue.lines[1] for cue in cues) == below


@settings(deadline=None)
@given(st.lists(st.tuples(words, words, st.floats(0.1, 9)), min_size=1, max_size=5))
def test_nothing_is_lost_and_everything_fits(drawn: list[tuple[list[str], list[str], float]]) -> None:
    at, said = 0.0, []
    for above, below, seconds in drawn:
        said.append(SpokenText(at, at + seconds, " ".join(above), "S1", " ".join(below)))
        at += seconds + 0.5
    cues = make_cues(said, RULES, at + 3)
    broken = {each.rule for each in validate(cues, RULES)}
    assert broken <= {"reading_speed", "too_short"}
    assert all(len(cue.lines) == 2 and max(map(columns, cue.lines)) <= 42 for cue in cues)
    for which, texts in enumerate(zip(*((above, below) for above, below, _ in drawn), strict=True)):
        shown = [cue.lines[which] for cue in cues]
        once = [line for n, line in enumerate(shown) if n == 0 or line != shown[n - 1]]
        wanted = "".join("".join(text) for text in texts)
        assert set(wanted) == set("".join("".join(once).split()))
