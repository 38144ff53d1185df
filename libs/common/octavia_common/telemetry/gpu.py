"""Memory of the GPUs that a process sees, as metrics: NVIDIA's own library, which comes with the driver."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import structlog
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)

LIBRARY = "libnvidia-ml.so.1"


@dataclass(frozen=True)
class GpuMemory:
    """Memory of one GPU, in bytes. `used` is by everybody on it: a pod has a GPU of its own."""

    index: int
    used: int
    total: int


class Gpus(Protocol):
    """Whoever can say how much memory of each GPU is used."""

    def memory(self) -> list[GpuMemory]: ...


class GpuMetrics(Collector):
    """Asks at each scrape; a GPU that does not answer is left out, and said once."""

    def __init__(self, gpus: Gpus) -> None:
        self._gpus = gpus
        self._complained = False

    def describe(self) -> list[GaugeMetricFamily]:
        """Asks nothing: registering must not depend on the driver."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        used = GaugeMetricFamily(
            "octavia_gpu_memory_used_bytes", "Memory of a GPU that is in use.", labels=["gpu"]
        )
        total = GaugeMetricFamily("octavia_gpu_memory_total_bytes", "Memory of a GPU.", labels=["gpu"])
        for each in self._memory():
            used.add_metric([str(each.index)], each.used)
            total.add_metric([str(each.index)], each.total)
        yield used
        yield total

    def _memory(self) -> list[GpuMemory]:
        try:
            return self._gpus.memory()
        except OSError as error:
            if not self._complained:
                log.warning("the GPU does not say how much of its memory is used", error=str(error))
                self._complained = True
            return []


class _Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class Nvml:
    """NVIDIA's management library.

    Raises OSError where there is no driver, or it refuses.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        self._call("nvmlInit_v2")

    def memory(self) -> list[GpuMemory]:
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return [self._memory_of(index) for index in range(count.value)]

    def _memory_of(self, index: int) -> GpuMemory:
        device, memory = ctypes.c_void_p(), _Memory()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        self._call("nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory))
        return GpuMemory(index, memory.used, memory.total)

    def _call(self, name: str, *arguments: object) -> None:
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            raise OSError(f"{name} answers {code}")


@cache
def watch_gpus() -> None:
    """Have the process's metrics tell of its GPUs, where there are any; once a process."""
    try:
        gpus = Nvml()
    except OSError:
        return
    REGISTRY.register(GpuMetrics(gpus))
