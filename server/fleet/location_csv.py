"""Microsoft's location file, as the network connectivity page of the admin centre imports and exports it: to entries and back. Pure.

Its form (facts of Microsoft's page on network connectivity): userEntered (1 = added by hand, blank = discovered), Name, Address, Latitude,
Longitude, five cells of egress ranges (the circuit's name, then blank-separated IPv4 networks, all of /24 and written without it), LanIps
(prefixes of /8 to /29 between commas or semicolons). A blank cell says nothing: what is known already stays.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from server.fleet.checking import ADDRESS_LIKE, Trouble
from server.fleet.entries import Entry
from server.fleet.importing import Row
from server.fleet.registry import EgressRange, Place, Site
from server.fleet.tables import Line, lines_of, table

CIRCUITS = 5
HEADER = (
    "userEntered",
    "Name",
    "Address",
    "Latitude",
    "Longitude",
    *(f"Egress IP Address ranges {number}" for number in range(1, CIRCUITS + 1)),
    "LanIps",
)
COLUMNS = {"name": "Name", "address": "Address", "latitude": "Latitude", "longitude": "Longitude", "subnets": "LanIps"}
"""Field of an entry to its column; `egress` is told with the number of its cell where it has one."""
SHORTEST, LONGEST = 8, 29
_EGRESS = re.compile(r"egress\D*([1-5])")


def read(data: bytes) -> list[Row]:
    """Return the rows of a file. Without a first row of titles, columns are taken in Microsoft's order."""
    lines = lines_of(data)
    if not lines:
        return []
    titles = _titles(lines[0].cells)
    if "name" in titles:
        lines = lines[1:]
    else:
        titles = _titles(HEADER)
    return [_row(line, titles) for line in lines]


def _titles(cells: Iterable[str]) -> dict[str, int]:
    """Return column to position; titles differ between editions in case and blanks."""
    found: dict[str, int] = {}
    for position, cell in enumerate(cells):
        plain = "".join(one for one in cell.casefold() if one.isalnum())
        egress = _EGRESS.match(plain)
        found.setdefault(f"egress{egress[1]}" if egress else plain, position)
    return found


def _row(line: Line, titles: Mapping[str, int]) -> Row:
    if line.trouble:
        return Row(line.number, "", None, (Trouble("row", line.trouble),))
    if len(line.cells) > max(titles.values()) + 1 and any(line.cells[max(titles.values()) + 1 :]):
        text = f"has {len(line.cells)} cells where there are {max(titles.values()) + 1} columns; quote cells that hold a separator"
        return Row(line.number, "", None, (Trouble("row", text),))
    cells = {name: line.cells[at] if at < len(line.cells) else "" for name, at in titles.items()}
    troubles: list[Trouble] = []
    place = _place(cells, troubles)
    ranges = [one for number in range(1, CIRCUITS + 1) for one in _egress(cells.get(f"egress{number}", ""), number, troubles)]
    subnets = _subnets(cells.get("lanips", ""), troubles)
    name = cells["name"]
    entry = Entry(
        name,
        place,
        address=cells.get("address") or None,
        subnets=tuple(dict.fromkeys(subnets)) or None,
        egress=tuple({one.prefix: one for one in ranges}.values()) or None,
        origin="csv",
    )
    return Row(line.number, name, entry, tuple(troubles), columns=COLUMNS)


def _place(cells: Mapping[str, str], troubles: list[Trouble]) -> Place | None:
    said = {name: cells.get(name, "") for name in ("latitude", "longitude")}
    if not any(said.values()):
        return None
    found = []
    for name, text in said.items():
        try:
            found.append(float(text))
        except ValueError:
            remedy = (
                f"write {text.replace(',', '.')}" if text.count(",") == 1 else "write degrees as 45.76, or leave both coordinates blank"
            )
            troubles.append(Trouble(COLUMNS[name], f"{text[:32]!r} is not a number; {remedy}"))
    return Place(*found) if len(found) == len(said) else None


def _egress(cell: str, number: int, troubles: list[Trouble]) -> list[EgressRange]:
    """Return a cell's ranges: words up to the first that reads as an address are the circuit's name."""
    words = cell.split()
    first = next((at for at, word in enumerate(words) if ADDRESS_LIKE.fullmatch(word)), len(words))
    circuit, found = " ".join(words[:first]), []
    column = HEADER[4 + number]
    if circuit and first == len(words):
        troubles.append(
            Trouble(column, f"{circuit[:64]!r} names a circuit without ranges; write them behind it, as {circuit[:32]} 203.0.113.0")
        )
    for word in words[first:]:
        prefix, why = _prefix(
            word.strip(",;"), 24, lambda length: "" if length == 24 else "ranges are of /24; write 203.0.113.0 without a length"
        )
        if why:
            troubles.append(Trouble(column, why))
        else:
            found.append(EgressRange(prefix, circuit))
    return found


def _subnets(cell: str, troubles: list[Trouble]) -> list[str]:
    found = []
    for word in re.split(r"[,;\s]+", cell):
        if word:
            prefix, why = _prefix(word, None, _lan)
            if why:
                troubles.append(Trouble(COLUMNS["subnets"], why))
            else:
                found.append(prefix)
    return found


def _lan(length: int) -> str:
    return (
        "" if SHORTEST <= length <= LONGEST else f"LANs are of /{SHORTEST} to /{LONGEST} here; join or split it, or enter it in Middlewatch"
    )


def _prefix(word: str, length: int | None, fits: Callable[[int], str]) -> tuple[str, str]:
    """Return a word as CIDR, or nothing and why it is none. `length`: what a bare address has."""
    try:
        address = ipaddress.ip_address(word.partition("/")[0])
        network = ipaddress.ip_network(word if "/" in word or length is None else f"{word}/{length}", strict=False)
    except ValueError:
        return "", f"{word[:64]!r} is not an IPv4 network; write it as 203.0.113.0" + ("" if length else "/24")
    if address.version == 6:
        why = f"{word} is IPv6, and this file is IPv4 only; enter it in Middlewatch"
    elif "/" not in word and length is None:
        why = f"{word} has no length; write {word}/24, or what it is"
    elif fits(network.prefixlen):
        why = f"{word}: {fits(network.prefixlen)}"
    elif network.network_address != address:
        why = f"{word} has host bits set; write {network.network_address}" + (f"/{network.prefixlen}" if "/" in word else "")
    else:
        why = ""
    return ("" if why else str(network)), why


def write(sites: Iterable[Site]) -> tuple[bytes, list[str]]:
    """Return a file of these sites, and a sentence for each thing its form cannot hold."""
    rows: list[tuple[str, ...]] = [HEADER]
    left: list[str] = []
    for site in sites:
        lans = [one for one in site.subnets if _prefix(one, None, _lan)[0]]
        left += [
            f"{site.name}: LAN {one} is left out: the file takes IPv4 of /{SHORTEST} to /{LONGEST} only"
            for one in site.subnets
            if one not in lans
        ]
        fits = [one for one in site.egress if one.prefix.endswith("/24") and "." in one.prefix]
        left += [f"{site.name}: egress {one.prefix} is left out: the file takes IPv4 of /24 only" for one in site.egress if one not in fits]
        cells = []
        for circuit, ranges in groupby(fits, key=lambda one: one.circuit):
            cells.append(" ".join([*circuit.split(), *(one.prefix.removesuffix("/24") for one in ranges)]))
        left += [f"{site.name}: {cell} is left out: the file takes {CIRCUITS} circuits only" for cell in cells[CIRCUITS:]]
        spots = (repr(site.place.latitude), repr(site.place.longitude)) if site.place else ("", "")
        padded = [*cells[:CIRCUITS], *[""] * (CIRCUITS - len(cells))]
        rows.append(("1", site.name, site.address, *spots, *padded, ";".join(lans)))
    return table(rows), left
