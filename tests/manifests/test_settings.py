"""Every setting that a service needs in a cluster is given, and nothing is given that no service reads."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

import pytest
from octavia_common.settings import ServiceSettings
from pydantic import SecretStr

from .manifests import OVERLAYS, Overlay, overlay

SERVICES = sorted(point.name for point in entry_points(group="octavia.settings"))
overlays = pytest.mark.parametrize("made", [overlay(name) for name in OVERLAYS], ids=OVERLAYS)

ALWAYS = {"SCRATCH_DIR", "SHUTDOWN_GRACE_SECONDS", "HEALTH_PORT", "S3_BUCKET", "S3_REGION"}
"""Have defaults that are right on one machine, and not where the root is read-only and pods are stopped."""

NEEDED = {
    "gateway": {"JWT_SECRET", "PUBLIC_URL", "TRUSTED_PROXIES", "S3_PUBLIC_ENDPOINT"},
    "transcriber": {"TRANSCRIBER_ENGINE"},
    "translator": {"TRANSLATOR_ENGINE"},
    "synthesizer": {"SYNTHESIZER_ENGINE"},
    "videogen": {"VIDEO_PROVIDER"},
}
"""Empty, or chosen for one machine, and said in every manifest."""

ONLY_WITH = {
    "OPENAI_VIDEOS_BASE_URL": ("VIDEO_PROVIDER", "openai-videos"),
    "LLM_URL": ("TRANSLATOR_ENGINE", "vllm"),
}
"""Addresses that only one engine or provider reads."""


@cache
def settings_class(service: str) -> type[ServiceSettings]:
    (point,) = (point for point in entry_points(group="octavia.settings") if point.name == service)
    loaded = point.load()
    assert issubclass(loaded, ServiceSettings)
    return loaded


def required(service: str, given: Mapping[str, str | None], *, tables: bool) -> set[str]:
    """What a service must be told: whatever by default is this very machine, or a secret of development."""
    local = set()
    for name, field in settings_class(service).model_fields.items():
        default = field.default
        secret = isinstance(default, SecretStr)
        value = default.get_secret_value() if secret else default
        if (secret and value) or (isinstance(value, str) and ("127.0.0.1" in value or "localhost" in value)):
            local.add(name.upper())
    excused = {name for name, (setting, value) in ONLY_WITH.items() if given.get(setting) != value}
    if not tables:
        excused.add("DATABASE_URL")
    return (local - excused) | ALWAYS | NEEDED.get(service, set())


@overlays
@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_requires_is_given(made: Overlay, service: str) -> None:
    workload = made.deployment(service)
    environment = made.environment(workload)
    tables = workload.labels.get("octavia/database") == "client"
    needed = required(service, environment, tables=tables)
    assert needed <= {name for name, value in environment.items() if value is not None}


def test_what_is_required_is_found_in_the_settings_themselves() -> None:
    assert required("gateway", {}, tables=True) >= {
        "KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY",
        "HEALTH_HOST", "GATEWAY_HOST", "JWT_SECRET",
    }  # fmt: skip
    assert "LLM_URL" in required("translator", {"TRANSLATOR_ENGINE": "vllm"}, tables=False)


@overlays
@pytest.mark.parametrize("service", SERVICES)
def test_what_is_given_is_a_setting(made: Overlay, service: str) -> None:
    """A name with a slip in it would be passed over in silence."""
    known = {name.upper() for name in settings_class(service).model_fields}
    common = {"TOOL_ISOLATION", *settings_of_any()}
    workload = made.deployment(service)
    own = {entry["name"] for entry in workload.container["env"]}
    assert own <= known
    assert set(made.environment(workload)) <= known | common


@overlays
@pytest.mark.parametrize("service", SERVICES)
def test_the_service_takes_what_it_is_given(
    made: Overlay, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = made.environment(made.deployment(service))
    for name, value in environment.items():
        if value is not None:
            monkeypatch.setenv(name, SECRET if value == "(secret)" else value)
    settings = settings_class(service)()
    assert settings.health_host == "0.0.0.0"
    assert str(settings.scratch_dir) == "/scratch"


SECRET = "x" * 40


@overlays
def test_the_topics_are_made_by_the_same_settings(made: Overlay) -> None:
    (job,) = [workload for workload in made.workloads("Job") if workload.name == "topics"]
    given: Mapping[str, str | None] = made.environment(job)
    assert given["KAFKA_REPLICATION_FACTOR"] == ("1" if made.name == "kind" else "3")
    assert job.container["args"] == ["topics", "apply"]


@overlays
@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_is_given_time_to_finish_a_chunk(made: Overlay, service: str) -> None:
    """Work in hand is abandoned after three quarters of the grace; then the groups are left, within 15 s."""
    workload = made.deployment(service)
    grace = float(made.environment(workload)["SHUTDOWN_GRACE_SECONDS"] or 0)
    longest_chunk = settings_class("transcriber").model_fields["chunk_max_seconds"].default
    before = workload.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert grace * 0.75 > longest_chunk
    assert workload.pod["terminationGracePeriodSeconds"] >= before + grace + 15


@cache
def settings_of_any() -> set[str]:
    """Settings of any service: those of one that lie in the common map are read by that one alone."""
    return {name.upper() for service in SERVICES for name in settings_class(service).model_fields}
