"""Heavy engines: each has a Python environment of its own, for their packages agree with nobody else's.

Only the standard library here: the set-up asks this module before any environment exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.layout import Layout


@dataclass(frozen=True)
class EngineEnvironment:
    """An environment `.engines/<name>`, made from requirements/engine-<name>.txt.

    Attributes:
        service: whose processes run in it where `<SERVICE>_ENGINE` is `name`; None for a server that is
            only talked to.
        gib: the disk it takes, in GiB.
        cuda: whether a machine with an NVIDIA GPU gets other packages: requirements/engine-<name>-cuda.txt.
        libraries: our packages that the service needs beside common.
    """

    name: str
    service: str | None
    gib: int
    cuda: bool = False
    libraries: tuple[str, ...] = ()

    def folder(self, layout: Layout) -> Path:
        return layout.engines / self.name

    def python(self, layout: Layout) -> Path:
        return self.folder(layout) / "bin" / "python"

    def lock(self, layout: Layout, *, gpu: bool) -> Path:
        """The locked packages for this machine."""
        suffix = "-cuda" if gpu and self.cuda else ""
        return layout.root / "requirements" / f"engine-{self.name}{suffix}.txt"

    def projects(self, layout: Layout) -> list[Path]:
        """Our own packages that live in it: the service, and what its tests start servers with."""
        if self.service is None:
            return []
        folders = ("libs/common", *self.libraries, f"services/{self.service}", "samples", "deploy/local")
        return [layout.root / folder / "pyproject.toml" for folder in folders]


ENGINES = (
    EngineEnvironment("faster-whisper", "transcriber", gib=1, cuda=True, libraries=("libs/subtitles",)),
    EngineEnvironment("coqui", "synthesizer", gib=8),
    EngineEnvironment("demucs", "assembler", gib=6, libraries=("libs/subtitles",)),
    EngineEnvironment("vllm", None, gib=10, cuda=True),
)
"""Every engine that has an environment of its own. All others run in the platform's."""


def engine(name: str) -> EngineEnvironment:
    """The environment of that name.

    Raises:
        LocalError: there is none.
    """
    for each in ENGINES:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in ENGINES)
    raise LocalError(f"{name!r} has no environment of its own; {names} have.")


def environment_of(service: str, settings: Mapping[str, str]) -> EngineEnvironment | None:
    """Where the service has to run for the engine that is set; None for the platform's own environment."""
    chosen = settings.get(f"{service.upper()}_ENGINE", "")
    return next((each for each in ENGINES if each.service == service and each.name == chosen), None)


def wanted(settings: Mapping[str, str]) -> list[EngineEnvironment]:
    """The environments that some service needs with these settings."""
    return [each for each in ENGINES if each.service and environment_of(each.service, settings) is each]


def program_of(service: str, platform_bin: Path, layout: Layout, settings: Mapping[str, str]) -> Path:
    """The program of a service, in the environment that its engine needs.

    Args:
        platform_bin: where the platform's own environment keeps its programs.

    Raises:
        LocalError: the engine's environment has not been made.
    """
    environment = environment_of(service, settings)
    name = f"octavia-{service}"
    if environment is None:
        return platform_bin / name
    program = environment.folder(layout) / "bin" / name
    if not program.exists():
        raise LocalError(
            f"{service.upper()}_ENGINE={environment.name} needs an environment of its own: "
            f"run `make engines ENGINES={environment.name}`."
        )
    return program


def library_path(service: str, layout: Layout, settings: Mapping[str, str]) -> str | None:
    """LD_LIBRARY_PATH for a service whose engine looks for CUDA's libraries by name; None for others.

    NVIDIA's packages put each library into a folder of its own, which the dynamic loader does not know.
    """
    environment = environment_of(service, settings)
    if environment is None:
        return None
    folders = sorted(environment.folder(layout).glob("lib/python3*/site-packages/nvidia/*/lib"))
    given = settings.get("LD_LIBRARY_PATH", "")
    return ":".join([*map(str, folders), *([given] if given else [])]) if folders else None


def start_seconds(settings: Mapping[str, str]) -> float:
    """How long services may take to start: heavy engines load models, and fetch them the first time."""
    heavy = wanted(settings) or settings.get("TRANSLATOR_ENGINE") == "vllm"
    return 1800.0 if heavy else 180.0


def has_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU with its driver."""
    return Path("/dev/nvidiactl").exists()
