"""Makes a disclosure of what `gathering.py` read, and says each thing in words. Pure.

Nothing is judged here: findings were judged when they were stored, and the best of a device's findings is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from judge.knowledge.model import Knowledge
from judge.knowledge.positions import Traffic
from judge.severity import traffic_of
from server.console.devices_view import DISPOSITIONS, GRADES
from server.console.words import CLASS_WORDS, make
from server.reports import disclosure as told
from server.reports.article import CLASSES, DUTIES
from server.reports.case_report import called
from server.reports.coverage import SiteCoverage, home_of
from server.reports.deployment import deployment
from server.reports.gathering import DECRYPTS, Material
from server.state import devices
from server.state.disclosing import Stretch
from server.watcher import beside
from server.watcher.case_sentences import HELD
from wire.target import Target

FLEET = "The fleet"
EVIDENCE_SHOWN = 8
TRAFFIC: Mapping[Traffic, str] = {
    "optimize": "Category Optimize",
    "allow": "Category Allow",
    "first-class": "*.cloud.microsoft and its siblings",
    "required": "Category Default, required",
    "optional": "Category Default, optional",
    "control": "Not Microsoft's",
    "never-inspect": "Hosts never to be decrypted",
    "login": "Sign-in hosts",
}


def assemble(found: Material) -> told.Disclosure:
    """Return the disclosure of what was read."""
    asked = found.asked
    by_device: dict[str, list[Stretch]] = {name: [] for name in found.manual_at}
    for one in found.stretches:
        if name := found.owner.get(one.device_key):
            by_device.setdefault(name, []).append(one)
    listed = [_device(name, mine, found) for name, mine in by_device.items() if name in found.rows]
    listed.sort(key=lambda one: (not one.present, not one.decrypting.startswith("yes"), -len(one.places), one.name))
    signs = _signs(found)
    scope = ", ".join(asked.sites) if asked.sites else FLEET
    agents = sum(len(mine) for mine in found.agents.values())
    return told.Disclosure(
        scope=scope,
        sites=sorted({*asked.sites, *found.agents}),
        agents=agents,
        since=_at(asked.since_ns),
        until=_at(asked.until_ns),
        made=_at(asked.now_ns),
        software=asked.software,
        knowledge=found.knowledge.version,
        lab=found.lab,
        headline=told.headline(scope, listed, signs, agents),
        classes=[
            told.ClassSeen(name=name, devices=[one.name for one in listed if one.device_class == word]) for word, name in CLASSES.items()
        ],
        devices=listed,
        signs=signs,
        coverage=[_bypassed(one) for one in found.coverage],
        positions=_positions(found, {host.host for one in listed for host in one.hosts}),
        duties=[told.Duty(title=title, text=text) for title, text in DUTIES],
        unknowns=list(_unknowns(found, listed)),
    )


def _device(name: str, mine: Sequence[Stretch], found: Material) -> told.Device:
    row, finding, said = found.rows[name], found.findings.get(name), found.said.get(name, {})
    sites = sorted({one.place for one in mine} | found.manual_at.get(name, set()))
    networks = [network for site in sites for network in found.networks.get(site, ())]
    runs_at, by = deployment(row.device_class, row.vendor, networks, said.get("deployment", ""))
    evidence = sorted(finding.evidence, key=lambda one: -one.weight) if finding else []
    return told.Device(
        id=row.id,
        name=called(row),
        device_class=row.device_class,
        class_name=CLASSES.get(row.device_class) or CLASS_WORDS.get(row.device_class, CLASS_WORDS["unknown"]),  # type: ignore[call-overload]
        in_article=row.device_class in CLASSES,
        vendor=row.vendor,
        product=row.product,
        possible=row.possible,
        sure=make(finding.device) if finding and finding.device else "Entered by a person." if said.get("manual") else "Not known.",
        confidence=row.confidence,
        manual=bool(said.get("manual")),
        decrypting=_decrypting({one.verdict for one in mine}, said.get("decrypting", "")),
        deployment=runs_at,
        deployment_by=by,
        issuer=row.issuer,
        owner=said.get("owner", ""),
        contact=said.get("contact", ""),
        note=said.get("note", ""),
        disposition=_disposition(row, found.asked.now_ns),
        first_seen=_at(row.first_seen_ns) if mine and row.first_seen_ns else None,
        places=[_place(site, [one for one in mine if one.place == site], found) for site in sites],
        hosts=_hosts(mine, found),
        evidence=[told.Proof(text=one.text, known=GRADES.get(one.grade, one.grade)) for one in evidence if one.weight > 0][:EVIDENCE_SHOWN],
        why_not=finding.why_not if finding else "",
        native=(finding.native if finding else "") or found.knowledge.natives.get(row.device_class, ""),
    )


def _decrypting(verdicts: set[str], said: str) -> told.Decrypting:
    if verdicts & DECRYPTS:
        return "yes"
    if "sanctioned" in verdicts:
        return "only sign-in hosts, as declared"
    if said:
        return "yes, as its owner says" if said == "yes" else "no, as its owner says"
    return "not seen"


def _disposition(row: devices.DeviceRow, now_ns: int) -> str:
    if row.disposition != "approved":
        return DISPOSITIONS.get(row.disposition, row.disposition)
    lapsed = bool(row.disposed_until_ns) and now_ns >= row.disposed_until_ns
    until = f" until {_at(row.disposed_until_ns):%Y-%m-%d}" if row.disposed_until_ns else ""
    return f"Approved by {row.disposed_by or 'somebody'}{until}{', which has passed' if lapsed else ''}."


def _place(site: str, mine: Sequence[Stretch], found: Material) -> told.Place:
    known = found.registry.sites.get(site)
    agents = sorted({one.agent for one in mine})
    return told.Place(
        site=site,
        zone=known.zone if known else "UTC",
        since=_at(min(one.first_ns for one in mine)) if mine else None,
        until=None if not mine or any(one.current for one in mine) else _at(max(one.last_ns for one in mine)),
        agents=agents,
        agree=len(agents),
        reporting=max(len(agents), len(found.agents.get(site, ()))),
        egress=found.ways.get(site, []),
    )


def _hosts(mine: Sequence[Stretch], found: Material) -> list[told.Affected]:
    """Return the hosts a device stood before, by category and name; what is not Microsoft's comes last."""
    by_host: dict[str, list[Stretch]] = {}
    for one in mine:
        by_host.setdefault(beside.host_of(one.target), []).append(one)
    listed = []
    for host, seen in by_host.items():
        target = _target(host, found.knowledge)
        listed.append(
            told.Affected(
                host=host,
                category=target.category,
                workload=target.workload,
                doing=_doing(seen),
                since=_at(min(one.first_ns for one in seen)),
                sites=sorted({one.place for one in seen}),
            )
        )
    return sorted(listed, key=lambda one: (("Optimize", "Allow", "Default", "Control").index(one.category), one.host))


def _doing(seen: Iterable[Stretch]) -> str:
    words = {HELD.get(one.verdict, "decrypted, as declared" if one.verdict == "sanctioned" else one.verdict) for one in seen}
    return " and ".join(sorted(words))


def _target(host: str, knowledge: Knowledge) -> Target:
    home = home_of(host, knowledge)
    best = (home.find(host) or home.find(host, 80)) if home is not None else None
    if best is None:
        return Target(host=host, category="Control", workload="Control")
    return Target(host=host, category=best.category, workload=best.workload, endpoint_set=best.id)


def _signs(found: Material) -> list[told.Sign]:
    groups: dict[tuple[str, str], list[Stretch]] = {}
    for one in found.stretches:
        if one.device_key not in found.owner and one.current and not beside.is_lost(one.target, one.verdict):
            groups.setdefault((one.place, beside.host_of(one.target)), []).append(one)
    return [
        told.Sign(
            site=site, host=host, doing=_doing(mine), agents=len({one.agent for one in mine}), since=_at(min(one.first_ns for one in mine))
        )
        for (site, host), mine in sorted(groups.items())
    ]


def _bypassed(one: SiteCoverage) -> told.Bypassed:
    shares = [
        told.Share(category=category, bypassed=share.bypassed, known=share.known, unknown=share.unknown)
        for category, share in one.shares.items()
    ]
    names = {state: [name.host for name in one.names if name.state == state] for state in ("bypassed", "not bypassed", "unknown")}
    return told.Bypassed(
        site=one.site,
        agents=one.agents,
        shares=shares,
        bypassed=names["bypassed"],
        not_bypassed=names["not bypassed"],
        unknown=names["unknown"],
    )


def _positions(found: Material, hosts: set[str]) -> list[told.Position]:
    """Return Microsoft's position on each kind of traffic that is affected, or, where nothing is, on the strictest two."""
    knowledge = found.knowledge
    kinds = {traffic_of(_target(host, knowledge), knowledge) for host in hosts} - {"control"} or {"optimize", "allow"}
    if any(knowledge.has_rule(host, "login") for host in hosts):
        kinds.add("login")
    titles = {one.url: one.title for one in knowledge.links}
    return [
        told.Position(
            traffic=TRAFFIC[kind],
            says=one.says,
            links=[told.Link(title=titles[url], url=url) for topic in one.links for url in titles if url in knowledge.links_about(topic)],  # type: ignore[arg-type]
        )
        for kind, one in knowledge.positions.items()
        if kind in kinds
    ]


def _unknowns(found: Material, listed: Sequence[told.Device]) -> Iterable[str]:
    silent = sorted(set(found.asked.sites) - set(found.agents))
    if silent:
        yield f"No agent reported from {', '.join(silent)} in this time: what stands there was not looked at."
    alone = sorted(site for site, agents in found.agents.items() if len(agents) == 1)
    if alone:
        named = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        yield f"One agent alone speaks for {named}; nobody could agree or disagree with it."
    names = {name.host for one in found.coverage for name in one.names}
    yield f"{len(names)} of Microsoft 365's names are measured now; what happens to others is inferred from these, not seen."
    yield "Only the paths of machines with an agent were looked at. Other networks of a site may be led otherwise."
    yield "A device that passes connections through unchanged, far from the machine, leaves no trace that could be seen from there."
    if any(not one.vendor and not one.manual for one in listed):
        yield "A make is named only by certificates, headers or a device's own word; without these it is not known, or called possible."
    without = sorted(site for site in found.agents if site not in found.ways)
    if found.trouble:
        yield f"By which ways the sites leave is not known: {found.trouble}"
    elif without:
        named = ", ".join(without[:5]) + (" and others" if len(without) > 5 else "")
        yield f"By which way out to the Internet traffic leaves was not seen in this time at {named}."
    if any(not one.owner for one in listed):
        yield "Owner and vendor contact are empty where nobody entered them; they cannot be measured."


def _at(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // 10**9, UTC)
