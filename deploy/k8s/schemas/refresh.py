"""Make the schemas beside this file anew: strict, whole, without descriptions, one file a kind.

    python deploy/k8s/schemas/refresh.py --kubernetes FOLDER --crds FILE…

`--kubernetes` is a folder of strict Kubernetes schemas with their `_definitions.json`, such as
`kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict` of the package kubernetes-validate on PyPI.
`--crds` are the CustomResourceDefinitions of the operators' releases. Needs PyYAML. README.md says what these
were made from.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent

KUBERNETES = (
    "configmap-v1",
    "deployment-apps-v1",
    "horizontalpodautoscaler-autoscaling-v2",
    "ingress-networking-v1",
    "job-batch-v1",
    "namespace-v1",
    "networkpolicy-networking-v1",
    "persistentvolumeclaim-v1",
    "poddisruptionbudget-policy-v1",
    "secret-v1",
    "service-v1",
    "serviceaccount-v1",
    "statefulset-apps-v1",
)
CUSTOM = ("Kafka", "KafkaNodePool", "Cluster", "ScheduledBackup", "ObjectStore", "ScaledObject", "PodMonitor",
          "PrometheusRule")  # fmt: skip
# Version served to new objects, where a definition has several.
VERSIONS = {"Kafka": "v1", "KafkaNodePool": "v1"}


def main() -> None:
    """Write a file for each kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", type=Path, required=True)
    parser.add_argument("--crds", type=Path, nargs="+", required=True)
    given = parser.parse_args()
    definitions = json.loads((given.kubernetes / "_definitions.json").read_text())["$defs"]
    for name in KUBERNETES:
        schema = json.loads((given.kubernetes / f"{name}.json").read_text())
        write(name, with_definitions(without_descriptions(schema), definitions))
    for path in given.crds:
        for crd in yaml.safe_load_all(path.read_text()):
            if crd and crd["kind"] == "CustomResourceDefinition" and crd["spec"]["names"]["kind"] in CUSTOM:
                write(*of_custom_resource(crd["spec"]))


def of_custom_resource(spec: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and schema of the version to be used."""
    kind = spec["names"]["kind"]
    wanted = VERSIONS.get(kind)
    version = next(v for v in spec["versions"] if (v["name"] == wanted if wanted else v["storage"]))
    schema = strict(without_descriptions(version["schema"]["openAPIV3Schema"]))
    schema["properties"] |= {name: {"type": "string"} for name in ("apiVersion", "kind")}
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return f"{kind.lower()}-{spec['group'].split('.')[0]}-{version['name']}", schema


def strict(schema: Any) -> Any:
    """With OpenAPI's own words in those of JSON Schema, and no property beside those that are named."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: strict(each) for name, each in value.items()}
        elif not key.startswith("x-kubernetes-") and key not in ("nullable", "format"):
            made[key] = strict(value)
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("anyOf", None)
        made["type"] = ["integer", "string"]
    if "properties" in made and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def without_descriptions(schema: Any) -> Any:
    """Without words for people; a property that is called `description` stays."""
    if isinstance(schema, list):
        return [without_descriptions(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_descriptions(value)
        for key, value in schema.items()
        if not (key in ("description", "default", "example") and not isinstance(value, dict))
        and not key.startswith("x-kubernetes-patch")
    }


def with_definitions(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """With everything it refers to inside."""
    text = json.dumps(schema).replace("/api/_definitions.json#", "#")
    needed: dict[str, Any] = {}
    waiting = list(references(json.loads(text)))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            body = json.dumps(without_descriptions(definitions[name])).replace("/api/_definitions.json#", "#")
            needed[name] = json.loads(body)
            waiting.extend(references(needed[name]))
    return {**json.loads(text), "$defs": dict(sorted(needed.items()))}


def references(schema: Any) -> Iterable[str]:
    """Names of the definitions that are referred to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/$defs/")
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from references(each)


def write(name: str, schema: dict[str, Any]) -> None:
    """One line: it is read by programs."""
    (HERE / f"{name}.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
