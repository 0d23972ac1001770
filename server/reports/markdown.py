"""Markdown of our documents: escaping what strangers wrote, tables. Text only."""

from collections.abc import Iterable, Sequence


def text(value: str) -> str:
    """Return a value on one line that cannot be taken for markup: names in certificates are a stranger's."""
    escaped = "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in value)
    return " ".join(escaped.split())


def host(name: str) -> str:
    """Return a host name as code, so that no mail program makes it a link."""
    return f"`{name.replace('`', '')}`"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; cells are markup already. An empty cell says `no data`."""
    lines = [_row(heads), _row(["---"] * len(heads))]
    return lines + [_row([cell or "no data" for cell in row]) for row in rows]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
