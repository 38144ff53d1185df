"""`octavia asyncapi`: what each service receives and sends, as AsyncAPI 3 documents."""

import json
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from octavia_common.events import CloudEvent, EventData
from octavia_common.topics import Topic, topic_of

app = typer.Typer(help="AsyncAPI documents of the services.")


class Contract(BaseModel):
    """What a service says of itself: the events it takes and the events it makes."""

    service: str
    receives: tuple[type[EventData], ...]
    sends: tuple[type[EventData], ...]


@app.callback(invoke_without_command=True)
def asyncapi_command(
    folder: Annotated[Path, typer.Argument(help="Where the documents are written.")] = Path("docs/asyncapi"),
) -> None:
    """Write one document a service installed here."""
    folder.mkdir(parents=True, exist_ok=True)
    for contract in contracts():
        text = json.dumps(document(contract), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{contract.service}.json").write_text(text)
        typer.echo(f"{contract.service}: {len(contract.receives)} received, {len(contract.sends)} sent")


def contracts() -> list[Contract]:
    """The contracts of all installed services, by name."""
    points = sorted(entry_points(group="octavia.contracts"), key=lambda point: point.name)
    return [getattr(import_module(point.module), point.attr) for point in points]


def document(contract: Contract) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of one service; messages are CloudEvents in structured JSON mode."""
    kinds = sorted({*contract.receives, *contract.sends}, key=lambda kind: kind.TYPE)
    models = [(CloudEvent[kind], "validation") for kind in kinds]  # type: ignore[valid-type]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    topics = sorted({topic_of(kind) for kind in kinds}, key=lambda topic: topic.name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Octavia {contract.service}",
            "version": "1",
            "description": f"What the {contract.service} receives from Kafka and sends to it.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.name: _channel(topic, kinds) for topic in topics},
        "operations": {
            f"{action}.{topic.name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "messages": [
                    {"$ref": f"#/channels/{topic.name}/messages/{kind.__name__}"}
                    for kind in mine
                    if topic_of(kind) is topic
                ],
            }
            for action, mine in (("receive", contract.receives), ("send", contract.sends))
            for topic in sorted({topic_of(kind) for kind in mine}, key=lambda topic: topic.name)
        },
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in kinds},
            "schemas": schemas.get("$defs", {}),
        },
    }


def _channel(topic: Topic, kinds: list[type[EventData]]) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {
            kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}
            for kind in kinds
            if topic_of(kind) is topic
        },
        "bindings": {"kafka": {"partitions": topic.partitions}},
    }


def _message(kind: type[EventData]) -> dict[str, Any]:
    return {
        "name": kind.TYPE,
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "payload": {"$ref": f"#/components/schemas/CloudEvent_{kind.__name__}_"},
    }
