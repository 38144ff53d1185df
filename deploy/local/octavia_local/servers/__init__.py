"""Kafka, PostgreSQL and S3 on this machine, for the launcher and for tests."""

from octavia_local.servers.base import LocalServer, Server, start_together
from octavia_local.servers.external import ExternalKafka, ExternalPostgres, ExternalS3
from octavia_local.servers.kafka import KafkaServer
from octavia_local.servers.postgres import PostgresServer
from octavia_local.servers.s3 import ObjectStore, S3Server
from octavia_local.servers.second_s3 import SecondS3Server

__all__ = [
    "ExternalKafka",
    "ExternalPostgres",
    "ExternalS3",
    "KafkaServer",
    "LocalServer",
    "ObjectStore",
    "PostgresServer",
    "S3Server",
    "SecondS3Server",
    "Server",
    "start_together",
]
