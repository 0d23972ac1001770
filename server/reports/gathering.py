"""Reads what a disclosure is made of: runs, devices, what people said of them, the ways out, coverage. Nothing is said or judged here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from judge.finding import Finding
from judge.knowledge.model import Knowledge
from judge.knowledge.networks import Network
from server.fleet.registry import Registry
from server.history.port import History, Unavailable
from server.reports.coverage import SiteCoverage
from server.reports.coverage import read as read_coverage
from server.state import device_notes, devices, disclosing, paths
from server.state.database import Transaction
from server.state.disclosing import Stretch
from server.watcher.findings import read
from server.watcher.turns import SIGHTINGS

SEEN = sorted({*SIGHTINGS, "sanctioned"})
DECRYPTS = frozenset({"inspected", "altered"})
Said = Mapping[str, str]
"""What people said of a device: owner, contact, note, deployment, decrypting; `manual` is not empty when they entered it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to disclose: sites (none: the fleet) and a time, Unix ns."""

    sites: tuple[str, ...]
    since_ns: int
    until_ns: int
    now_ns: int
    software: str


@dataclass(slots=True)
class Material:
    """What was read. `owner`: the device of each key (`kind:value`). `ways`: the ways out by site, in words; `networks`: whose."""

    asked: Asked
    knowledge: Knowledge
    registry: Registry
    stretches: Sequence[Stretch]
    owner: Mapping[str, str]
    rows: Mapping[str, devices.DeviceRow]
    said: Mapping[str, Said]
    manual_at: Mapping[str, set[str]]
    findings: Mapping[str, Finding]
    agents: Mapping[str, set[str]]
    coverage: Sequence[SiteCoverage]
    lab: bool
    ways: dict[str, list[str]] = field(default_factory=dict)
    networks: dict[str, list[Network]] = field(default_factory=dict)
    trouble: str = ""


def _said(note: device_notes.NoteRow) -> Said:
    words = {name: str(getattr(note, name)) for name in ("owner", "contact", "note", "deployment", "decrypting", "version")}
    return words | {"manual": "yes" if note.manual else ""}


async def gather(transaction: Transaction, history: History, registry: Registry, knowledge: Knowledge, asked: Asked) -> Material:
    """Read all of it. The state database's faults are raised; a history that is away is said among what is not known."""
    seen = await disclosing.stretches(transaction, asked.sites, asked.since_ns, asked.until_ns, SEEN)
    keys = {one.device_key for one in seen if one.device_key}
    owned = await devices.owners(transaction, [(key.partition(":")[0], key.partition(":")[2]) for key in keys])
    owner = {f"{kind}:{value}": name for (kind, value), name in owned.items()}
    said: dict[str, Said] = {name: _said(note) for name, note in (await device_notes.spoken(transaction)).items()}
    placed = await disclosing.placed(transaction, {name for name, one in said.items() if one["manual"]}, asked.sites)
    manual_at = {name: places for name, places in placed.items() if name not in set(owner.values())}
    rows = await devices.load(transaction, {*owner.values(), *manual_at})
    found = Material(
        asked,
        knowledge,
        registry,
        seen,
        owner,
        rows,
        said,
        manual_at,
        await _findings(transaction, seen, owner),
        await disclosing.agents_in(transaction, asked.sites, asked.since_ns, asked.until_ns),
        await read_coverage(transaction, asked.sites, knowledge),
        await disclosing.lab(transaction),
    )
    try:
        await _ways(history, found)
    except Unavailable as away:
        found.trouble = str(away)
    return found


async def _findings(transaction: Transaction, seen: Iterable[Stretch], owner: Mapping[str, str]) -> dict[str, Finding]:
    """Return each device's best finding: about a host of Microsoft's, the surest, of the newest run on each of its targets."""
    newest: dict[tuple[str, str], int] = {}
    for one in seen:
        if name := owner.get(one.device_key):
            newest[name, one.target] = max(one.run, newest.get((name, one.target), 0))
    runs = {run.id: read(run.finding) for run in await paths.by_id(transaction, set(newest.values()))}
    best: dict[str, Finding] = {}
    for (name, _), number in sorted(newest.items()):
        finding = runs.get(number)
        if finding is not None and (name not in best or _weight(finding) > _weight(best[name])):
            best[name] = finding
    return best


def _weight(finding: Finding) -> tuple[bool, bool, float]:
    return finding.target.category != "Control", finding.verdict in DECRYPTS, finding.confidence


async def _ways(history: History, found: Material) -> None:
    """Read the ways out of each site: addresses with whose they are, by the newest of each agent in the time."""
    fields = ["address", "asn", "as_name"]
    for site in [*found.asked.sites] or [""]:
        where = {"route": "direct", **({"site": site} if site else {})}
        for point in await history.latest("mw_raw", "egress", fields, where, found.asked.since_ns):
            at, address = dict(point.tags).get("site", ""), str(point.fields.get("address", ""))
            if not address or not at:
                continue
            asn = point.fields.get("asn")
            network = found.knowledge.networks.of(address, int(asn) if isinstance(asn, int) else None)
            words = _way_words(found, at, address, str(point.fields.get("as_name", "")), network)
            if words not in found.ways.setdefault(at, []):
                found.ways[at].append(words)
            if network is not None:
                found.networks.setdefault(at, []).append(network)


def _way_words(found: Material, site: str, address: str, as_name: str, network: Network | None) -> str:
    known = found.registry.sites.get(site)
    circuit = known.circuit_of(address) if known is not None else ""
    declared = found.registry.egress_of(address)
    owner = circuit or (declared.name if declared else "")
    whose = f"{network.owner}'s network" if network else as_name
    parts = [f"declared as {owner}" if owner else "", whose]
    return f"{address} ({'; '.join(part for part in parts if part) or 'owner not known'})"
