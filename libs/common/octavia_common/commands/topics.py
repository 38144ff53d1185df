"""`octavia topics`: create the topics of the manifest and show them."""

import asyncio

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from octavia_common.settings import ServiceSettings
from octavia_common.topics import ALL_TOPICS, Topic

app = typer.Typer(help="Create and show the Kafka topics of the platform.", no_args_is_help=True)


@app.command("apply")
def apply_command() -> None:
    """Create what is missing and add partitions where the manifest has more; never removes any."""
    created, grown = asyncio.run(apply_topics(ServiceSettings()))
    typer.echo(f"topics: {created} created, {grown} grown, {len(ALL_TOPICS)} in the manifest")


@app.command("list")
def list_command() -> None:
    """Show the manifest."""
    for topic in ALL_TOPICS:
        kept = "for ever" if topic.retention_ms is None else f"{topic.retention_ms // 86_400_000} days"
        typer.echo(f"{topic.name:22} {topic.partitions:3} partitions, kept {kept:10} {topic.description}")


async def apply_topics(settings: ServiceSettings) -> tuple[int, int]:
    """Bring the broker's topics up to the manifest; returns how many were created and grown."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), request_timeout_ms=30_000
    )
    await admin.start()
    try:
        names = set(await admin.list_topics())
        wanted = {f"{settings.kafka_prefix}{topic.name}": topic for topic in ALL_TOPICS}
        missing = [_new(name, topic, settings) for name, topic in wanted.items() if name not in names]
        if missing:
            try:
                answer = await admin.create_topics(missing)
                for name, code, *rest in answer.topic_errors:
                    if code not in (0, TopicAlreadyExistsError.errno):
                        raise typer.BadParameter(f"Kafka refused topic {name}: {rest}")
            except TopicAlreadyExistsError:
                pass
        described = await admin.describe_topics([name for name in wanted if name in names])
        short = {
            entry["topic"]: NewPartitions(_partitions(wanted[entry["topic"]], settings))
            for entry in described
            if len(entry["partitions"]) < _partitions(wanted[entry["topic"]], settings)
        }
        if short:
            await admin.create_partitions(short)
        return len(missing), len(short)
    finally:
        await admin.close()


def _partitions(topic: Topic, settings: ServiceSettings) -> int:
    return min(topic.partitions, settings.kafka_most_partitions or topic.partitions)


def _new(name: str, topic: Topic, settings: ServiceSettings) -> NewTopic:
    configs = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(-1 if topic.retention_ms is None else topic.retention_ms),
        "min.insync.replicas": str(max(1, settings.kafka_replication_factor - 1)),
    }
    return NewTopic(
        name, _partitions(topic, settings), settings.kafka_replication_factor, topic_configs=configs
    )
