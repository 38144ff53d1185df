"""How many events wait for their consumers."""

import asyncio
from collections import defaultdict

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


class LagMeter:
    """Asks Kafka itself, so that no service's word is taken for it."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap = bootstrap_servers

    async def by_group(self) -> dict[str, int]:
        """Events not acknowledged, for each consumer group that has any.

        A group reads all partitions of a topic: one of which it has acknowledged nothing counts whole.
        """
        done = await self._acknowledged()
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [
                TopicPartition(topic, number)
                for topic in sorted({partition.topic for offsets in done.values() for partition in offsets})
                for number in consumer.partitions_for_topic(topic) or ()
            ]
            ends = await consumer.end_offsets(partitions)
            begins = await consumer.beginning_offsets(partitions)
        finally:
            # aiokafka may end `stop` of a consumer without a group in a cancellation that is not ours.
            await asyncio.wait([asyncio.create_task(consumer.stop())])
        lag: dict[str, int] = defaultdict(int)
        for name, offsets in done.items():
            read = {partition.topic for partition in offsets}
            for partition in partitions:
                if partition.topic in read:
                    waiting = ends[partition] - offsets.get(partition, begins[partition])
                    if waiting > 0:
                        lag[name] += waiting
        return dict(lag)

    async def _acknowledged(self) -> dict[str, dict[TopicPartition, int]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            found = {}
            for name, _ in await admin.list_consumer_groups():
                offsets = await admin.list_consumer_group_offsets(name)
                found[name] = {partition: offset.offset for partition, offset in offsets.items()}
            return found
        finally:
            await admin.close()
