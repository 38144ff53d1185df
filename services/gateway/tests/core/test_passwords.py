"""What a password must be, and how it is kept."""

import pytest
from octavia_gateway.auth.passwords import Passwords, WeakPasswordError, check_password


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 257, "password123", "PASSWORD1", "aaaaaaaaaaaa", "my ada@example.org key", ""],
)
def test_weak_passwords_are_refused_with_the_rules(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="8 to 256 characters"):
        check_password(password, "ada@example.org")


def test_a_long_phrase_is_fine() -> None:
    check_password("correct horse battery staple", "ada@example.org")


async def test_hashes_verify_and_are_argon2id() -> None:
    passwords = Passwords(memory_kib=64, time_cost=1)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "wrong horse")
    assert not await passwords.verify(None, "nobody has this password")
    assert Passwords(memory_kib=128, time_cost=1).outdated(stored)
    passwords.close()
