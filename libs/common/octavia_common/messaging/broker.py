"""The one place that configures FastStream and aiokafka, so that every consumer promises the same."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import DefaultSubscriber

from octavia_common.settings import ServiceSettings

MAX_MESSAGE_BYTES = 1024 * 1024
"""Kafka's own default; events carry references, so none comes near it."""


def make_broker(settings: ServiceSettings, service: str) -> KafkaBroker:
    """A broker whose producer is idempotent and waits for all replicas, and that creates no topic."""
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        client_id=f"octavia-{service}",
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        max_request_size=MAX_MESSAGE_BYTES,
        graceful_timeout=settings.shutdown_grace_seconds,
        apply_types=False,
        logger=None,
    )


def subscribe(
    broker: KafkaBroker,
    settings: ServiceSettings,
    *,
    topics: Sequence[str],
    group: str,
    handler: Callable[[KafkaMessage], Awaitable[None]],
    dealt: bool = False,
) -> DefaultSubscriber:
    """One group, one handler, one record at a time, acknowledged by the handler itself.

    FastStream's default policy acknowledges before the work is done and so loses messages; ours is
    manual. The poll interval covers the longest work: aiokafka's heartbeat is a task of its own, so
    a dead process is still noticed within the session timeout.

    `dealt` deals the partitions out one by one, so that a job's chunks, which lie in neighbouring ones,
    go to different workers. Else each worker gets a range, the same one of every topic: what is keyed
    alike stays together.
    """
    subscriber = broker.subscriber(
        *topics,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        max_poll_interval_ms=int((settings.handler_timeout_seconds + 120) * 1000),
        session_timeout_ms=int(settings.kafka_session_timeout_seconds * 1000),
        heartbeat_interval_ms=max(300, int(settings.kafka_session_timeout_seconds * 1000 / 4)),
        fetch_max_wait_ms=500,
        partition_assignment_strategy=[RoundRobinPartitionAssignor if dealt else RangePartitionAssignor],
        parser=_tolerant_parser,
        decoder=_raw_body,
        no_reply=True,
    )
    subscriber(_adapter(handler))
    return subscriber


def _adapter(handler: Callable[[KafkaMessage], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    async def handle(message: Any) -> None:
        await handler(message)

    return handle


async def _tolerant_parser(
    record: ConsumerRecord[Any, Any], parse: Callable[[Any], Awaitable[KafkaMessage]]
) -> KafkaMessage:
    """FastStream decodes headers as UTF-8 and fails on others, which would skip the record."""
    headers = tuple((str(k), (v or b"").decode(errors="replace").encode()) for k, v in record.headers)
    return await parse(replace(record, headers=headers))


async def _raw_body(message: KafkaMessage) -> KafkaMessage:
    """Hand over the message itself: what its bytes mean is the shell's to find out."""
    return message
