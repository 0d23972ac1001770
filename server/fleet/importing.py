"""Takes rows of a file over the sites there are: what becomes new, changed or stays, and which row is refused, why. Pure.

A row says only what its cells say; all else of a site stays. A refused row changes nothing, and the state of its site then counts as
before when other rows are held against it. Nothing is ever deleted by a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from server.fleet.checking import Held, Trouble, troubles_of
from server.fleet.entries import Entry, over
from server.fleet.registry import Site

Outcome = Literal["new", "changed", "unchanged", "refused", "left out"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read. `columns`: the title of each field, for whoever looks for it. `adds`: its networks join those known."""

    number: int
    name: str
    entry: Entry | None
    troubles: tuple[Trouble, ...] = ()
    left_out: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row: `troubles` are why it was refused, `notes` what is worth knowing of one taken."""

    number: int
    name: str
    outcome: Outcome
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """The verdicts of all rows in their order, and the entries to store."""

    verdicts: tuple[Verdict, ...]
    entries: Mapping[str, Entry]

    def count(self, outcome: Outcome) -> int:
        """Return how many rows had this outcome."""
        return sum(one.outcome == outcome for one in self.verdicts)


def take(rows: Sequence[Row], seeds: Mapping[str, Site], stored: Mapping[str, Entry]) -> Import:
    """Return what a file's rows make of the sites: the configuration's seeds with the stored entries over them."""
    present = dict(seeds) | {name: over(entry, seeds.get(name)) for name, entry in stored.items()}
    why: dict[int, tuple[Trouble, ...]] = {}
    wanted, first = _wanted(rows, seeds, stored, why)
    while True:  # each turn refuses at least one row more, or ends
        refused = _clashing(wanted, present, {name for name in first if first[name] not in wanted})
        if not refused:
            break
        for number, troubles in refused.items():
            why[number] = troubles
            del wanted[number]
    held = Held(present.values())
    for site in (site for _, site in wanted.values()):
        held.add(site)
    verdicts = tuple(_verdict(row, why, wanted, present, held, first) for row in rows)
    changed = {one.number for one in verdicts if one.outcome in {"new", "changed"}}
    return Import(verdicts, {entry.name: entry for number, (entry, _) in wanted.items() if number in changed})


def _wanted(
    rows: Iterable[Row], seeds: Mapping[str, Site], stored: Mapping[str, Entry], why: dict[int, tuple[Trouble, ...]]
) -> tuple[dict[int, tuple[Entry, Site]], dict[str, int]]:
    """Return by the number of a site's first row what the file makes of it; rows with troubles of their own go to `why`."""
    wanted: dict[int, tuple[Entry, Site]] = {}
    first: dict[str, int] = {}
    for row in rows:
        if row.entry is None or row.left_out:
            why |= {row.number: row.troubles} if not row.left_out else {}
            continue
        troubles = list(row.troubles) or troubles_of(row.entry)
        known = first.get(row.name)
        if known is not None and not row.adds:
            troubles.append(Trouble("name", f"{row.name!r} stands in row {known} already; write one row for each site"))
        if troubles:
            why[row.number] = tuple(troubles)
            continue
        number = first.setdefault(row.name, row.number)
        below = wanted[number][0] if number in wanted else stored.get(row.name) or Entry(row.name, origin=row.entry.origin)
        seed = seeds.get(row.name)
        entry = _joined(row.entry, below, over(below, seed)) if row.adds else _said(row.entry, below)
        wanted[number] = (entry, over(entry, seed))
    return wanted, first


def _said(entry: Entry, below: Entry) -> Entry:
    """Return what was known with what a row says over it. Who entered it first stays who entered it."""
    said = {name: getattr(entry, name) for name in Entry.__slots__ if name not in {"name", "origin"} and getattr(entry, name) is not None}
    return replace(below, **said)


def _joined(entry: Entry, below: Entry, known: Site) -> Entry:
    """Return the same where a row's networks join those known and its words only fill what nobody said."""
    words = {name: getattr(entry, name) for name in ("address", "region") if getattr(entry, name) and not getattr(known, name)}
    lans = tuple(dict.fromkeys([*known.subnets, *(entry.subnets or ())]))
    return replace(below, **words, subnets=lans if lans != known.subnets else below.subnets)


def _clashing(wanted: Mapping[int, tuple[Entry, Site]], present: Mapping[str, Site], refused: set[str]) -> dict[int, tuple[Trouble, ...]]:
    """Return the rows that clash with sites the file leaves as they are, or with rows before them."""
    mine = {site.name for _, site in wanted.values()} - refused
    held = Held(site for name, site in present.items() if name not in mine)
    found = {}
    for number, (_, site) in wanted.items():
        troubles = held.clashes(site)
        if troubles:
            found[number] = tuple(troubles)
        else:
            held.add(site)
    return found


def _verdict(
    row: Row,
    why: Mapping[int, tuple[Trouble, ...]],
    wanted: Mapping[int, tuple[Entry, Site]],
    present: Mapping[str, Site],
    held: Held,
    first: Mapping[str, int],
) -> Verdict:
    def titled(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
        return tuple(Trouble(row.columns.get(one.field, one.field), one.text) for one in troubles)

    if row.left_out:
        return Verdict(row.number, row.name, "left out", notes=(Trouble("row", row.left_out),))
    number = row.number if row.number in why else first.get(row.name, row.number)
    if number in why or number not in wanted:
        return Verdict(row.number, row.name, "refused", titled(why.get(number, ())))
    site = wanted[number][1]
    before = present.get(row.name)
    outcome: Outcome = "new" if before is None else "unchanged" if replace(before, origin=site.origin) == site else "changed"
    return Verdict(row.number, row.name, outcome, notes=titled(held.notes(site) if number == row.number else ()))
