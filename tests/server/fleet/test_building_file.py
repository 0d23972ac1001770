"""A building file: rows join their building, what is no LAN of a site is left out, mistakes are told by column."""

import pytest

from server.fleet import building_file, importing
from server.fleet.entries import Entry
from server.fleet.importing import Row
from server.fleet.registry import Place, Site

GOOD = "10.1.0.0\tUSA/WA\t24\tLyon\tOwned\tOffice\tHQ\tLyon\t69001\tFrance\tRhone\tSouth\t1\t0\t0"


def one(line: str) -> Row:
    """Return the one row of a file."""
    (row,) = building_file.read(line.encode())
    return row


@pytest.mark.parametrize("text", [GOOD, GOOD.rsplit("\t", 1)[0], GOOD.replace("\t", ","), "\t".join(building_file.HEADER) + "\n" + GOOD])
def test_a_row(text: str) -> None:
    """Of 15 or 14 columns, tabs or commas, with titles or without: a LAN of a building, where it stands, its region."""
    row = one(text)
    assert (row.troubles, row.left_out, row.adds) == ((), "", True)
    assert row.entry == Entry("Lyon", address="Lyon, 69001, Rhone, France", region="South", subnets=("10.1.0.0/24",), origin="csv")


@pytest.mark.parametrize(
    ("at", "value", "column", "part"),
    [
        (0, "10.1.0", "NetworkIP", "is not an address"),
        (0, "10.1.0.9", "NetworkIP", "host bits set; write 10.1.0.0/24"),
        (2, "/24", "NetworkRange", "is not a prefix length"),
        (2, "99", "NetworkIP", "is not a prefix"),
        (2, "2", "NetworkIP", "host bits"),
        (12, "yes", "InsideCorp", "is neither 0 nor 1"),
        (14, "2", "VPN", "is neither 0 nor 1"),
    ],
)
def test_each_mistake_has_its_column(at: int, value: str, column: str, part: str) -> None:
    """And the remedy."""
    cells = GOOD.split("\t")
    cells[at] = value
    (told,) = one("\t".join(cells)).troubles
    assert (told.field, part in told.text) == (column, True), told


def test_rows_of_other_widths_are_told() -> None:
    """With the titles there should be."""
    assert "has 3 columns; write 15" in one("10.1.0.0\tx\t24").troubles[0].text


def test_networks_join_and_words_fill() -> None:
    """Two LANs of one building join the one known; its address, known already, stays; pools and outside networks are left out."""
    rows = [
        GOOD,
        GOOD.replace("10.1.0.0", "10.2.0.0"),
        GOOD[:-1] + "1",
        GOOD.replace("\t1\t0\t0", "\t0\t0\t0"),
        GOOD.replace("Lyon\tOwned", "\tOwned"),
    ]
    present = {"Lyon": Site("Lyon", Place(45, 4), address="1 Rue", subnets=("10.9.0.0/24",))}
    done = importing.take(building_file.read("\n".join(rows).encode()), present, {})
    assert [one.outcome for one in done.verdicts] == ["changed", "changed", "left out", "left out", "refused"]
    assert done.verdicts[4].troubles[0].field == "BuildingName"
    assert done.entries == {"Lyon": Entry("Lyon", region="South", subnets=("10.9.0.0/24", "10.1.0.0/24", "10.2.0.0/24"), origin="csv")}


def test_what_is_written_reads_back() -> None:
    """Over the same sites nothing changes; a site without a LAN has no row, and it is said."""
    present = {"Lyon": Site("Lyon", Place(45, 4), address="1 Rue", subnets=("10.9.0.0/24", "2001:db8::/32")), "Faro": Site("Faro")}
    data, left = building_file.write(present.values())
    assert left == ["Faro: is left out: it has no LAN, and the file has a row for each"]
    assert [one.outcome for one in importing.take(building_file.read(data), present, {}).verdicts] == ["unchanged", "unchanged"]
