"""Whether a consumer still moves: health that a mere ping of the broker does not show."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from faststream.kafka.subscriber.usecase import DefaultSubscriber


@dataclass
class ConsumerProgress:
    """What one consumer is doing. Times are of the monotonic clock, in seconds."""

    name: str
    busy_limit_seconds: float
    idle_limit_seconds: float = 120.0
    subscriber: DefaultSubscriber | None = None
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

    def trouble(self) -> str | None:
        """Why this consumer counts as stuck, or None."""
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
