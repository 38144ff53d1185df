"""A batch that is as large as the device's memory allows."""

from collections.abc import Callable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

_SIGNS = ("out of memory", "bad_alloc", "failed to allocate", "cannot allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of ctranslate2 (RuntimeError in its own words) or Python means too little memory."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)


class Batches:
    """The size of batches: halved whenever the memory does not suffice, for as long as the process lives."""

    def __init__(self, size: int) -> None:
        self.size = size

    def attempt(self, work: Callable[[int], T]) -> T:
        """What `work` makes in batches of the size it is given. The last one's error is raised at size 1."""
        while True:
            try:
                return work(self.size)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self.size == 1:
                    raise
                self.size //= 2
                log.warning("too little memory: smaller batches from now on", size=self.size)
