"""The table as a whole."""

from judge.connectivity.rows import ROWS, rows
from tests.fakes.looks import look, lookup, machine, relay, upgrade, web


def test_every_row_stands_without_anything_measured() -> None:
    """22 rows of Microsoft's test and two of ours, each with its own id; of nothing, all but the declared place are not measured."""
    told = rows(look())
    assert len(told) == len(ROWS) == 24
    assert len({row.id for row in told}) == 24
    assert {row.id for row in told if row.state != "unmeasured"} == {"location"}
    assert all(row.title and row.value for row in told)


def test_rows_are_what_their_functions_are_called() -> None:
    """One name: a row's id is its function's."""
    assert [row.id for row in rows(look(web(), lookup(), relay(), upgrade(), machine()))] == [function.__name__ for function in ROWS]
