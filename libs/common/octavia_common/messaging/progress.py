"""Whether a consumer still moves: health that a mere ping of the broker does not show."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from faststream.kafka.subscriber.usecase import DefaultSubscriber

from octavia_common.telemetry.metrics import CONSUMER_STOPPED, CONSUMER_WAITING

PATIENCE_SECONDS = 15.0
"""A consumer that waits for its surroundings for longer says so in `/readyz`."""


@dataclass
class ConsumerProgress:
    """What one consumer is doing. Times are of the monotonic clock, in seconds."""

    name: str
    busy_limit_seconds: float
    idle_limit_seconds: float = 120.0
    subscriber: DefaultSubscriber | None = None
    stopped: str | None = None
    """Why it takes nothing any more; only a restart helps."""
    waiting: str | None = None
    """What of its surroundings keeps it from going on."""
    waiting_since: float = 0.0
    busy_since: float | None = None
    last_end: float = field(default_factory=time.monotonic)
    _next: dict[tuple[str, int], int] = field(default_factory=dict)

    def began(self) -> None:
        """Work on a record begins."""
        self.busy_since = time.monotonic()

    def ended(self, places: Iterable[tuple[str, int, int]]) -> None:
        """Work on the records at these places (topic, partition, offset) is over, well or not."""
        self.busy_since = None
        self.last_end = time.monotonic()
        for topic, partition, offset in places:
            self._next[(topic, partition)] = offset + 1

    def stop(self, reason: str) -> None:
        """It takes nothing any more."""
        self.stopped = reason
        CONSUMER_STOPPED.labels(self.name).set(1)

    def waits(self, reason: str) -> None:
        """What is in hand cannot be applied now and is tried again."""
        if self.waiting is None:
            self.waiting_since = time.monotonic()
        self.waiting = reason
        CONSUMER_WAITING.labels(self.name).set(1)

    def goes_on(self) -> None:
        """It no longer waits."""
        if self.waiting is not None:
            self.waiting = None
            CONSUMER_WAITING.labels(self.name).set(0)

    async def check(self) -> None:
        """For readiness: raises ConnectionError where it has waited for more than `PATIENCE_SECONDS`."""
        waited = time.monotonic() - self.waiting_since
        if self.waiting is not None and waited > PATIENCE_SECONDS:
            raise ConnectionError(f"waits for {waited:.0f} s: {self.waiting}")

    def trouble(self) -> str | None:
        """Why this consumer counts as stuck, or None."""
        if self.stopped is not None:
            return f"{self.name}: stopped, {self.stopped}"
        now = time.monotonic()
        if self.busy_since is not None:
            if now - self.busy_since > self.busy_limit_seconds:
                return f"{self.name}: one piece of work takes longer than {self.busy_limit_seconds:.0f} s"
            return None
        consumer = self.subscriber.consumer if self.subscriber is not None else None
        if consumer is None or now - self.last_end < self.idle_limit_seconds:
            return None
        for partition in consumer.assignment():
            high = consumer.highwater(partition)
            next_offset = self._next.get((partition.topic, partition.partition))
            if high is not None and next_offset is not None and high > next_offset:
                return f"{self.name}: idle although {high - next_offset} events wait"
        return None
