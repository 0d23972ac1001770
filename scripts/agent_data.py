"""Writes `agent/products.csv` and `agent/markers.csv` from the judge's knowledge: run it after `local.toml` or `pages.toml` changed.

The agent reads the files because its `run` must not import the judge; `tests/agent/test_products.py` and `test_markers.py` hold them equal.
"""

import csv
import io
import re
from pathlib import Path

from judge.knowledge.loader import load_knowledge

SEEN = ("body", "title", "location", "server")
"""What is in an answer; where a name led, and the host of a redirect, the judge looks at itself."""
AGENT = Path(__file__).parents[1] / "agent"


def products() -> str:
    """Return the marks that are switched on, as the agent reads them."""
    rows = [(one.product or "", one.kind, one.system, one.name) for one in load_knowledge().local if one.enabled and one.product]
    return table(("product", "kind", "system", "name"), rows)


def markers() -> str:
    """Return the marks of pages that are switched on and that only the agent can see, for text in lower case."""
    rows = [(one.id, one.where, lowered(one.pattern)) for one in load_knowledge().pages if one.enabled and one.where in SEEN]
    return table(("id", "where", "pattern"), rows)


def lowered(pattern: str) -> str:
    """Return a pattern for lower-case text; what is behind a backslash is no letter and stays."""
    return re.sub(r"(?<!\\)[A-Z]+", lambda found: found[0].lower(), pattern)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return rows under a heading as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    for name, text in (("products.csv", products()), ("markers.csv", markers())):
        (AGENT / name).write_text(text)
        print(name)
