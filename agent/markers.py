"""Which product's block or notification page an answer is: `markers.csv`, made from the judge's knowledge by `scripts/agent_data.py`. Pure.

A page is read here and stays here: only the ids of marks leave the machine, and a hash of the page without what varies, so that the same
page is known again. The agent must not import the judge, so it carries the few columns it needs.
"""

import csv
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

LOOKED_AT = 65_536
"""As much of a body as is kept (`agent/network/net.py`); block pages are a few kilobytes. All marks take 5 ms on a full one (measured)."""
MAX_MARKS = 16
"""The cap of `wire.facts.WebFacts.page`."""
_TITLE = re.compile(rb"<title[^>]{0,100}>([^<]{0,500})", re.IGNORECASE)
_VARIES = re.compile(rb"[0-9a-f]{6,}|[0-9]+|\s+")


class Marker(NamedTuple):
    """One row: `where` is body, title, location (a whole URL) or server; `pattern` is looked for in lower-case text."""

    id: str
    where: str
    pattern: re.Pattern[str]


@cache
def markers() -> tuple[Marker, ...]:
    """Return the rows of `markers.csv`."""
    rows = csv.DictReader(files("agent").joinpath("markers.csv").read_text(encoding="utf-8").splitlines())
    return tuple(Marker(row["id"], row["where"], re.compile(row["pattern"])) for row in rows)


def page_of(body: bytes, headers: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the ids of the marks an answer shows, and the page's hash (22 characters); nothing of a page without marks.

    `headers`: lower-case names, whole values.
    """
    lowered = body[:LOOKED_AT].lower()
    title = _TITLE.search(lowered)
    shown = {
        "body": lowered.decode("utf-8", "replace"),
        "title": title[1].decode("utf-8", "replace") if title else "",
        "location": headers.get("location", "").lower()[:2048],
        "server": headers.get("server", "").lower()[:512],
    }
    found = [one.id for one in markers() if one.pattern.search(shown[one.where])]
    if not found:
        return [], ""
    digest = hashlib.sha256(_VARIES.sub(b"*", lowered)).hexdigest()
    return found[:MAX_MARKS], digest[:22]
