"""Workers by lag: scalers read groups and topics that are there, and never ask for more than can work."""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from octavia_common import topics
from octavia_common.settings import ServiceSettings
from octavia_common.topics import ALL_TOPICS, Topic

from .manifests import ROOT, Overlay, overlay

SCALED = ("transcriber", "translator", "synthesizer", "assembler")
with_scalers = pytest.mark.parametrize("made", [overlay("cpu"), overlay("gpu")], ids=["cpu", "gpu"])
PARTITIONS = {topic.name: topic.partitions for topic in ALL_TOPICS}


@cache
def groups_of(service: str) -> dict[str, set[str]]:
    """Consumer group → names of its topics, as the service's composition root says them."""
    source = (ROOT / "services" / service / f"octavia_{service}" / "main.py").read_text()
    found: dict[str, set[str]] = {}
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        method = getattr(call.func, "attr", "")
        if method not in ("add_stage", "add_transactional"):
            continue
        name = next(word.value for word in call.keywords if word.arg == "name")
        assert isinstance(name, ast.Constant), f"{service}: the name of a group is not written out"
        given = call.args[0]
        constants = given.keys if isinstance(given, ast.Dict) else [given]
        found[name.value] = {topic_named(constant).name for constant in constants if constant is not None}
        if method == "add_stage":
            retry = topics.retry_topic(service).name
            found[retry] = {retry}
    return found


def topic_named(expression: ast.expr) -> Topic:
    """The topic that `topics.NAME`, or `NAME`, stands for."""
    name = expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
    topic: Topic = getattr(topics, name)
    return topic


def triggers(made: Overlay, name: str) -> list[dict[str, Any]]:
    """What a scaler looks at."""
    found: list[dict[str, Any]] = made.named("ScaledObject", name)["spec"]["triggers"]
    return found


def own_triggers(made: Overlay, service: str) -> Iterator[dict[str, Any]]:
    """Those of the service's own groups; others only wake it early."""
    return (
        each for each in triggers(made, service) if each["metadata"]["consumerGroup"] in groups_of(service)
    )


@with_scalers
def test_a_scaler_reads_what_is_there(made: Overlay) -> None:
    known = {group: read for service in SCALED for group, read in groups_of(service).items()}
    for scaler in made.of("ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert made.deployment(target).name == scaler["metadata"]["name"]
        for trigger in scaler["spec"]["triggers"]:
            about = trigger["metadata"]
            assert about["topic"] in known[about["consumerGroup"]], about
            assert about["offsetResetPolicy"] == "earliest", (
                "as the consumers do, else the first chunk wakes nobody"
            )
            assert tuple(map(int, about["version"].split("."))) >= (2, 1, 0), (
                "Kafka 4 understands nothing older"
            )


def abreast(made: Overlay, service: str) -> int:
    """Chunks that one pod works on at a time, each as a worker of its own: of a client of vLLM several."""
    environment = made.environment(made.deployment(service))
    if environment.get("TRANSLATOR_ENGINE") != "vllm":
        return 1
    return int(environment["TRANSLATOR_THREADS"] or 0)


@with_scalers
@pytest.mark.parametrize("service", SCALED)
def test_a_worker_for_every_chunk_and_no_more_than_partitions(made: Overlay, service: str) -> None:
    """The window lets about as many chunks in as workers can be busy with: by a higher threshold there would
    never be more workers than there are. A worker without a partition idles."""
    main = next(iter(own_triggers(made, service)))["metadata"]
    assert PARTITIONS[main["topic"]] == topics.SPREAD
    assert int(main["lagThreshold"]) == abreast(made, service)
    # 13 workers of 24 partitions do no more than 12.
    assert main["ensureEvenDistributionOfPartitions"] == "true"
    most = made.named("ScaledObject", service)["spec"]["maxReplicaCount"]
    assert most * abreast(made, service) == topics.SPREAD


@with_scalers
@pytest.mark.parametrize("service", SCALED)
def test_whatever_waits_for_a_service_wakes_it(made: Overlay, service: str) -> None:
    """Also what is only put aside to be tried again, and what only moves its tables."""
    watched: dict[str, set[str]] = {}
    for trigger in own_triggers(made, service):
        watched.setdefault(trigger["metadata"]["consumerGroup"], set()).add(trigger["metadata"]["topic"])
    assert watched == groups_of(service)


def test_gpu_stages_go_to_zero_and_wake_together() -> None:
    made = overlay("gpu")
    for name in ("transcriber", "translator", "synthesizer", "vllm"):
        spec = made.named("ScaledObject", name)["spec"]
        assert spec["minReplicaCount"] == 0
        assert spec["initialCooldownPeriod"] >= 1800, (
            "each engine must have started once to tell what it can do"
        )
    for name in ("translator", "synthesizer", "vllm"):
        assert "transcriber.recogniser" in {
            each["metadata"]["consumerGroup"] for each in triggers(made, name)
        }
    vllm = {each["metadata"]["consumerGroup"] for each in triggers(made, "vllm")}
    assert vllm >= set(groups_of("translator")), "a translator that waits for it must wake it"


@with_scalers
def test_nobody_goes_before_a_chunk_is_over(made: Overlay) -> None:
    chunk = 45  # seconds of speech, CHUNK_MAX_SECONDS; no engine that keeps up takes longer
    for scaler in made.of("ScaledObject"):
        assert scaler["spec"]["cooldownPeriod"] > 2 * chunk
        down = scaler["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] > 2 * chunk


@with_scalers
def test_scaled_deployments_do_not_say_how_many(made: Overlay) -> None:
    """An upgrade would set them back to that."""
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in made.of("ScaledObject", "HorizontalPodAutoscaler")
    }
    assert scaled >= {*SCALED, "gateway"}
    for name in scaled:
        assert "replicas" not in made.deployment(name).document["spec"]


@with_scalers
def test_the_database_has_connections_for_all(made: Overlay) -> None:
    allowed = int(
        made.named("Cluster", "octavia-postgres")["spec"]["postgresql"]["parameters"]["max_connections"]
    )
    needed = 0
    for workload in made.workloads("Deployment"):
        if workload.labels.get("octavia/database") != "client":
            continue
        given = made.environment(workload).get("DATABASE_POOL_SIZE") or ServiceSettings().database_pool_size
        listening = 3  # connections outside the pool, for NOTIFY
        needed += most_replicas(made, workload.name) * (int(given) + listening)
    assert needed < allowed - 20


def most_replicas(made: Overlay, name: str) -> int:
    """As many as there can ever be, a rolling upgrade's extra one included."""
    for scaler in made.of("ScaledObject", "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] == name:
            spec = scaler["spec"]
            return int(spec.get("maxReplicaCount") or spec["maxReplicas"]) + 1
    return int(made.deployment(name).document["spec"]["replicas"]) + 1
