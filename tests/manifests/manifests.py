"""The rendered manifests, as the tests look at them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "deploy" / "k8s"
OVERLAYS = ("cpu", "gpu", "gpu-separation", "kind")

SERVERS_FOR_TRYING_OUT = ("octavia/for", "trying-out")
"""The label of the servers of the overlay `kind`, images of others that want to write into their root."""


@dataclass(frozen=True)
class Workload:
    """Whatever runs pods: a Deployment, a StatefulSet or a Job."""

    document: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def template(self) -> Mapping[str, Any]:
        return self.document["spec"]["template"]

    @property
    def pod(self) -> Mapping[str, Any]:
        return self.template["spec"]

    @property
    def labels(self) -> Mapping[str, str]:
        return self.template["metadata"]["labels"]

    @property
    def container(self) -> Mapping[str, Any]:
        (container,) = self.pod["containers"]
        return container

    @property
    def for_trying_out(self) -> bool:
        key, value = SERVERS_FOR_TRYING_OUT
        return self.labels.get(key) == value

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Overlay:
    """Everything that one overlay puts into a cluster."""

    name: str
    documents: tuple[Mapping[str, Any], ...]

    def of(self, *kinds: str) -> Iterator[Mapping[str, Any]]:
        """The documents of these kinds."""
        return (document for document in self.documents if document["kind"] in kinds)

    def named(self, kind: str, name: str) -> Mapping[str, Any]:
        """The one document. Raises KeyError where there is none."""
        for document in self.of(kind):
            if document["metadata"]["name"] == name:
                return document
        raise KeyError(f"{kind} {name}")

    def workloads(self, *kinds: str) -> list[Workload]:
        """What runs pods, of these kinds or of all."""
        return [Workload(document) for document in self.of(*(kinds or ("Deployment", "StatefulSet", "Job")))]

    def deployment(self, name: str) -> Workload:
        """The Deployment of that name. Raises KeyError where there is none."""
        return Workload(self.named("Deployment", name))

    def environment(self, workload: Workload) -> dict[str, str | None]:
        """Variables of its container; None for a value that comes from a secret and may be missing, and
        "(secret)" for one that must be there."""
        variables: dict[str, str | None] = {}
        for source in workload.container.get("envFrom", ()):
            variables |= self.named("ConfigMap", source["configMapRef"]["name"])["data"]
        for entry in workload.container.get("env", ()):
            if "value" in entry:
                variables[entry["name"]] = entry["value"]
            else:
                reference = entry["valueFrom"]["secretKeyRef"]
                variables[entry["name"]] = None if reference.get("optional") else "(secret)"
        return variables


@cache
def overlay(name: str) -> Overlay:
    """An overlay as it was rendered."""
    text = (SOURCES / "rendered" / f"{name}.yaml").read_text()
    return Overlay(name, tuple(yaml.load_all(text, Loader=yaml.CSafeLoader)))
