"""Several things at once, a bounded number of them, the first error as itself."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def each(items: Iterable[T], work: Callable[[T], Coroutine[Any, Any, R]], *, at_once: int) -> list[R]:
    """What `work` makes of each item, in their order. Where one fails the others are stopped, and its error
    is raised as it is: the shell tells kinds of errors apart by type."""
    free = asyncio.Semaphore(at_once)

    async def one(item: T) -> R:
        async with free:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one(item)) for item in items]
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return [task.result() for task in running]


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each of a few gives, in their order; errors as in `each`."""

    async def one(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await coroutine

    return await each(work, one, at_once=max(len(work), 1))
