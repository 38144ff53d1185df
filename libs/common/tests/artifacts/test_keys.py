"""Keys say everything that a result depends on, and nothing else."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.artifacts import artifact_key, upload_key, user_prefix

USER = UUID(int=1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def key(**changes: Any) -> str:
    recipe: dict[str, Any] = {"inputs": ["aa"], "engine": "e", "version": "1", "params": {"a": 1, "b": [2]}}
    user = changes.pop("user", USER)
    stage = changes.pop("stage", "translate")
    return artifact_key(user, stage, **(recipe | changes))


def test_a_key_never_changes_between_releases() -> None:
    # Changing this digest makes everybody's finished work be done again.
    assert key() == (
        "users/00000000-0000-0000-0000-000000000001/artifacts/translate/"
        "969df903a1e5366ab72a2567ae24abf08ec355dd5faf58a19e55a53085910136"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": ["ab"]},
        {"inputs": ["aa", "aa"]},
        {"engine": "f"},
        {"version": "2"},
        {"params": {"a": 1}},
        {"params": {"a": 1, "b": [2], "c": None}},
        {"user": UUID(int=2)},
        {"stage": "speech"},
    ],
)
def test_every_ingredient_changes_the_key(change: dict[str, Any]) -> None:
    assert key(**change) != key()


def test_the_order_of_inputs_matters_and_that_of_parameters_does_not() -> None:
    assert key(inputs=["a", "b"]) != key(inputs=["b", "a"])
    assert key(params={"a": 1, "b": 2}) == key(params={"b": 2, "a": 1})


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_any_json_parameters_give_a_key_of_one_shape(params: dict[str, Any]) -> None:
    made = key(params=params)
    assert made == key(params=dict(reversed(list(params.items()))))
    head, _, digest = made.rpartition("/")
    assert head == f"{user_prefix(USER)}artifacts/translate"
    assert len(digest) == 64


@pytest.mark.parametrize("bad", [{"x": object()}, {"x": {1, 2}}])
def test_what_is_no_json_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        key(params=bad)


def test_uploads_lie_under_their_owner() -> None:
    assert upload_key(USER, UUID(int=7)) == f"users/{USER}/uploads/{UUID(int=7)}"
