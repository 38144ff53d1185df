"""One record as it came off Kafka, before anyone knows what it means."""

import time
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord

from octavia_common.messaging.headers import Delivery


@dataclass(frozen=True)
class Incoming:
    """A record's bytes, headers as text, and where it lies."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    body: bytes
    headers: dict[str, str]
    delivery: Delivery
    age_seconds: float

    @classmethod
    def read(cls, record: ConsumerRecord[Any, Any]) -> "Incoming":
        """From a record; headers that are not UTF-8 are read as far as they can be."""
        headers = {str(key): (value or b"").decode(errors="replace") for key, value in record.headers}
        return cls(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            body=record.value or b"",
            headers=headers,
            delivery=Delivery.read(headers),
            age_seconds=max(0.0, time.time() - record.timestamp / 1000),
        )

    @property
    def place(self) -> str:
        """Where the record lies, for logs and dead letters."""
        return f"{self.topic}/{self.partition}/{self.offset}"
