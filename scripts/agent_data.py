"""Writes `agent/products.csv` from the judge's knowledge of local products: run it after `judge/knowledge/data/local.toml` changed.

The agent reads the file because its `run` must not import the judge; `tests/agent/test_products.py` holds both equal.
"""

import csv
import io
from pathlib import Path

from judge.knowledge.loader import load_knowledge

AGENT = Path(__file__).parents[1] / "agent"


def products() -> str:
    """Return the marks that are switched on, as the agent reads them."""
    rows = [(one.product or "", one.kind, one.system, one.name) for one in load_knowledge().local if one.enabled and one.product]
    return table(("product", "kind", "system", "name"), rows)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return rows under a heading as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    (AGENT / "products.csv").write_text(products())
    print("products.csv")
