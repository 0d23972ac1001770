"""Holds server/reports/markdown.py: nothing a stranger wrote becomes markup, and no cell is empty."""

from server.reports.markdown import host, table, text


def test_strangers_text() -> None:
    """Markup, line breaks and pipes of a certificate's name stay text."""
    assert text("a|b\n# <b>[x](y)_`") == "a\\|b \\# \\<b\\>\\[x\\](y)\\_\\`"
    assert host("a`b") == "`ab`"


def test_tables() -> None:
    """A missing value is said."""
    assert table(["a", "b"], [["1", ""]]) == ["| a | b |", "| --- | --- |", "| 1 | no data |"]
