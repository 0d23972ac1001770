"""Pieces of InfluxQL that Grafana's macros make whole: `$timeFilter`, `$__interval`. Text only.

Only what InfluxDB 1, 2 and 3 all run (docs/decisions/009-dashboards.md). Steps are filled with null, never with the previous value: a gap
is a state to be seen.
"""

from collections.abc import Iterable, Sequence

NEWEST = 50
"""Rows of a list of what happened."""


def select(what: str, measurement: str, where: str = "", by: Sequence[str] = (), *, steps: bool = False, newest: bool = False) -> str:
    """Return a query over the window of the page, by these tags; `steps` gives one value a step, `newest` the last rows first."""
    tags = ", ".join(f'"{tag}"' for tag in by)
    groups = ", ".join(part for part in ("time($__interval)" if steps else "", tags) if part)
    text = f'SELECT {what} FROM "{measurement}" WHERE $timeFilter' + (f" AND {where}" if where else "")
    text += f" GROUP BY {groups}" if groups else ""
    return text + (" fill(null)" if steps else "") + (f" ORDER BY time DESC LIMIT {NEWEST}" if newest else "")


def over(what: str, inner: str, where: str = "", by: Sequence[str] = ()) -> str:
    """Return a query over the rows of another one."""
    tags = ", ".join(f'"{tag}"' for tag in by)
    return f"SELECT {what} FROM ({inner})" + (f" WHERE {where}" if where else "") + (f" GROUP BY {tags}" if tags else "")


def names(fields: Iterable[str]) -> str:
    """Return fields or tags as they stand in a SELECT."""
    return ", ".join(f'"{one}"' for one in fields)


def last(field: str, others: Iterable[str] = ()) -> str:
    """Return the newest value of a field with the other fields of that same point: they belong together."""
    return ", ".join([f'last("{field}") AS "{field}"', *(f'"{one}"' for one in others)])


def any_of(name: str, values: Iterable[int]) -> str:
    """Return the condition that a number is one of these."""
    return " OR ".join(f'"{name}" = {value}' for value in values)
