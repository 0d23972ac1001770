"""How much of Microsoft 365 goes around proxies and tunnels: what a PAC file sends direct, what a VPN takes, what findings show. Pure.

PAC types are Microsoft's: 1 sends Optimize direct, 2 sends Optimize and Allow. Workloads of a VPN are split out, selective or tunnelled, as
in Microsoft's connectivity test. Decisions are given by name and by prefix; how they were found is the asker's matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from judge.finding import Finding
from judge.knowledge.endpoints import EndpointList, EndpointSet
from judge.knowledge.targets import tenant_label
from wire.vocabulary import Category, Verdict, Workload

Decision = Literal["direct", "proxied"]
Way = Literal["default", "vpn"]
Split = Literal["split out", "selective", "tunnelled", "unknown"]
MADE_UP = "middlewatch"
"""Stands where a wildcard stands: a PAC file decides on patterns, so a name nobody has is decided like one that is used."""
_WEB_PORTS = (443, 80)
PLAIN: frozenset[Verdict] = frozenset({"clean"})
TAKEN: frozenset[Verdict] = frozenset({"proxied", "spliced", "inspected", "altered", "redirected"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One name to decide on, and what it stands for in the endpoint list."""

    name: str
    pattern: str
    endpoint_set: int
    category: Category
    workload: Workload


@dataclass(frozen=True, slots=True)
class Share:
    """`bypassed` of `known`; `unknown` were not decided and are in neither. `percent` is None of nothing."""

    bypassed: int
    known: int
    unknown: int

    @property
    def percent(self) -> float | None:
        """Return the share in percent, rounded to a tenth."""
        return round(100 * self.bypassed / self.known, 1) if self.known else None


@dataclass(frozen=True, slots=True)
class PacCoverage:
    """What a PAC file does. `pac_type` 2, 1 or 0 as Microsoft counts; None when names it depends on were not decided."""

    pac_type: Literal[0, 1, 2] | None
    shares: Mapping[Category, Share]
    proxied: tuple[Listed, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class VpnCoverage:
    """What a VPN takes of the Optimize prefixes, by workload; `taken` are those that go into the tunnel."""

    splits: Mapping[Workload, Split]
    taken: Mapping[Workload, tuple[str, ...]]
    share: Share
    sentence: str


def names_to_ask(listed: EndpointList, tenant: str = "", *, intune: bool = False) -> tuple[Listed, ...]:
    """Return one name for each web pattern of the list, in its highest category; the tenant's own where a tenant's name belongs.

    Intune's sets are left out, as the web service does, unless `intune` asks for them. Raises BadTenant for what is no tenant's name.
    """
    label = tenant_label(tenant) if tenant else ""
    found: dict[str, Listed] = {}
    for one in listed.sets:
        wanted = any(one.has_port(port) for port in _WEB_PORTS) and (intune or not one.intune)
        for pattern in one.urls if wanted else ():
            for name in _names(pattern, label):
                counts = next((hit for port in _WEB_PORTS if (hit := listed.find(name, port))), one)
                found.setdefault(name, _listed(name, pattern, counts))
    return tuple(found.values())


def bypass_names(listed: EndpointList, tenant: str = "") -> list[str]:
    """Return the names whose way decides a PAC file's type: one for each Optimize and Allow pattern. Raises BadTenant."""
    return [one.name for one in names_to_ask(listed, tenant) if one.category in {"Optimize", "Allow"}]


def pac_coverage(listed: EndpointList, decisions: Mapping[str, Decision], tenant: str = "") -> PacCoverage:
    """Return what a PAC file sends direct, from its decision for each name of `names_to_ask`. Raises BadTenant."""
    asked = names_to_ask(listed, tenant)
    by_category: dict[Category, Share] = {}
    for category in ("Optimize", "Allow", "Default"):
        answers = [decisions.get(one.name) for one in asked if one.category == category]
        by_category[category] = Share(answers.count("direct"), len(answers) - answers.count(None), answers.count(None))
    pac_type = _pac_type(by_category["Optimize"], by_category["Allow"])
    proxied = tuple(one for one in asked if decisions.get(one.name) == "proxied" and one.category in {"Optimize", "Allow"})
    return PacCoverage(pac_type, by_category, proxied, _pac_sentence(pac_type, by_category, proxied))


def vpn_coverage(listed: EndpointList, ways: Mapping[str, Way]) -> VpnCoverage:
    """Return what a VPN takes, from the way each Optimize prefix leaves by (prefixes written as the list writes them)."""
    splits: dict[Workload, Split] = {}
    taken: dict[Workload, tuple[str, ...]] = {}
    workloads: dict[Workload, list[str]] = {}
    for one in listed.sets:
        if one.category == "Optimize":
            workloads.setdefault(one.workload, []).extend(str(prefix) for prefix in one.ips)
    for workload, prefixes in workloads.items():
        known = [prefix for prefix in dict.fromkeys(prefixes) if prefix in ways]
        taken[workload] = tuple(prefix for prefix in known if ways[prefix] == "vpn")
        splits[workload] = _split_of(len(taken[workload]), len(known))
    whole = list(dict.fromkeys(prefix for prefixes in workloads.values() for prefix in prefixes))
    known = [prefix for prefix in whole if prefix in ways]
    share = Share(sum(ways[prefix] == "default" for prefix in known), len(known), len(whole) - len(known))
    return VpnCoverage(splits, taken, share, _vpn_sentence(splits))


def bypass_coverage(findings: Iterable[Finding]) -> dict[Category, Share]:
    """Return by category how many targets nothing stands before, of those whose findings say so either way.

    A target counts once, by its worst finding; what was unreachable, blocked, inconclusive or sanctioned is unknown here.
    """
    targets: dict[tuple[Category, str], set[Verdict]] = {}
    for one in findings:
        targets.setdefault((one.target.category, one.target.name), set()).add(one.verdict)
    shares: dict[Category, Share] = {}
    for category in dict.fromkeys(category for category, _ in targets):
        verdicts = [seen for (other, _), seen in targets.items() if other == category]
        taken = sum(bool(seen & TAKEN) for seen in verdicts)
        plain = sum(seen <= PLAIN for seen in verdicts)
        shares[category] = Share(plain, plain + taken, len(verdicts) - plain - taken)
    return shares


def _names(pattern: str, tenant: str) -> tuple[str, ...]:
    if "*" not in pattern:
        return (pattern,)
    suffix = pattern.removeprefix("*.")
    if tenant and suffix.startswith("sharepoint"):
        return (f"{tenant}.{suffix}", f"{tenant}-my.{suffix}")
    if tenant and (suffix.startswith("yammer") or "*.onmicrosoft." in pattern):
        return (pattern.replace("*", tenant),)
    return (pattern.replace("*", MADE_UP),)


def _listed(name: str, pattern: str, one: EndpointSet) -> Listed:
    return Listed(name, pattern, one.id, one.category, one.workload)


def _pac_type(optimize: Share, allow: Share) -> Literal[0, 1, 2] | None:
    if optimize.bypassed < optimize.known:
        return 0
    if optimize.unknown or not optimize.known:
        return None
    if allow.bypassed < allow.known:
        return 1
    return None if allow.unknown else 2


def _pac_sentence(pac_type: int | None, shares: Mapping[Category, Share], proxied: tuple[Listed, ...]) -> str:
    words = {
        None: "Not all names were decided, so the type of the PAC file is not known.",
        0: "The PAC file sends Optimize names to a proxy: it is of neither of Microsoft's two types.",
        1: "The PAC file is of Microsoft's type 1: Optimize direct, Allow by a proxy.",
        2: "The PAC file is of Microsoft's type 2: Optimize and Allow direct.",
    }[pac_type]
    percents = [f"{category} {share.percent:g} %" for category, share in shares.items() if share.percent is not None]
    first = f" By a proxy: {', '.join(one.name for one in proxied[:4])}{' and more' if len(proxied) > 4 else ''}." if proxied else ""
    return f"{words} Direct: {', '.join(percents) or 'nothing decided'}.{first}"


def _split_of(taken: int, known: int) -> Split:
    if not known:
        return "unknown"
    return "split out" if taken == 0 else "tunnelled" if taken == known else "selective"


def _vpn_sentence(splits: Mapping[Workload, Split]) -> str:
    return "; ".join(f"{workload}: {split}" for workload, split in splits.items()) + "."
