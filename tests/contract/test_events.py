"""The events of the platform as contracts: what was once published stays readable."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from octavia_common.events import CloudEvent, EventData
from octavia_common.messaging.codec import UndecodableEventError, decode, encode
from octavia_common.topics import ALL_TOPICS, EVENT_TOPICS, topic_of

from .examples import EXAMPLES, GOLDEN

BY_TYPE = {example.TYPE: example for example in EXAMPLES}


def test_every_event_of_every_topic_has_a_golden_payload() -> None:
    published = {kind.TYPE for topic in EVENT_TOPICS for kind in topic.carries}
    assert published == set(BY_TYPE)
    assert published <= {path.stem for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_payload_is_read_by_todays_model(path: Path) -> None:
    written = json.loads(path.read_text())
    event = decode(path.read_bytes())
    assert event.type == path.stem
    assert str(event.id) == written["id"], "the deterministic id of an event must never change"
    # Whatever was written then is still there, equal, when it is read and written today.
    assert _contains(json.loads(event.data.model_dump_json()), written["data"])


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_fields_added_by_a_later_version_are_tolerated(path: Path) -> None:
    written = json.loads(path.read_text())
    written["data"]["added_later"] = {"anything": 1}
    written["extension"] = "value"
    assert decode(json.dumps(written).encode()).data == BY_TYPE[path.stem]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.TYPE)
def test_an_event_survives_the_journey_and_names_itself_the_same(example: object) -> None:
    kind = type(example)
    first, second = (decode(encode(example, service="a")) for _ in range(2))  # type: ignore[arg-type]
    assert first.data == example
    assert first.id == second.id
    assert topic_of(kind).carries.count(kind) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.TYPE)
def test_an_event_is_written_as_its_envelope_would_write_it(example: EventData) -> None:
    body = encode(example, service="a")
    time = datetime.fromisoformat(json.loads(body)["time"])
    assert body.decode() == CloudEvent.wrap(example, service="a", time=time).model_dump_json()


def test_an_event_on_a_topic_of_others_is_refused() -> None:
    body = encode(BY_TYPE["octavia.jobs.cancelled.v1"], service="a")
    with pytest.raises(UndecodableEventError):
        decode(body, type(BY_TYPE["octavia.jobs.failed.v1"]))


def test_topic_names_are_unique_and_legal() -> None:
    names = [topic.name for topic in ALL_TOPICS]
    assert len(set(names)) == len(names)
    assert all(name.replace(".", "").replace("-", "").isalnum() and len(name) < 200 for name in names)


def _contains(now: object, then: object) -> bool:
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _contains(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(_contains, now, then))
    return now == then
