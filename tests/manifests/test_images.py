"""Container files: one an image, without root, of locked packages alone; and the same images in compose."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from octavia_local.system_packages import NEEDED

from .manifests import OVERLAYS, ROOT, overlay

FOLDER = ROOT / "deploy" / "images"
BAKE: dict[str, Any] = json.loads((FOLDER / "docker-bake.json").read_text())
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml"))
COMMON = (FOLDER / "common.Dockerfile").read_text()
SHIPPED = {name: target for name, target in BAKE["target"].items() if not name.startswith("common-")}

images = pytest.mark.parametrize("target", SHIPPED.values(), ids=SHIPPED)


def source(target: dict[str, Any]) -> str:
    return (ROOT / target["dockerfile"]).read_text()


@images
def test_an_image_runs_without_root_and_ships_no_compiler(target: dict[str, Any]) -> None:
    text = source(target)
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.M)
    assert stages == [("common-build", "build"), ("common-runtime", "")]
    users = re.findall(r"^USER (\S+)$", COMMON + text, re.M)
    assert users[-1] == "10001:10001"
    shipped = text[text.index("FROM common-runtime") :]
    assert re.findall(r"^COPY (.+)$", shipped, re.M) == ["--from=build /opt/octavia /opt/octavia"]
    assert 'ENTRYPOINT ["octavia' in shipped, "as a list: signals reach the service itself"
    assert "ADD " not in text + COMMON


@images
def test_packages_are_those_of_a_lock(target: dict[str, Any]) -> None:
    locked = {path.stem for path in (ROOT / "requirements").glob("*.txt")}
    for command in re.findall(r"(?:pip install)(.*?)\n(?!\s)", COMMON + source(target), re.S):
        named = re.search(r"(?:--constraint|-r) /locks/(\S+?)\.txt", command)
        if named is None:
            assert "--no-deps" in command, f"whatever is newest on that day: {command}"
            continue
        lock = named[1].replace("${LOCK}", target.get("args", {}).get("LOCK", ""))
        assert lock in locked
        assert "--constraint" in command or "--require-hashes" in command


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_needs_is_locked(service: str) -> None:
    """By a constraint that names none of it, anything would be taken."""
    project = tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements" / "platform.txt").read_text().lower()
    for wanted in project["dependencies"]:
        name = re.split(r"[\[<>=~! ;]", wanted)[0].lower()
        if name.startswith("octavia-"):
            for file in (f"{service}.Dockerfile", "tools.Dockerfile"):
                assert f"./libs/{name.removeprefix('octavia-')} " in (FOLDER / file).read_text(), file
        else:
            assert re.search(rf"^{re.escape(name)}==", lock, re.M), wanted


def test_programs_come_from_packages_that_the_launcher_installs_too() -> None:
    known = {package.name for package in NEEDED}
    for target in SHIPPED.values():
        for line in re.findall(r"install -y --no-install-recommends (.*?) \\", source(target)):
            assert set(line.split()) <= known


def test_every_image_of_the_manifests_is_made() -> None:
    made = {tag.replace("${REGISTRY}", "").partition(":")[0] for t in SHIPPED.values() for tag in t["tags"]}
    wanted = {
        workload.container["image"].partition(":")[0]
        for name in OVERLAYS
        for workload in overlay(name).workloads()
        if workload.container["image"].startswith("octavia/")
    }
    assert wanted <= made
    grouped = {name for group in BAKE["group"].values() for name in group["targets"]}
    assert set(SHIPPED) <= grouped
    assert {path.name for path in FOLDER.glob("*.Dockerfile")} == {
        Path(target["dockerfile"]).name for target in BAKE["target"].values()
    }


def test_the_builder_is_given_what_the_files_copy() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        path.split("/")[0]
        for text in (COMMON, *(source(target) for target in SHIPPED.values()))
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
        for path in line.split()
    }
    assert copied == allowed


COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
VERSION = BAKE["variable"]["VERSION"]["default"]


def test_compose_runs_every_service_with_what_it_requires() -> None:
    from .test_settings import required, settings_class, settings_of_any

    for name in SERVICES:
        service = COMPOSE["services"][name]
        assert service["image"] == f"octavia/{name}:${{VERSION:-{VERSION}}}"
        # Engines and the provider are the offline defaults here; one gateway needs no proxy.
        by_default = {"TRUSTED_PROXIES", "VIDEO_PROVIDER", *(f"{each.upper()}_ENGINE" for each in SERVICES)}
        assert required(name, service["environment"], tables=True) - by_default <= set(service["environment"])
        assert set(service["environment"]) <= settings_of_any() | {"TOOL_ISOLATION"}
        grace = float(service["environment"]["SHUTDOWN_GRACE_SECONDS"])
        assert grace * 0.75 > settings_class("transcriber").model_fields["chunk_max_seconds"].default
        assert float(service["stop_grace_period"].removesuffix("s")) >= grace + 15


def test_compose_gives_no_rights() -> None:
    for name, service in COMPOSE["services"].items():
        if service["image"].startswith("octavia/"):
            assert (service["user"], service["read_only"], service["cap_drop"]) == (
                "10001:10001",
                True,
                ["ALL"],
            )
        # Nothing is reached from elsewhere: who opens it to others sets secrets of his own.
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
