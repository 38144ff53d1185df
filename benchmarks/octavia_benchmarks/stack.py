"""The whole platform for one benchmark: servers of its own in a temporary directory, services upon them."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping

from octavia_local.own_servers import OwnServers, own_servers
from octavia_local.platform import Platform

NO_ENGINES = {
    "TRANSCRIBER_SPLITTER": "timed",
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
    "ASSEMBLER_RENDERER": "timed",
}
"""Stages that do everything but their work, so that what remains is the platform."""

_COMMON = {
    "KAFKA_MOST_PARTITIONS": "8",  # what `make run` makes on one machine: as many as the most workers here
    "WELCOME_CREDITS": "1000000",
    "RATE_LIMIT_REQUESTS": "1000000/minute",
    "RATE_LIMIT_LOGINS": "1000000/minute",
}


@contextlib.contextmanager
def servers() -> Iterator[OwnServers]:
    """Fresh servers for one benchmark, gone with all they kept when the block is left. Raises LocalError."""
    with own_servers("bench") as made:
        yield made


def make_platform(
    on: OwnServers,
    settings: Mapping[str, str],
    *,
    workers: Mapping[str, int] | None = None,
    of_service: Mapping[str, Mapping[str, str]] | None = None,
) -> Platform:
    """All seven services with `settings`, to be entered; `workers` as in Platform, `of_service` for one."""
    environment = {**on.environment(), **_COMMON, "JWT_SECRET": secrets.token_hex(32), **settings}
    return Platform(on.directory / "logs", environment, workers=workers, settings=of_service)
