"""Alerts and dashboard ask for metrics that are there, and every alert says what to do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .manifests import ROOT, overlay

FOLDER = ROOT / "deploy" / "observability"
OTHERS = {"up", "kafka_consumergroup_lag"}
"""Of Prometheus itself, and of the exporter that Strimzi puts beside Kafka."""

DEFINED = re.compile(r'\b(Counter|Count|Gauge|Histogram|GaugeMetricFamily)\(\s*"(octavia_\w+)"')
USED = re.compile(r"\b(octavia_\w+|kafka_\w+|up)\b(?=[{\s)\[]|$)")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def names_of(kind: str, name: str) -> set[str]:
    """The series that a metric makes."""
    if kind == "Histogram":
        return {f"{name}_{part}" for part in ("bucket", "count", "sum")}
    return {name}


def metrics() -> set[str]:
    """Every series that the services' code makes."""
    return {
        series
        for folder in ("libs/common/octavia_common", *(f"services/{path.name}" for path in services()))
        for path in (ROOT / folder).rglob("*.py")
        if "tests" not in path.parts
        for kind, name in DEFINED.findall(path.read_text())
        for series in names_of(kind, name)
    }


def services() -> Iterator[Path]:
    return (path for path in (ROOT / "services").iterdir() if path.is_dir())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_is_there_and_says_what_to_do(rule: dict[str, Any]) -> None:
    used = set(USED.findall(rule["expr"]))
    assert used
    assert used <= metrics() | OTHERS
    assert rule["labels"]["severity"] in ("page", "ticket")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.M)
    assert anchor in {heading.lower() for heading in headings}


def test_every_alert_is_tested() -> None:
    tests = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text())["tests"]
    fired = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in rules()}


def test_the_dashboard_shows_what_is_there() -> None:
    board = json.loads((FOLDER / "dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    used = {name for expression in asked for name in USED.findall(expression)}
    assert used <= metrics() | OTHERS
    must = {
        "octavia_event_age_seconds_bucket", "octavia_handler_seconds_bucket", "kafka_consumergroup_lag",
        "octavia_outbox_oldest_seconds", "octavia_dead_letters_total", "octavia_billing_overdue_holds",
        "octavia_engine_seconds_count", "octavia_videogen_orders_total", "octavia_sse_connections",
        "octavia_gpu_memory_used_bytes",
    }  # fmt: skip
    assert must <= used
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_cluster_has_the_same_rules_and_dashboard(name: str) -> None:
    made = overlay(name)
    in_cluster = made.named("PrometheusRule", "octavia")["spec"]["groups"]
    assert in_cluster == yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    boards = [d for d in made.of("ConfigMap") if d["metadata"].get("labels", {}).get("grafana_dashboard")]
    (board,) = boards
    assert json.loads(board["data"]["dashboard.json"]) == json.loads((FOLDER / "dashboard.json").read_text())
