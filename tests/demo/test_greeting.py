"""What the demo says at its start and while it runs."""

from pathlib import Path

import pytest

from demo import greeting
from server.state import events
from tests.fakes.state import fresh


def test_start() -> None:
    """The address comes first; then what is real, what is simulated, on which servers, what to try, and that there is no sign-in."""
    text = "\n".join(greeting.lines(8300, "built in", 60, 4.2))
    assert text.startswith("Middlewatch is up after 4 s, all of it on this machine.\n\n    open        http://127.0.0.1:8300/\n")
    assert "real        four agents" in text
    assert "60 further sites, marked as simulated" in " ".join(text.split())
    assert "scripts/demo insert Frankfurt\n" in text
    assert "The page has no sign-in." in text


def test_other_port_and_no_fleet() -> None:
    """Another port is part of what to type; without a simulated fleet none is told."""
    text = "\n".join(greeting.lines(8311, "built in", 0, 4.2))
    assert "scripts/demo insert Frankfurt --port 8311" in text
    assert "further sites" not in text


async def test_events_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A new event is printed with its sentence; devices that were there when watching began are only counted at the end."""
    database = await fresh(tmp_path)
    appeared = events.EventRow("appeared", "P2", "d-1", "Frankfurt", 1, 5, 6, "Frankfurt: decrypted.", b"{}")
    discovered = events.EventRow("discovered", "P4", "d-2", "Osaka", 1, 5, 6, "Osaka: was there.", b"{}")
    counts = iter([0, 0, 1])

    async def reports(*_: object) -> int:
        if (count := next(counts)) == 0:
            async with database.writing() as connection:
                for one in (appeared, discovered):
                    await events.tell(database, connection, one)
        return count

    monkeypatch.setattr("demo.greeting.reports_of", reports)
    monkeypatch.setattr("demo.greeting.LOOK_EVERY_S", 0)
    await greeting.tell(database, ["porto-01"], 1)
    out = capsys.readouterr().out
    assert "appeared (P2): Frankfurt: decrypted." in out
    assert "Osaka" not in out
    await database.close()
