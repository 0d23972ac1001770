"""A building file of Microsoft's Call Quality Dashboard: to entries and back. Pure.

Its form: one network a row, tabs (commas are taken too), no titles (they are taken too), 14 or 15 columns in the order of `HEADER`. A
building has as many rows as networks: they join what is known of the site, and take nothing away. VPN pools and networks outside the
company are no LAN of a site: their rows are left out, and say so.
"""

import ipaddress
from collections.abc import Iterable

from server.fleet.checking import Trouble, network_trouble
from server.fleet.entries import Entry
from server.fleet.importing import Row
from server.fleet.registry import Site
from server.fleet.tables import Line, lines_of, table

HEADER = (
    "NetworkIP",
    "NetworkName",
    "NetworkRange",
    "BuildingName",
    "OwnershipType",
    "BuildingType",
    "BuildingOfficeType",
    "City",
    "ZipCode",
    "Country",
    "State",
    "Region",
    "InsideCorp",
    "ExpressRoute",
    "VPN",
)
LEAST = 14
"""Columns of the older form: it has no VPN."""
COLUMNS = {"name": "BuildingName", "subnets": "NetworkIP", "region": "Region", "address": "City"}
FLAGS = ("InsideCorp", "ExpressRoute", "VPN")


def read(data: bytes) -> list[Row]:
    """Return the rows of a file."""
    lines = lines_of(data, len(HEADER))
    if lines and lines[0].cells and lines[0].cells[0].casefold().replace(" ", "") in {"networkip", "network"}:
        lines = lines[1:]
    return [_row(line) for line in lines]


def _row(line: Line) -> Row:
    if line.trouble:
        return Row(line.number, "", None, (Trouble("row", line.trouble),))
    if not LEAST <= len(line.cells) <= len(HEADER):
        text = f"has {len(line.cells)} columns; write {len(HEADER)} between tabs: {', '.join(HEADER)}"
        return Row(line.number, "", None, (Trouble("row", text),))
    cells = dict(zip(HEADER, [*line.cells, *[""] * (len(HEADER) - len(line.cells))], strict=True))
    troubles = [
        Trouble(flag, f"{cells[flag][:16]!r} is neither 0 nor 1; write one of them") for flag in FLAGS if cells[flag] not in {"", "0", "1"}
    ]
    prefix = _prefix(cells["NetworkIP"], cells["NetworkRange"], troubles)
    where = ", ".join(dict.fromkeys(cells[name] for name in ("City", "ZipCode", "State", "Country") if cells[name]))
    name = cells["BuildingName"]
    entry = Entry(name, address=where or None, region=cells["Region"] or None, subnets=(prefix,) if prefix else None, origin="csv")
    left_out = ""
    if not troubles and cells["VPN"] == "1":
        left_out = "is a VPN's pool: agents in it are remote"
    elif not troubles and cells["InsideCorp"] == "0":
        left_out = "is outside the company: agents in it are remote"
    return Row(line.number, name, entry, tuple(troubles), left_out, COLUMNS, adds=True)


def _prefix(address: str, length: str, troubles: list[Trouble]) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        troubles.append(Trouble("NetworkIP", f"{address[:64]!r} is not an address; write it as 10.1.2.0"))
        return ""
    if not (length.isascii() and length.isdigit()):
        troubles.append(Trouble("NetworkRange", f"{length[:16]!r} is not a prefix length; write it as 24"))
        return ""
    text = f"{address}/{int(length[:4])}"
    if why := network_trouble(text):
        troubles.append(Trouble("NetworkIP", why))
        return ""
    return str(ipaddress.ip_network(text))


def write(sites: Iterable[Site]) -> tuple[bytes, list[str]]:
    """Return a file with a row for each LAN of these sites, and a sentence for each site that has none."""
    rows, left = [], []
    for site in sites:
        if not site.subnets:
            left.append(f"{site.name}: is left out: it has no LAN, and the file has a row for each")
        for prefix in site.subnets:
            address, _, length = prefix.partition("/")
            rows.append((address, site.name, length, site.name, "", "", "", site.address, "", "", "", site.region, "1", "0", "0"))
    return table(rows, "\t"), left
