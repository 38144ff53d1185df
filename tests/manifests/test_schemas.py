"""What is rendered is of today's sources, and every document keeps to the schema of its kind, strictly."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from octavia_local.deployment import header

from .manifests import OVERLAYS, SOURCES, overlay


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_is_rendered_is_of_todays_sources(name: str) -> None:
    with (SOURCES / "rendered" / f"{name}.yaml").open() as file:
        assert file.readline() == header(SOURCES), "run `make manifests`"


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_document_keeps_to_its_schema(name: str) -> None:
    wrong = [
        f"{document['kind']} {document['metadata']['name']}: {error.json_path}: {error.message}"
        for document in overlay(name).documents
        for error in validator(document["apiVersion"], document["kind"]).iter_errors(document)
    ]
    assert not wrong


def test_a_property_that_is_none_is_found() -> None:
    document = json.loads(json.dumps(overlay("cpu").deployment("gateway").document))
    document["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"
    scaled: dict[str, Any] = json.loads(json.dumps(overlay("cpu").named("ScaledObject", "translator")))
    scaled["spec"]["cooldown"] = 5
    for one in (document, scaled):
        assert list(validator(one["apiVersion"], one["kind"]).iter_errors(one))


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_two_documents_are_the_same_thing(name: str) -> None:
    things = [(d["apiVersion"], d["kind"], d["metadata"]["name"]) for d in overlay(name).documents]
    assert len(things) == len(set(things))


@pytest.mark.parametrize("name", OVERLAYS)
def test_everything_lies_in_the_platforms_namespace(name: str) -> None:
    places = {d["metadata"].get("namespace") for d in overlay(name).documents if d["kind"] != "Namespace"}
    assert places == {"octavia"}


@cache
def validator(api_version: str, kind: str) -> Draft202012Validator:
    """Of one kind. Fails where there is no schema: nothing goes unchecked."""
    group, _, version = api_version.rpartition("/")
    parts = [kind.lower(), group.partition(".")[0], version]
    path = SOURCES / "schemas" / f"{'-'.join(part for part in parts if part)}.json"
    schema: Mapping[str, Any] = json.loads(path.read_text())
    return Draft202012Validator(schema)
