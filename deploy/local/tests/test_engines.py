"""Which environment a service runs in, and what the engines' locks promise."""

import re
from pathlib import Path

import pytest
from octavia_local import engines
from octavia_local.engines import ENGINES, EngineEnvironment
from octavia_local.errors import LocalError
from octavia_local.layout import Layout, repository_root
from octavia_local.plan import real_plan

LOCKS = sorted({each.lock(Layout.default(), gpu=gpu) for each in ENGINES for gpu in (False, True)})


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / ".octavia")


def make_program(layout: Layout, environment: EngineEnvironment) -> Path:
    program = environment.folder(layout) / "bin" / f"octavia-{environment.service}"
    program.parent.mkdir(parents=True)
    program.touch()
    return program


def test_a_service_runs_in_the_platforms_environment_unless_its_engine_has_one(layout: Layout) -> None:
    settings = {"SYNTHESIZER_ENGINE": "espeak", "TRANSLATOR_ENGINE": "vllm"}
    for service in ("transcriber", "translator", "synthesizer"):
        assert engines.program_of(service, layout.venv_bin, layout, settings) == (
            layout.venv_bin / f"octavia-{service}"
        )
    assert engines.wanted(settings) == []


@pytest.mark.parametrize("environment", [each for each in ENGINES if each.service])
def test_a_heavy_engine_is_run_by_its_own_environment(layout: Layout, environment: EngineEnvironment) -> None:
    settings = {f"{environment.service}_ENGINE".upper(): environment.name}
    assert environment.service is not None
    with pytest.raises(LocalError, match=f"make engines ENGINES={environment.name}"):
        engines.program_of(environment.service, layout.venv_bin, layout, settings)
    program = make_program(layout, environment)
    assert engines.program_of(environment.service, layout.venv_bin, layout, settings) == program
    assert engines.wanted(settings) == [environment]
    assert engines.program_of("gateway", layout.venv_bin, layout, settings).parent == layout.venv_bin


def test_the_launcher_starts_each_service_from_where_its_engine_is(layout: Layout) -> None:
    coqui = engines.engine("coqui")
    program = make_program(layout, coqui)
    layout.venv_bin.mkdir(parents=True)
    for service in ("transcriber", "synthesizer"):
        (layout.venv_bin / f"octavia-{service}").touch()
    plan = real_plan(layout, {"SYNTHESIZER_ENGINE": "coqui"})
    assert plan.services == {
        "transcriber": [str(layout.venv_bin / "octavia-transcriber")],
        "synthesizer": [str(program)],
    }


def test_cuda_libraries_of_an_environment_are_found_by_name(layout: Layout) -> None:
    whisper = engines.engine("faster-whisper")
    settings = {"TRANSCRIBER_ENGINE": "faster-whisper", "LD_LIBRARY_PATH": "/given"}
    assert engines.library_path("transcriber", layout, settings) is None
    packages = whisper.folder(layout) / "lib/python3.11/site-packages/nvidia"
    for name in ("cudnn", "cublas"):
        (packages / name / "lib").mkdir(parents=True)
    assert engines.library_path("transcriber", layout, settings) == ":".join(
        [str(packages / "cublas/lib"), str(packages / "cudnn/lib"), "/given"]
    )
    assert engines.library_path("translator", layout, settings) is None


def test_an_unknown_engine_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LocalError, match="coqui"):
        engines.engine("pocketsphinx")


def test_a_machine_with_a_gpu_takes_the_lock_for_it_where_there_is_one() -> None:
    layout = Layout.default()
    names = {each.name: each.lock(layout, gpu=True).name for each in ENGINES}
    assert names == {
        "faster-whisper": "engine-faster-whisper-cuda.txt",
        "coqui": "engine-coqui.txt",
        "demucs": "engine-demucs.txt",
        "vllm": "engine-vllm-cuda.txt",
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_and_hashes_everything_and_names_no_place(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*", text, re.MULTILINE)
    assert pinned
    assert all(
        re.match(r"[a-zA-Z0-9._-]+(\[[a-z,-]+\])?==\S+", line) and line.endswith("\\") for line in pinned
    )
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
    assert "--index" not in text
    assert str(repository_root()) not in text


def test_all_engines_have_the_same_torch() -> None:
    versions = {
        found for lock in LOCKS for found in re.findall(r"^torch==(\S+)", lock.read_text(), re.MULTILINE)
    }
    assert len(versions) == 1
