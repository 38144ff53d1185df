"""A token names its run to whoever has the secret, and nothing to anybody else."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from octavia_common.callbacks import callback_token, hold_of_token

SECRET = "s" * 32
HOLD = UUID(int=7)


@given(st.uuids())
def test_a_token_is_read_back(hold_id: UUID) -> None:
    token = callback_token(SECRET, hold_id)
    assert len(token) == 43
    assert hold_of_token(SECRET, token) == hold_id


def test_another_secret_makes_another_token() -> None:
    assert hold_of_token("t" * 32, callback_token(SECRET, HOLD)) is None


@given(st.text(max_size=60))
def test_rubbish_names_nobody(text: str) -> None:
    assert hold_of_token(SECRET, text) is None


def test_a_changed_letter_is_seen() -> None:
    token = callback_token(SECRET, HOLD)
    for place in range(len(token) - 1):  # the last letter has two bits that say nothing
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert hold_of_token(SECRET, changed) is None
