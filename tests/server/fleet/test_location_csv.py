"""Microsoft's location file: its quirks are read, its mistakes told by column, and what is written reads back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fleet import importing, location_csv
from server.fleet.entries import Entry, over
from server.fleet.importing import Row
from server.fleet.registry import EgressRange, Place, Site
from server.fleet.tables import lines_of

TITLES = ",".join(location_csv.HEADER)


def one(line: str, titles: str = TITLES) -> Row:
    """Return the one row of a file."""
    (row,) = location_csv.read(f"{titles}\n{line}\n".encode())
    return row


def test_a_whole_row() -> None:
    """Circuits with blanks in their names, ranges of /24 written bare, LANs between semicolons."""
    row = one('1,Lyon,"1 Rue, Lyon",45.76,4.84,MPLS Orange 203.0.113.0 198.51.100.0,192.0.2.0,,,,10.1.0.0/24;10.2.0.0/16')
    ways = (EgressRange("203.0.113.0/24", "MPLS Orange"), EgressRange("198.51.100.0/24", "MPLS Orange"), EgressRange("192.0.2.0/24", ""))
    assert (row.number, row.troubles) == (2, ())
    assert row.entry == Entry(
        "Lyon", Place(45.76, 4.84), None, "1 Rue, Lyon", subnets=("10.1.0.0/24", "10.2.0.0/16"), egress=ways, origin="csv"
    )


def test_a_row_of_little() -> None:
    """A discovered city with nothing but a name says nothing of the rest."""
    assert one(",Faro,,,,,,,,,").entry == one(",Faro").entry == Entry("Faro", origin="csv")


@pytest.mark.parametrize(
    "cell", ['"10.1.0.0/24,10.2.0.0/24"', "10.1.0.0/24;10.2.0.0/24", '"10.1.0.0/24, 10.2.0.0/24;"', "10.1.0.0/24 10.2.0.0/24"]
)
def test_lans_between_commas_or_semicolons(cell: str) -> None:
    """With blanks or without, also at the end."""
    entry = one(f"1,Lyon,,,,,,,,,{cell}").entry
    assert entry is not None
    assert entry.subnets == ("10.1.0.0/24", "10.2.0.0/24")


def test_other_titles_and_none() -> None:
    """Titles in another order and spelling, and a file without them in Microsoft's order."""
    row = one("10.1.0.0/24;Lyon;203.0.113.0", "LAN IPs;name;Egress IP Address (range 1)".replace("LAN IPs", "Lan Ips"))
    assert row.entry == Entry("Lyon", subnets=("10.1.0.0/24",), egress=(EgressRange("203.0.113.0/24"),), origin="csv")
    (bare,) = location_csv.read(b"1,Lyon,Rue,45.76,4.84,,,,,,10.1.0.0/24")
    assert bare.entry == Entry("Lyon", Place(45.76, 4.84), None, "Rue", subnets=("10.1.0.0/24",), origin="csv")
    assert location_csv.read(b"") == []


@pytest.mark.parametrize(
    ("line", "column", "part"),
    [
        ("1,Lyon,,north,4.84,,,,,,", "Latitude", "is not a number; write degrees"),
        ('1,Lyon,,"45,76",4.84,,,,,,', "Latitude", "write 45.76"),
        ("1,Lyon,,45.76,,,,,,,", "Longitude", "is not a number"),
        ("1,Lyon,,,,Fibre,,,,,", "Egress IP Address ranges 1", "names a circuit without ranges"),
        ("1,Lyon,,,,,Fibre 203.0.113,,,,", "Egress IP Address ranges 2", "is not an IPv4 network"),
        ("1,Lyon,,,,Fibre 203.0.113.7,,,,,", "Egress IP Address ranges 1", "host bits set; write 203.0.113.0"),
        ("1,Lyon,,,,Fibre 203.0.113.0/28,,,,,", "Egress IP Address ranges 1", "ranges are of /24"),
        ("1,Lyon,,,,Fibre 2001:db8::,,,,,", "Egress IP Address ranges 1", "is IPv6, and this file is IPv4 only"),
        ("1,Lyon,,,,,,,,,10.1.0.0", "LanIps", "has no length; write 10.1.0.0/24"),
        ("1,Lyon,,,,,,,,,10.1.0.9/24", "LanIps", "host bits set; write 10.1.0.0/24"),
        ("1,Lyon,,,,,,,,,10.1.0.0/30", "LanIps", "LANs are of /8 to /29"),
        ("1,Lyon,,,,,,,,,2001:db8::/32", "LanIps", "is IPv6"),
        ("1,Lyon,,,,,,,,,lan", "LanIps", "is not an IPv4 network"),
        ("1,Lyon,,,,,,,,,10.1.0.0/24,10.2.0.0/24", "row", "has 12 cells where there are 11 columns"),
        ('1,"Lyon,,,,,,,,,', "row", "never closed"),
    ],
)
def test_each_mistake_has_its_column(line: str, column: str, part: str) -> None:
    """And the remedy."""
    row = one(line)
    assert [(told.field, part in told.text) for told in row.troubles] == [(column, True)], row.troubles


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "Nd"]), min_size=1, max_size=9).filter(lambda one: one.isprintable())
OCTET = st.integers(0, 255)
RANGES = st.tuples(OCTET, OCTET).map(lambda two: f"203.{two[0]}.{two[1]}.0/24")
LANS = st.tuples(OCTET, st.integers(16, 24)).map(lambda two: f"10.{two[0]}.0.0/{two[1]}")
CIRCUITS = st.lists(
    st.tuples(st.sampled_from(["", "Fibre", "MPLS Orange, 2", 'The "best"']), st.lists(RANGES, min_size=1, max_size=3)), max_size=5
)
PLACES = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))
SITES = st.builds(
    lambda name, place, address, subnets, circuits: Site(
        name,
        place,
        address=address,
        subnets=tuple(subnets),
        egress=tuple({prefix: EgressRange(prefix, circuit) for circuit, prefixes in circuits for prefix in prefixes}.values()),
    ),
    NAMES,
    st.none() | PLACES,
    st.just("") | NAMES,
    st.lists(LANS, max_size=3, unique=True),
    CIRCUITS,
)


@given(st.lists(SITES, max_size=4, unique_by=lambda site: site.name.casefold()))
def test_what_is_written_reads_back(sites: list[Site]) -> None:
    """Every field the form holds, of every site it can hold; over the same sites nothing changes."""
    data, left = location_csv.write(sites)
    rows = location_csv.read(data)
    assert [row.troubles for row in rows] == [()] * len(sites)
    for row, site in zip(rows, sites, strict=True):
        assert row.entry is not None
        found = over(row.entry, None)
        assert (found.name, found.place, found.address, found.subnets) == (site.name, site.place, site.address, site.subnets)
        assert left or found.egress == site.egress
    present = {site.name: site for site in sites}
    again = importing.take(rows, present, {})
    assert left or [one.outcome for one in again.verdicts if one.outcome != "refused"] == ["unchanged"] * (
        len(rows) - again.count("refused")
    )
    assert not any(entry.egress != present[name].egress and not left for name, entry in again.entries.items())


def test_what_the_form_cannot_hold_is_said() -> None:
    """IPv6, other lengths, more than five circuits; the rest of the site is written."""
    ways = [EgressRange(f"203.0.{number}.0/24", f"C{number}") for number in range(6)]
    site = Site("Lyon", subnets=("10.1.0.0/30", "2001:db8::/64", "10.2.0.0/24"), egress=(*ways, EgressRange("192.0.2.0/28", "small")))
    data, left = location_csv.write([site])
    assert [sentence.split(" is left out")[0] for sentence in left] == [
        "Lyon: LAN 10.1.0.0/30",
        "Lyon: LAN 2001:db8::/64",
        "Lyon: egress 192.0.2.0/28",
        "Lyon: C5 203.0.5.0",
    ]
    assert lines_of(data)[1].cells == ("1", "Lyon", "", "", "", *[f"C{n} 203.0.{n}.0" for n in range(5)], "10.2.0.0/24")
