"""Signing in and out, and whose word counts."""

import json
import stat
import threading
from pathlib import Path

import pytest
from octavia_cli.api import Api, StoredSession
from octavia_cli.sessions import SessionStore

from .conftest import Client
from .miniature import Miniature


def test_the_session_is_kept_for_its_owner_only(signed_in: Client, tmp_path: Path) -> None:
    kept = tmp_path / "config" / "octavia" / "sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "correct horse" not in kept.read_text()
    assert signed_in("credits").exit_code == 0


def test_the_password_is_asked_for(octavia: Client, gateway: Miniature) -> None:
    result = octavia("register", stdin="ada@example.org\nsecret word\nsecret word\n")
    assert result.exit_code == 0, result.output
    assert gateway.users == {"ada@example.org": "secret word"}
    assert "secret word" not in result.output
    assert octavia("login", "ada@example.org", stdin="secret word\n").exit_code == 0


def test_a_wrong_password(signed_in: Client) -> None:
    result = signed_in("login", "ada@example.org", "--password-stdin", stdin="wrong\n")
    assert result.exit_code == 3
    assert "Wrong e-mail address or password." in result.stderr


def test_signing_out(signed_in: Client, gateway: Miniature, tmp_path: Path) -> None:
    assert signed_in("logout").exit_code == 0
    assert gateway.refresh == set()
    assert json.loads((tmp_path / "config" / "octavia" / "sessions.json").read_text()) == {}
    assert signed_in("credits").exit_code == 3
    assert signed_in("logout").exit_code == 0


def test_an_old_access_token_is_renewed(signed_in: Client, gateway: Miniature) -> None:
    gateway.access.clear()
    assert signed_in("credits").exit_code == 0
    assert ("POST", "/auth/refresh") in gateway.calls
    assert signed_in("credits").exit_code == 0
    assert gateway.calls.count(("POST", "/auth/refresh")) == 1


def test_a_session_that_the_server_forgot(signed_in: Client, gateway: Miniature) -> None:
    gateway.access.clear()
    gateway.refresh.clear()
    assert signed_in("credits").exit_code == 3


def test_a_refresh_token_is_spent_once_however_many_ask(signed_in: Client, gateway: Miniature) -> None:
    gateway.access.clear()
    found = []

    def ask() -> None:
        with Api(gateway.address, StoredSession(SessionStore(), gateway.address)) as api:
            found.append(api.get("/credits")["available"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [100] * 8
    assert gateway.calls.count(("POST", "/auth/refresh")) == 1


def test_a_key_in_the_environment_comes_first(
    signed_in: Client, gateway: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.access.add("octv_machine")
    monkeypatch.setenv("OCTAVIA_API_KEY", "octv_machine")
    assert signed_in("credits").exit_code == 0
    assert gateway.headers[-1]["authorization"] == "Bearer octv_machine"
    monkeypatch.delenv("OCTAVIA_API_KEY")
    monkeypatch.setenv("OCTAVIA_TOKEN", "unknown")
    assert signed_in("credits").exit_code == 3


def test_an_address_that_is_none(octavia: Client) -> None:
    result = octavia(
        "login", "ada@example.org", "--password-stdin", "--server", "localhost:8080", stdin="x\n"
    )
    assert result.exit_code == 2
    assert "http://" in result.stderr


def test_damaged_sessions_say_what_to_do(signed_in: Client, tmp_path: Path) -> None:
    (tmp_path / "config" / "octavia" / "sessions.json").write_text("{")
    result = signed_in("credits")
    assert result.exit_code == 2
    assert "Delete it" in result.stderr
