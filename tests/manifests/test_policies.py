"""Rules that every manifest keeps: rights, probes, bounds, and who may speak with whom."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from octavia_local.vllm import command

from .manifests import OVERLAYS, Overlay, Workload, overlay

SERVICES = ("gateway", "billing", "transcriber", "translator", "synthesizer", "assembler", "videogen")

workloads = pytest.mark.parametrize(
    ("name", "workload"),
    [
        pytest.param(name, workload, id=f"{name}-{workload.kind}-{workload.name}".lower())
        for name in OVERLAYS
        for workload in overlay(name).workloads()
    ],
)
overlays = pytest.mark.parametrize("made", [overlay(name) for name in OVERLAYS], ids=OVERLAYS)


@workloads
def test_a_pod_has_no_rights(name: str, workload: Workload) -> None:
    pod, container = workload.pod, workload.container
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "Kubernetes would invent variables of our settings' names"
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert not context.get("privileged")
    if not workload.for_trying_out:
        assert context["readOnlyRootFilesystem"] is True
    allowed = {"emptyDir", "persistentVolumeClaim", "configMap"}
    assert {kind for volume in pod.get("volumes", ()) for kind in volume if kind != "name"} <= allowed


@workloads
def test_a_pod_has_bounds(name: str, workload: Workload) -> None:
    requests, limits = (workload.container["resources"][what] for what in ("requests", "limits"))
    assert {"cpu", "memory"} <= set(requests)
    assert "memory" in limits
    assert "cpu" not in limits, "a bound on the processor only makes everything slower"
    if not workload.for_trying_out:
        assert "ephemeral-storage" in limits
        directories = [v["emptyDir"] for v in workload.pod["volumes"] if "emptyDir" in v]
        assert all("sizeLimit" in directory for directory in directories)
        on_disk = sum(gib(each["sizeLimit"]) for each in directories if each.get("medium") != "Memory")
        assert gib(limits["ephemeral-storage"]) > on_disk, "the pod would be evicted before its disk is full"


@workloads
def test_an_image_has_a_version(name: str, workload: Workload) -> None:
    image, _, tag = workload.container["image"].rpartition(":")
    assert image
    assert tag not in ("", "latest")


@overlays
def test_every_service_is_there_watched_and_protected(made: Overlay) -> None:
    for service in SERVICES:
        workload = made.deployment(service)
        for probe, path in (("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")):
            assert workload.container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "health"}
        ports = {port["name"]: port["containerPort"] for port in workload.container["ports"]}
        assert str(ports["health"]) == made.environment(workload)["HEALTH_PORT"]
        budget = made.named("PodDisruptionBudget", service)["spec"]
        assert budget["maxUnavailable"] == 1
        assert selects(budget["selector"], workload.labels)
        spread = {constraint["topologyKey"] for constraint in workload.pod["topologySpreadConstraints"]}
        assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


@overlays
def test_a_service_of_few_replicas_never_has_none_during_an_upgrade(made: Overlay) -> None:
    for service in ("gateway", "billing", "videogen"):
        assert made.deployment(service).document["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@overlays
def test_a_selector_finds_the_pods_it_is_for(made: Overlay) -> None:
    pods = [workload.labels for workload in made.workloads()]
    for service in made.of("Service"):
        found = [labels for labels in pods if selects({"matchLabels": service["spec"]["selector"]}, labels)]
        assert len(found) == 1, service["metadata"]["name"]
    for workload in made.workloads("Deployment", "StatefulSet"):
        assert selects(workload.document["spec"]["selector"], workload.labels)


@overlays
def test_secrets_come_by_reference(made: Overlay) -> None:
    for workload in made.workloads():
        for entry in workload.container.get("env", ()):
            secret = any(
                word in entry["name"] for word in ("SECRET", "PASSWORD", "_KEY", "TOKEN", "DATABASE_URL")
            )
            assert not secret or "secretKeyRef" in entry.get("valueFrom", {}), f"{workload} {entry['name']}"
    if made.name != "kind":
        assert not list(made.of("Secret"))


@overlays
def test_whatever_is_not_allowed_is_refused(made: Overlay) -> None:
    deny = made.named("NetworkPolicy", "deny-all")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert (
        made.named("Namespace", "octavia")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "restricted"
    )


@overlays
def test_no_policy_lets_everything_through(made: Overlay) -> None:
    for policy in made.of("NetworkPolicy"):
        rules = [*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())]
        name = policy["metadata"]["name"]
        assert name == "deny-all" or rules
        assert all(rules), f"{name}: an empty rule allows everything"
        for rule in policy["spec"].get("egress", ()):
            anywhere = any("ipBlock" in peer for peer in rule["to"])
            assert not anywhere or rule.get("ports"), f"{name}: every port of everywhere"


@overlays
def test_only_who_needs_a_server_reaches_it(made: Overlay) -> None:
    labels = {service: made.deployment(service).labels for service in SERVICES}
    with_tables = {"gateway", "billing", "transcriber", "assembler", "videogen"}
    assert {s for s in SERVICES if labels[s].get("octavia/database") == "client"} == with_tables
    assert {s for s in SERVICES if labels[s].get("octavia/internet") == "client"} == {"gateway", "videogen"}
    assert all(labels[service]["octavia/kafka"] == "client" for service in SERVICES)
    assert all(labels[service]["octavia/store"] == "client" for service in SERVICES)


@overlays
@pytest.mark.parametrize("server", ["kafka", "database", "store"])
def test_what_a_client_may_ask_the_server_may_answer(made: Overlay, server: str) -> None:
    policy = made.named("NetworkPolicy", f"{server}-clients")["spec"]
    assert policy["podSelector"]["matchLabels"] == {f"octavia/{server}": "client"}
    (ports,) = {
        rule["ports"][0]["port"]
        for rule in policy["egress"]
        for peer in rule["to"]
        if peer.get("podSelector", {}).get("matchLabels") == {f"octavia/{server}": "server"}
    }
    if server == "store" and made.name != "kind":
        return  # somebody else's, outside the cluster
    if server == "kafka" and made.name != "kind":  # Strimzi writes its own policy, of what the listener says
        (listener,) = made.named("Kafka", "octavia")["spec"]["kafka"]["listeners"]
        allowed = [peer.get("podSelector", {}).get("matchLabels") for peer in listener["networkPolicyPeers"]]
        assert (listener["port"], True) == (ports, {"octavia/kafka": "client"} in allowed)
        return
    assert ports in set(ports_open_to(made, server))


def ports_open_to(made: Overlay, server: str) -> Iterator[int]:
    """Ports at which pods with the label of a client are let in by the server's policy."""
    for policy in made.of("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", ()):
            for peer in rule.get("from", ()):
                if peer.get("podSelector", {}).get("matchLabels") == {f"octavia/{server}": "client"}:
                    yield from (port["port"] for port in rule["ports"])


def test_who_reaches_the_language_model() -> None:
    made = overlay("gpu")
    rules = made.named("NetworkPolicy", "vllm")["spec"]["ingress"]
    peers = [peer.get("podSelector") for rule in rules for peer in rule["from"] if "podSelector" in peer]
    assert peers == [{"matchLabels": {"app.kubernetes.io/name": "translator"}}]
    assert not any(
        "vllm" in str(p["spec"]["podSelector"]) for p in made.of("NetworkPolicy") if p["spec"].get("egress")
    )


WITH_GPU = {
    "gpu": {"transcriber", "synthesizer", "vllm"},
    "gpu-separation": {"transcriber", "synthesizer", "vllm", "assembler"},
}


@pytest.mark.parametrize(
    ("where", "name"), [(o, name) for o, names in WITH_GPU.items() for name in sorted(names)]
)
def test_a_gpu_stage_has_one_gpu_of_a_gpu_node(where: str, name: str) -> None:
    workload = overlay(where).deployment(name)
    assert workload.container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert workload.pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in workload.pod[
        "tolerations"
    ]
    (models,) = [mount for mount in workload.container["volumeMounts"] if mount["name"] == "models"]
    assert models["readOnly"] is True
    assert workload.document["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0, (
        "no GPU may be free for it"
    )


def test_vllm_is_started_as_make_vllm_starts_it() -> None:
    """The translator is tested with a server of these options; names, places and sizes are the cluster's."""
    arguments = command(Path("python"), "model", "0.0.0.0", 8000)[3:]
    options: dict[str, str] = {}
    for argument in arguments:
        if argument.startswith("--"):
            options[argument] = ""
        else:
            options[list(options)[-1]] = argument
    there = dict(each.partition("=")[::2] for each in overlay("gpu").deployment("vllm").container["args"])
    assert options | {"--model": "/models/translator"} == {name: there.get(name) for name in options}


@pytest.mark.parametrize("where", WITH_GPU)
def test_nobody_else_takes_a_gpu_node(where: str) -> None:
    for workload in overlay(where).workloads():
        if workload.name not in WITH_GPU[where]:
            assert "tolerations" not in workload.pod
            assert "nvidia.com/gpu" not in workload.container["resources"]["limits"]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a selector of labels finds a pod."""
    return bool(selector["matchLabels"]) and all(
        labels.get(k) == v for k, v in selector["matchLabels"].items()
    )


def gib(quantity: str) -> float:
    """A quantity of bytes in GiB. Raises ValueError for a unit that is not used here."""
    for unit, size in (("Mi", 1 / 1024), ("Gi", 1.0)):
        if quantity.endswith(unit):
            return float(quantity.removesuffix(unit)) * size
    raise ValueError(quantity)
