"""Events to bytes and back: CloudEvents structured JSON."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from octavia_common.errors import PermanentError
from octavia_common.events import CloudEvent, EventData
from octavia_common.topics import kind_of

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class UndecodableEventError(PermanentError):
    """Bytes on a topic that are no event of ours; they go to the dead letters."""

    code = "undecodable_event"


def encode(data: EventData, *, service: str) -> bytes:
    """The event as it is written to Kafka, stamped with the time now."""
    ((_, body),) = encode_all([data], service=service)
    return body


def encode_all(events: Sequence[EventData], *, service: str) -> list[tuple[UUID, bytes]]:
    """The id of each event and the event as it is written to Kafka, all stamped with the time now.

    The same bytes as of `CloudEvent.wrap(data, service=service)`, without building the envelope: that costs
    several times what the payload does, and a batch of credits is little else.
    """
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    encoded = []
    for data in events:
        before_id, before_time, after_subject = _frame(type(data), service)
        event_id = data.event_id()
        subject = json.dumps(data.subject())
        head = f'{before_id}{event_id}{before_time}{time}","subject":{subject}{after_subject}'
        body: bytes = data.__pydantic_serializer__.to_json(data)
        encoded.append((event_id, b"%b%b}" % (head.encode(), body)))
    return encoded


def decode(body: bytes, *accepted: type[EventData]) -> CloudEvent[Any]:
    """Read an event of one of the `accepted` types (any known type where none is given).

    Raises UndecodableEventError for everything else.
    """
    try:
        type_name = _Kind.model_validate_json(body).type
        kind = kind_of(type_name)
        if accepted and kind not in accepted:
            raise UndecodableEventError(f"An event of type {type_name} does not belong here.")
        return _envelope_of(kind).model_validate_json(body)
    except (ValidationError, KeyError, ValueError) as error:
        raise UndecodableEventError(f"Not an event of this platform: {_brief(error)}") from None


def job_id_in(body: bytes) -> str | None:
    """The subject of an event that may be broken otherwise, or None."""
    try:
        return _Attributes.model_validate_json(body).subject
    except ValueError:
        return None


@cache
def _envelope_of(kind: type[EventData]) -> type[CloudEvent[Any]]:
    """Pydantic builds such a class each time it is asked and forgets it as soon as nobody holds it."""
    return CloudEvent[kind]  # type: ignore[valid-type]


@cache
def _frame(kind: type[EventData], service: str) -> tuple[str, str, str]:
    """The constant parts of an event's envelope: before its id, before its time, after its subject."""
    source = json.dumps(f"/octavia/{service}")
    return (
        '{"specversion":"1.0","id":"',
        f'","source":{source},"type":"{kind.TYPE}","time":"',
        f',"datacontenttype":"application/json","dataschema":"urn:octavia:schema:{kind.TYPE}","data":',
    )


class _Kind(BaseModel):
    """The one attribute that says how to read the others."""

    type: str


class _Attributes(CloudEvent[Any]):
    data: Any = None


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
    return f"{type(error).__name__} {error}"
