"""What the launcher runs: the three servers, what is done once they are up, and the services."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from octavia_local.engines import program_of
from octavia_local.layout import Layout
from octavia_local.servers import (
    ExternalKafka,
    ExternalPostgres,
    ExternalS3,
    KafkaServer,
    ObjectStore,
    PostgresServer,
    S3Server,
    Server,
)
from octavia_local.settings import SERVICES, LocalSettings

# Layout, settings, the environment given by the person, and the secrets → Kafka, PostgreSQL, S3.
MakeServers = Callable[[Layout, LocalSettings, Mapping[str, str], Mapping[str, str]], Sequence[Server]]


@dataclass(frozen=True)
class Plan:
    """What the launcher runs; a test puts cheap things in its place.

    Attributes:
        servers: makes the three servers, in the order Kafka, PostgreSQL, S3.
        preparations: commands run once the servers are up, at the same time; each with a name for the person
            who waits.
        services: the services that exist here, by name, with their commands.
    """

    servers: MakeServers
    preparations: Sequence[tuple[str, Sequence[str]]]
    services: Mapping[str, Sequence[str]]


def real_plan(layout: Layout, given: Mapping[str, str] | None = None, *, quick: bool = False) -> Plan:
    """Octavia itself: its servers, migrations and topics, and every service that is installed here.

    Args:
        given: the settings, which say what engines the services use; the environment's by default.
        quick: as in KafkaServer; for a stack that ends soon.

    Raises:
        LocalError: an engine's environment is missing.
    """
    settings = os.environ if given is None else given
    octavia = str(layout.venv_bin / "octavia")
    preparations = [
        ("Bringing the database up to date", [octavia, "migrate"]),
        ("Making the topics", [octavia, "topics", "apply"]),
    ]
    programs = {name: program_of(name, layout.venv_bin, layout, settings) for name in SERVICES}
    present = {name: [str(program)] for name, program in programs.items() if program.exists()}
    return Plan(partial(make_servers, quick=quick), preparations, present)


def make_servers(
    layout: Layout,
    settings: LocalSettings,
    given: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    quick: bool = False,
) -> Sequence[Server]:
    """Kafka, PostgreSQL and S3: those whose addresses are given, and processes of our own for the others."""
    data, ports = layout.data, settings.ports
    kafka: Server
    postgres: Server
    store: ObjectStore
    if given.get("KAFKA_BOOTSTRAP_SERVERS"):
        kafka = ExternalKafka(given["KAFKA_BOOTSTRAP_SERVERS"])
    else:
        kafka = KafkaServer(data / "kafka", ports["KAFKA_PORT"], ports["KAFKA_CONTROLLER_PORT"], quick=quick)
    if given.get("DATABASE_URL"):
        postgres = ExternalPostgres(given["DATABASE_URL"])
    else:
        password = secrets["POSTGRES_PASSWORD"]
        postgres = PostgresServer(data / "postgres", ports["POSTGRES_PORT"], password=password)
    if given.get("S3_ENDPOINT"):
        store = ExternalS3(given["S3_ENDPOINT"], given)
    else:
        store = S3Server(
            data / "s3",
            ports["S3_PORT"],
            access_key=secrets["S3_ACCESS_KEY"],
            secret_key=secrets["S3_SECRET_KEY"],
        )
    return kafka, postgres, store
