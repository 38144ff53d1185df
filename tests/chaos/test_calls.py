"""Counting engine calls from logs."""

from pathlib import Path

from .calls import calls_in, made_twice


def test_calls_are_counted(tmp_path: Path) -> None:
    line = '{"event": "engine call", "subject": "j", "chunk": %d, "language": "es", "timestamp": "%d"}\n'
    (tmp_path / "translator-0.log").write_text(line % (1, 30) + "rubbish\n" + line % (0, 10))
    (tmp_path / "translator-1.log").write_text(line % (0, 20))
    calls = calls_in(tmp_path)
    assert [call.chunk for call in calls] == [0, 0, 1]
    assert made_twice(calls) == 1
