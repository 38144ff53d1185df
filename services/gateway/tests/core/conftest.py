"""A gateway on a database of its own."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from octavia_common.migrations import migrate
from octavia_local.servers import Server
from psycopg import sql

from .world import ENGINES, World

MIGRATIONS = Path(str(files("octavia_gateway").joinpath("migrations")))

MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture(scope="session")
def migrated_database(postgres_server: Server) -> Iterator[str]:
    """Name of a database with the gateway's tables, to make copies of."""
    name = f"gateway_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(_url(postgres_server, name), "gateway", MIGRATIONS)
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def gateway_url(postgres_server: Server, migrated_database: str) -> Iterator[str]:
    """URL of a database with the gateway's empty tables."""
    name = f"gateway_{uuid.uuid4().hex}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(migrated_database)))
        yield _url(postgres_server, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _url(server: Server, name: str) -> str:
    return urlsplit(server.address)._replace(path=f"/{name}").geturl()


@pytest.fixture
async def make_world(gateway_url: str) -> AsyncIterator[MakeWorld]:
    """Makes the world of a test, with settings of its own."""
    worlds: list[World] = []

    async def make(**settings: Any) -> World:
        world = World(gateway_url, **settings)
        worlds.append(world)
        await world.add_replica()
        await world.publish_prices()
        await world.tell(*ENGINES)
        return world

    yield make
    for world in worlds:
        for replica in world.replicas:
            await replica.stop()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A world with one replica and known prices."""
    return await make_world()
