"""Servers keep their data and their port over kill -9, and say what is wrong when they cannot start."""

import asyncio
import io
import os
import socket
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from octavia_local.errors import LocalError
from octavia_local.layout import class_archive
from octavia_local.ports import LOOPBACK, free_port, holder_of, is_free
from octavia_local.servers import (
    ExternalKafka,
    ExternalPostgres,
    ExternalS3,
    KafkaServer,
    LocalServer,
    PostgresServer,
    S3Server,
)
from octavia_local.servers.postgres import remove_data_outside

pytestmark = pytest.mark.integration


async def test_kafka_keeps_messages_over_kill(server_directory: Path) -> None:
    server = KafkaServer(server_directory, free_port(), free_port(), quick=True)
    with server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        await admin.create_topics([NewTopic("kept", 2, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=server.address, acks="all") as producer:
            await producer.send_and_wait("kept", b"before")
        server.kill()
        assert not server.running
        await asyncio.to_thread(server.start)
        async with AIOKafkaProducer(bootstrap_servers=server.address, acks="all") as producer:
            await producer.send_and_wait("kept", b"after")
        consumer = AIOKafkaConsumer(
            "kept", bootstrap_servers=server.address, group_id="g", auto_offset_reset="earliest"
        )
        async with consumer:
            values = {(await consumer.getone()).value, (await consumer.getone()).value}
        assert values == {b"before", b"after"}


def test_java_servers_begin_with_what_setup_has_kept_of_them(server_directory: Path) -> None:
    with S3Server(server_directory, free_port()) as server:
        assert str(class_archive("s3proxy")) in Path(f"/proc/{server.pid}/maps").read_text()


async def test_kafka_makes_no_topic_by_itself(server_directory: Path) -> None:
    with KafkaServer(server_directory, free_port(), free_port(), quick=True) as server:
        async with AIOKafkaProducer(bootstrap_servers=server.address, request_timeout_ms=2000) as producer:
            with pytest.raises((KafkaError, TimeoutError)):
                await asyncio.wait_for(producer.send_and_wait("never.made", b"x"), 10)
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        assert "never.made" not in await admin.list_topics()
        await admin.close()


def test_postgres_keeps_committed_rows_over_kill(server_directory: Path) -> None:
    with PostgresServer(server_directory, free_port()) as server:
        connection = psycopg.connect(server.address)
        connection.execute("CREATE TABLE kept (value text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")
        connection.commit()
        connection.execute("INSERT INTO kept VALUES ('open')")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
        server.start()
        with psycopg.connect(server.address) as connection:
            assert connection.execute("SELECT value FROM kept").fetchall() == [("committed",)]
            assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_postgres_wants_its_password(server_directory: Path) -> None:
    with PostgresServer(server_directory, free_port(), password="right") as server:
        with psycopg.connect(server.address):
            pass
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.address.replace("right", "wrong"))


def test_s3_keeps_objects_over_kill(server_directory: Path) -> None:
    with S3Server(server_directory, free_port()) as server:
        server.client().make_bucket("kept")
        server.client().put_object("kept", "a/b", io.BytesIO(b"bytes"), 5, metadata={"sha256": "abc"})
        server.kill()
        server.start()
        stat = server.client().stat_object("kept", "a/b")
        assert stat.size == 5
        assert stat.metadata is not None
        assert stat.metadata["x-amz-meta-sha256"] == "abc"
        assert server.client().get_object("kept", "a/b").read() == b"bytes"


@pytest.mark.parametrize("kind", [PostgresServer, S3Server])
def test_restart_keeps_the_port(server_directory: Path, kind: type[PostgresServer | S3Server]) -> None:
    server: LocalServer = kind(server_directory, free_port())
    with server:
        address, first = server.address, server.pid
        server.restart()
        assert server.address == address
        assert server.pid != first
        assert not is_free(server.port)
    assert is_free(server.port)


def test_taken_port_is_one_line_that_helps(server_directory: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError) as caught:
            S3Server(server_directory, port).start()
        message = str(caught.value)
        assert "\n" not in message
        assert f"Port {port} of S3 is taken by" in message
        assert "S3_PORT" in message
        assert holder_of(port) is not None


def test_a_start_that_fails_shows_the_log(server_directory: Path) -> None:
    server = S3Server(server_directory, free_port(), access_key="")
    server.prepare = lambda: (server_directory / "s3proxy.conf").write_text("nothing=here\n")  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(LocalError) as caught:
        server.start()
    first, *log = str(caught.value).splitlines()
    assert "S3 ended while it was starting" in first
    assert str(server.log) in first
    assert log
    assert not server.running


def test_given_addresses_are_used(server_directory: Path) -> None:
    with PostgresServer(server_directory, free_port()) as server:
        given = ExternalPostgres(server.address)
        given.start()
        assert given.address == server.address
        given.stop()
        assert server.running
        with pytest.raises(LocalError, match="not ours"):
            given.kill()


def test_given_address_without_a_server_is_one_line() -> None:
    port = free_port()
    with pytest.raises(LocalError, match=rf"Kafka does not answer at 127\.0\.0\.1:{port}.*KAFKA_BOOTSTRAP"):
        ExternalKafka(f"127.0.0.1:{port}").start()


def test_given_s3_wants_its_keys() -> None:
    with pytest.raises(LocalError, match="S3_SECRET_KEY"):
        ExternalS3("http://127.0.0.1:1", {"S3_ACCESS_KEY": "a"})


def test_postgres_below_a_closed_directory(server_directory: Path) -> None:
    closed = server_directory / "closed"
    closed.mkdir(mode=0o700)
    with PostgresServer(closed / "postgres", free_port()) as server:
        server.kill()
        server.start()
        with psycopg.connect(server.address) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    data = (closed / "postgres" / "data").resolve()
    assert (data / "PG_VERSION").exists()
    if os.geteuid() == 0:  # the server ran as another user, who cannot enter there
        assert not data.is_relative_to(closed)
        remove_data_outside(closed / "postgres")
        assert not data.exists()


def test_postgres_stops_without_waiting_for_its_clients(server_directory: Path) -> None:
    with PostgresServer(server_directory, free_port()) as server:
        idle = psycopg.connect(server.address)
        server.restart()
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
        assert "received fast shutdown request" in server.log.read_text()
        assert "database system was not properly shut down" not in server.log.read_text()
