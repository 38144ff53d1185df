"""A service that starts beside its servers waits for them."""

import pytest
from aiokafka.errors import KafkaConnectionError
from octavia_common import patience
from octavia_common.errors import PermanentError, TransientError
from octavia_common.patience import once_there


def passing(error: BaseException) -> bool:
    return isinstance(error, (TransientError, KafkaConnectionError, OSError))


class Away:
    """Fails with each of `errors` in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


async def test_what_is_away_is_waited_for() -> None:
    call = Away(KafkaConnectionError("no broker"), TransientError("no store"), ConnectionRefusedError())
    await once_there(call, passing)
    assert call.calls == 4


async def test_patience_ends_with_the_last_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "START_PATIENCE_SECONDS", 0.0)
    with pytest.raises(TransientError, match="no store"):
        await once_there(Away(TransientError("no store")), passing)


async def test_what_does_not_pass_is_not_waited_for() -> None:
    call = Away(PermanentError("wrong key"))
    with pytest.raises(PermanentError):
        await once_there(call, passing)
    assert call.calls == 1
