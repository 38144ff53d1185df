"""Settings, secrets, stamps and what goes into the lock: no server needed."""

import stat
from pathlib import Path

import pytest
from octavia_local.credentials import load_or_create
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.locking import requirements_of
from octavia_local.plan import make_servers
from octavia_local.servers import ExternalKafka, ExternalPostgres, ExternalS3, PostgresServer
from octavia_local.settings import SERVICES, LocalSettings
from octavia_local.stamps import Stamp
from octavia_local.system_packages import SystemPackage, missing


def test_ports_can_be_moved() -> None:
    settings = LocalSettings.read({"GATEWAY_PORT": "9999"})
    assert settings.gateway_url == "http://127.0.0.1:9999"
    assert settings.ports["KAFKA_PORT"] == 19092


def test_health_ports_never_meet() -> None:
    settings = LocalSettings.read({f"WORKERS_{name.upper()}": "20" for name in SERVICES})
    ports = [settings.health_port(name, index) for name in SERVICES for index in range(20)]
    assert len(set(ports)) == len(ports)
    assert not set(ports) & (set(settings.ports.values()) - {settings.ports["HEALTH_BASE_PORT"]})


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("GATEWAY_PORT", "http", "must be a whole number"),
        ("GATEWAY_PORT", "70000", "must lie between"),
        ("WORKERS_TRANSCRIBER", "-1", "must lie between"),
        ("KAFKA_PORT", "8080", "GATEWAY_PORT and KAFKA_PORT are both 8080"),
    ],
)
def test_settings_that_cannot_be_are_one_line(name: str, value: str, complaint: str) -> None:
    with pytest.raises(LocalError, match=complaint) as caught:
        LocalSettings.read({name: value})
    assert "\n" not in str(caught.value)


def test_given_addresses_start_no_server(tmp_path: Path) -> None:
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": "k1:9092,k2:9092",
        "DATABASE_URL": "postgresql://u@db/d",
        "S3_ENDPOINT": "https://store",
        "S3_ACCESS_KEY": "a",
        "S3_SECRET_KEY": "s",
    }
    servers = make_servers(Layout(tmp_path, tmp_path), LocalSettings.read({}), given, {})
    assert [type(server) for server in servers] == [ExternalKafka, ExternalPostgres, ExternalS3]
    assert [server.address for server in servers] == [
        given["KAFKA_BOOTSTRAP_SERVERS"],
        given["DATABASE_URL"],
        given["S3_ENDPOINT"],
    ]


def test_one_given_address_leaves_the_others_ours(tmp_path: Path) -> None:
    secrets = {"POSTGRES_PASSWORD": "p", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s"}
    given = {"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}
    kafka, postgres, _ = make_servers(Layout(tmp_path, tmp_path), LocalSettings.read({}), given, secrets)
    assert isinstance(kafka, ExternalKafka)
    assert isinstance(postgres, PostgresServer)
    assert "octavia:p@127.0.0.1" in postgres.address


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.env"
    first = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path) == first
    assert len(set(first.values())) == len(first)
    assert all(len(value) >= 32 for value in first.values())


def test_a_new_secret_joins_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("JWT_SECRET=kept\n")
    path.chmod(0o644)
    values = load_or_create(path)
    assert values["JWT_SECRET"] == "kept"
    assert "S3_SECRET_KEY" in values
    assert load_or_create(path) == values
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_stamp_follows_its_inputs(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("one")

    def stamp(extra: str = "") -> Stamp:
        return Stamp(tmp_path / "made" / ".stamp", [source], extra)

    assert not stamp().fresh
    stamp().set()
    assert stamp().fresh
    assert not stamp("other").fresh
    source.write_text("two")
    assert not stamp().fresh


def test_missing_packages_are_seen() -> None:
    there = SystemPackage("sh", command="sh")
    gone = SystemPackage("gone", command="no-such-command-anywhere")
    no_file = SystemPackage("no-file", file="usr/share/no-such-directory/*.mode")
    assert missing([there, gone, no_file]) == [gone, no_file]


def test_lock_leaves_out_own_packages_and_heavy_engines(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "octavia-x"\ndependencies = ["octavia-common", "httpx>=0.28"]\n'
        '[project.optional-dependencies]\ntest = ["pytest"]\nwhisper = ["faster-whisper"]\n'
    )
    assert requirements_of([project]) == ["httpx>=0.28", "pytest"]
