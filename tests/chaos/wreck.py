"""Carries a schedule out: on services and servers, with a supervisor that restarts what ends by itself."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence

from octavia_local import guard
from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform
from octavia_local.supervision import Service

from .schedule import Action, Fault


class Wreck:
    """Breaks a platform by a schedule and mends it again."""

    def __init__(self, platform: Platform, servers: OwnServers) -> None:
        self._platform = platform
        self._servers = servers
        self._broken: set[str] = set()

    async def carry_out(self, faults: Sequence[Fault]) -> float:
        """All faults at their times; returns, in seconds, how long it took until all was started again."""
        began = time.monotonic()
        tending = asyncio.create_task(self._tend())
        try:
            async with asyncio.TaskGroup() as group:
                for fault in faults:
                    await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                    print(fault, flush=True)
                    group.create_task(self._carry_out(fault))
            await asyncio.to_thread(self._all_up)
        finally:
            tending.cancel()
            await asyncio.gather(tending, return_exceptions=True)
        return time.monotonic() - began

    async def _carry_out(self, fault: Fault) -> None:
        # Where mending took longer than the schedule thought, the next fault of a target begins later.
        while fault.target in self._broken:
            await asyncio.sleep(0.1)
        self._broken.add(fault.target)
        try:
            if fault.action is Action.PAUSE:
                stopped = await asyncio.to_thread(self._stop_processes, fault.target)
                try:
                    await asyncio.sleep(fault.lasts)
                finally:
                    _signal(stopped, signal.SIGCONT)
            else:
                await asyncio.to_thread(self._end, fault.target, fault.action)
                await asyncio.sleep(fault.lasts)
                await asyncio.to_thread(self._start, fault.target)
        finally:
            self._broken.discard(fault.target)

    def _services(self, target: str) -> Sequence[Service]:
        return self._platform.services.get(target, [])

    def _stop_processes(self, target: str) -> list[int]:
        """SIGSTOP for a target and all below it; which."""
        services = self._services(target)
        roots = [s.process.pid for s in services if s.process.running] if services else []
        if not services:
            roots = [self._servers.named(target).pid]
        stopped: list[int] = []
        for root in roots:
            _signal([root], signal.SIGSTOP)  # first, so that it starts nothing more
            stopped += [root, *guard.descendants(root)]
        _signal(stopped, signal.SIGSTOP)
        return stopped

    def _end(self, target: str, action: Action) -> None:
        services = self._services(target)
        if not services:
            server = self._servers.named(target)
            server.kill() if action is Action.KILL else server.stop()
        for service in services:
            if action is Action.KILL:
                service.process.kill()
            else:
                service.process.stop(25.0)

    def _start(self, target: str) -> None:
        for service in self._services(target):
            service.start()
        if not self._services(target):
            self._servers.named(target).start()

    async def _tend(self) -> None:
        """Start services again that ended by themselves, as any supervisor does."""
        while True:
            for service in self._platform.all():
                name = service.process.name.rpartition("-")[0]
                if name not in self._broken and (line := service.tend(time.monotonic())):
                    print(line, flush=True)
            await asyncio.sleep(0.3)

    def _all_up(self) -> None:
        for name in ("kafka", "postgres", "s3"):
            self._servers.named(name).start()
        for service in self._platform.all():
            if not service.process.running:
                service.start()


def _signal(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
