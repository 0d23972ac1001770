"""Files of spreadsheets: every encoding and separator they write, and rows that are broken without breaking others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fleet.tables import lines_of, table

CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from(' ",;'), max_size=8).map(
    lambda text: " ".join(text.split())
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_write(encoding: str, separator: str, end: str) -> None:
    """Marks, separators, line ends; blank rows and blanks around cells do not count, line numbers do."""
    text = end.join([separator.join(["a", "b", "c"]), "", separator.join([" ä ", "", '"x  y"']), separator * 2])
    assert [(one.number, one.cells) for one in lines_of(text.encode(encoding))] == [(1, ("a", "b", "c")), (3, ("ä", "", "x y"))]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    """Whatever is in the cells, quotes and separators too."""
    found = lines_of(table([["a", "b", "c"], *rows]), 3)
    assert [list(one.cells) for one in found] == [["a", "b", "c"], *[row for row in rows if any(row)]]


@pytest.mark.parametrize(
    ("bad", "part"),
    [
        ('1,"Lyon,2', "never closed"),
        ('1,"Ly"on,2', "cannot be read"),
        (b"1,Ly\xf3n,2", "is not UTF-8"),
        ("1," + "x" * 200_000 + ",2", "cannot be read"),
    ],
)
def test_a_broken_row_spoils_no_other(bad: str | bytes, part: str) -> None:
    """It is told with its number; the rows around it are whole, also between two of that kind."""
    broken = bad if isinstance(bad, bytes) else bad.encode()
    found = lines_of(b"\n".join([b"a,b,c", broken, b"1,2,3", broken, b"4,5,6"]))
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert [part in one.trouble for one in found] == [False, True, False, True, False]
    assert (found[2].cells, found[4].cells) == (("1", "2", "3"), ("4", "5", "6"))


def test_a_cell_of_several_lines() -> None:
    """Is one cell, its lines joined by blanks; a quote open for longer is a mistake."""
    found = lines_of(b'a,b,c\n1,"Rua 1\nFaro",3\n4,5,6\n')
    assert [(one.number, one.cells) for one in found] == [(1, ("a", "b", "c")), (2, ("1", "Rua 1 Faro", "3")), (4, ("4", "5", "6"))]


def test_nothing() -> None:
    """Has no rows."""
    assert lines_of(b"") == lines_of(b"\n \n") == []
