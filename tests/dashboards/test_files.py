"""What is committed is what is made."""

import json

import pytest

from dashboards.files import files
from tests.tree import ROOT


@pytest.mark.parametrize("name", files())
def test_committed_is_made(name: str) -> None:
    """Run scripts/dashboards after a change of a builder."""
    assert (ROOT / name).read_text() == files()[name], "run scripts/dashboards and commit what changes"
    json.loads(files()[name])


def test_nothing_else_lies_where_grafana_reads_dashboards() -> None:
    """A file without a maker would be served and never tested."""
    assert {f"dashboards/json/{path.name}" for path in (ROOT / "dashboards/json").iterdir()} == {
        name for name in files() if "/json/" in name
    }
