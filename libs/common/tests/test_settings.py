"""What the environment says of a path."""

from pathlib import Path

import pytest
from octavia_common.settings import ServiceSettings


@pytest.mark.parametrize(("given", "read"), [("", None), ("/scratch", Path("/scratch"))])
def test_an_empty_variable_is_no_path(monkeypatch: pytest.MonkeyPatch, given: str, read: Path | None) -> None:
    monkeypatch.setenv("SCRATCH_DIR", given)
    assert ServiceSettings().scratch_dir == read
