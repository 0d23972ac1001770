"""Reads tables people export from spreadsheets, row by row: a bad row is told and spoils no other. Pure; what columns mean is others'.

Taken: UTF-8 with or without its mark, and UTF-16 with it; tabs, commas or semicolons, whichever the first line has most of.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LINES_OF_A_CELL = 8
"""Lines a quoted cell may run over (an address has four); a quote not closed by then is a mistake of its first line alone."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of its line in the file, from 1, and its cells; or why it has none."""

    number: int
    cells: tuple[str, ...] = ()
    trouble: str = ""


def lines_of(data: bytes, columns: int = 0) -> list[Line]:
    """Return the rows that are not blank. `columns`: how many there should be, to tell a stray quote from a cell of many lines."""
    text = data.decode("utf-16", "replace") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else data.decode("utf-8-sig", "surrogateescape")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((one for one in plain if one.strip()), "")
    separator = max("\t,;", key=first.count)
    found: list[Line] = []
    at, wide = 0, columns
    while at < len(plain):
        line, used = _record(plain, at, separator, wide)
        if line.trouble or any(cell.strip() for cell in line.cells):
            found.append(line)
            wide = wide or len(line.cells)
        at += used
    return found


def _record(plain: Sequence[str], at: int, separator: str, wide: int) -> tuple[Line, int]:
    """Return the record that begins at a line, and how many lines it has."""
    number = at + 1
    for used in range(1, MOST_LINES_OF_A_CELL + 1):
        text = "\n".join(plain[at : at + used])
        if at + used > len(plain):
            break
        if text.count('"') % 2:
            continue
        line = _parsed(number, text, separator)
        if used > 1 and (line.trouble or len(line.cells) != wide):
            break  # two rows with a stray quote each: the rows between them are whole
        return line, used
    return Line(number, trouble='has a quote that is never closed; write "" for a quote within a quoted cell'), 1


def _parsed(number: int, text: str, separator: str) -> Line:
    if any("\ud800" <= one <= "\udfff" for one in text):
        return Line(number, trouble='is not UTF-8; save the file as "CSV UTF-8"')
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        return Line(number, trouble=f"cannot be read ({error}); quote cells that hold a separator or a quote")
    if len(rows) > 1:
        return Line(number, trouble="has a line break outside quotes; quote the cell")
    return Line(number, tuple(" ".join(cell.split()) for cell in rows[0]) if rows else ())


def table(rows: Sequence[Sequence[str]], separator: str = ",") -> bytes:
    """Return rows as such a file: UTF-8 without a mark, lines ended as spreadsheets do."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
