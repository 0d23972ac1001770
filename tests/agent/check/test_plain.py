"""`--json`: names that are promised, and text that any reader takes."""

import json

from agent.check.plain import plain, text
from tests.fakes.checked import ROWS, checked, finding, with_chain


def test_json_has_its_promised_names() -> None:
    """The head, the rows, what the judge's own encoding has, and every sample with its facts."""
    head = ["status", "software", "measured_ns", "seconds", "rows", "knowledge", "policy", "notes", "findings", "samples"]
    assert list(plain(checked([finding("a.example", "clean")]))) == head


def test_rows_and_samples_are_whole() -> None:
    """A row has its six names; a sample is the observation and the facts it names."""
    done = json.loads(text(with_chain([finding("a.example", "inspected", "high")])))
    assert [row["id"] for row in done["rows"]] == [row.id for row in ROWS]
    assert list(done["rows"][0]) == ["id", "title", "state", "value", "details", "fails_when"]
    assert done["samples"][0]["observation"]["tls_ms"] == 21.5
    assert done["samples"][0]["facts"]["target"]["host"] == "a.example"
