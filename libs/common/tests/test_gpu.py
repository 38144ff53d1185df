"""Memory of GPUs as metrics, with and without a driver."""

import ctypes

import pytest
from octavia_common.telemetry import gpu
from octavia_common.telemetry.gpu import GpuMemory, GpuMetrics, Nvml, watch_gpus
from prometheus_client import CollectorRegistry, generate_latest


class Two:
    """A machine with two GPUs."""

    def memory(self) -> list[GpuMemory]:
        return [GpuMemory(0, 3 * 1024**3, 24 * 1024**3), GpuMemory(1, 0, 80 * 1024**3)]


class Gone:
    """A GPU that has fallen off its bus."""

    def __init__(self) -> None:
        self.asked = 0

    def memory(self) -> list[GpuMemory]:
        self.asked += 1
        raise OSError("nvmlDeviceGetCount_v2 answers 15")


def shown(gpus: gpu.Gpus) -> list[str]:
    registry = CollectorRegistry()
    registry.register(GpuMetrics(gpus))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_each_gpu_is_shown() -> None:
    assert shown(Two()) == [
        'octavia_gpu_memory_used_bytes{gpu="0"} 3.221225472e+09',
        'octavia_gpu_memory_used_bytes{gpu="1"} 0.0',
        'octavia_gpu_memory_total_bytes{gpu="0"} 2.5769803776e+10',
        'octavia_gpu_memory_total_bytes{gpu="1"} 8.589934592e+10',
    ]


def test_a_gpu_that_is_gone_breaks_no_scrape() -> None:
    gone = Gone()
    assert shown(gone) == []
    assert gone.asked == 1


def test_a_machine_without_a_driver_has_no_such_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "LIBRARY", "libnvidia-ml-that-is-not-there.so")
    with pytest.raises(OSError, match="not-there"):
        Nvml()
    watch_gpus.__wrapped__()


class Library:
    """Stands in for NVIDIA's library: one GPU with 10 of 40 bytes used."""

    def nvmlInit_v2(self) -> int:  # noqa: N802
        return 0

    def nvmlDeviceGetCount_v2(self, count: object) -> int:  # noqa: N802
        ctypes.cast(count, ctypes.POINTER(ctypes.c_uint))[0] = 1  # type: ignore[arg-type]
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, device: object) -> int:  # noqa: N802
        return 0 if index.value == 0 else 2

    def nvmlDeviceGetMemoryInfo(self, device: object, memory: object) -> int:  # noqa: N802
        numbers = ctypes.cast(memory, ctypes.POINTER(ctypes.c_ulonglong))  # type: ignore[arg-type]
        numbers[0], numbers[1], numbers[2] = 40, 30, 10
        return 0


def test_the_driver_is_asked_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    assert Nvml().memory() == [GpuMemory(0, used=10, total=40)]
