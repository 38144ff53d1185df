"""Events to bytes and back: CloudEvents structured JSON."""

from functools import cache
from typing import Any

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
    return CloudEvent.wrap(data, service=service).model_dump_json().encode()


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


class _Kind(BaseModel):
    """The one attribute that says how to read the others."""

    type: str


class _Attributes(CloudEvent[Any]):
    data: Any = None


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
    return f"{type(error).__name__} {error}"
