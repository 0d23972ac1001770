"""What was said against what is true: one scenario's findings compared with its row. Pure; findings are the plain objects of a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.lab.rows import Scenario, Truth

_APART = ("/udp", "this-machine", "reflector.", "#tcp", "#h2", "#mss", ":80", "#")
ENDED = frozenset({"inspected", "sanctioned", "blocked", "captive"})
"""Verdicts on a target that say that something on the way answers in its place."""
QUIET = frozenset({"clean", "unreachable", "inconclusive"})
"""Verdicts that point to no device."""


@dataclass
class Score:
    """How one scenario came out. `pairs`: expected and said verdict of each finding; `faults` are sentences for a person."""

    scenario: Scenario
    pairs: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    signals: set[str] = field(default_factory=set)
    class_right: bool = True
    false_devices: int = 0
    seconds: float = 0.0

    @property
    def verdict_right(self) -> bool:
        """Return whether every finding says what is true, and there are findings."""
        return bool(self.pairs) and all(true == said for true, said in self.pairs)


def truth(scenario: Scenario, name: str, route: str) -> Truth | None:
    """Return what is true of a finding: the last pattern that matches decides; None when the row says nothing of it.

    Of datagrams, of port 80, of this machine itself and of the request to our reflector a row speaks by their names only (`/udp`, `:80`,
    `#...`); else they are clean. Where TCP ends (`#tcp`) follows from what the row says of the target: what answers in the server's place
    ends it.
    """
    apart = _apart(name)
    found = Truth("clean") if apart else None
    for pattern, one in scenario.expect.items():
        if _matches(pattern, name, route) and (not apart or apart in pattern):
            found = one
    if found is not None and apart == "#tcp" and not any("#tcp" in pattern for pattern in scenario.expect):
        return _where_tcp_ends(truth(scenario, name.removesuffix("#tcp"), route))
    return found


def _where_tcp_ends(true: Truth | None) -> Truth | None:
    if true is None or true.verdict not in ENDED:
        return true and Truth("(nothing)" if true.verdict in QUIET - {"clean"} | {"redirected"} else "clean")
    return Truth("spliced", (*true.kind, "wan-acceleration", "unknown"), true.vendor, surely=False)


def _apart(name: str) -> str:
    """Return by what a finding is about something else than TLS to port 443; empty when it is about that."""
    return next((one for one in _APART if one in name), "")


def _matches(pattern: str, name: str, route: str) -> bool:
    which, _, way = pattern.partition("@")
    return (fnmatchcase(name, which) or fnmatchcase(name.partition(":")[0], which)) and (not way or way == route)


def score(scenario: Scenario, findings: Sequence[Mapping[str, Any]], seconds: float = 0.0) -> Score:
    """Compare a scenario's findings with its row."""
    one = Score(scenario, seconds=seconds)
    for finding in findings:
        true = truth(scenario, finding["name"], finding["route"])
        where = f"{finding['name']} by {finding['route']}"
        one.signals.update(finding["signals"])
        if true is None:
            one.faults.append(f"{where}: the row does not say what is true")
            one.pairs.append(("(not told)", finding["verdict"]))
            continue
        if true.verdict == "(nothing)" and finding["verdict"] in QUIET:
            true = Truth(finding["verdict"])  # of the path to what cannot be reached or told apart there is nothing to say
        one.pairs.append((true.verdict, finding["verdict"]))
        if finding["verdict"] != true.verdict:
            one.faults.append(f"{where}: {true.verdict} is true, said was {finding['verdict']} ({', '.join(finding['signals'])})")
        _device(one, where, true, finding)
        _forbidden(one, where, finding)
    for pattern, true in scenario.expect.items():
        if not any(_matches(pattern, finding["name"], finding["route"]) for finding in findings):
            one.faults.append(f"nothing was found out about {pattern}")
            one.pairs.append((true.verdict, "(nothing)"))
    return one


def _device(one: Score, where: str, true: Truth, finding: Mapping[str, Any]) -> None:
    found, vendor = finding["class"], finding["vendor"]
    if true.verdict in QUIET or not true.kind:
        if found is not None:
            one.false_devices += 1
            one.faults.append(f"{where}: a device is named where none is ({found}, {vendor or finding['possible']})")
        return
    if found is None and "#" in finding["name"]:
        return  # what was lost is told beside the target; the device is the target's own finding's
    if (found or "none") not in true.kind:
        one.class_right = False
        one.faults.append(f"{where}: class {' or '.join(true.kind)} is true, said was {found} (possible: {finding['possible']})")
    if vendor is not None and vendor != true.vendor:
        one.false_devices += 1
        one.faults.append(f"{where}: {vendor} is named, true is {true.vendor or 'no vendor'}")
    elif true.vendor and vendor is None and true.surely:
        one.class_right = False
        one.faults.append(f"{where}: {true.vendor} is not named")


def _forbidden(one: Score, where: str, finding: Mapping[str, Any]) -> None:
    """Look for what the row says must never be said; each counts as a false device."""
    for claim in one.scenario.never:
        kind, _, word = claim.partition(":")
        word, _, host = word.partition("@")
        if kind == "verdict" and _apart(finding["name"]):
            continue
        if host and not fnmatchcase(finding["name"], f"{host}:*"):
            continue
        held = word in finding["signals"] if kind == "signal" else str(finding[kind]) == word
        if held:
            one.false_devices += 1
            one.faults.append(f"{where}: {claim} must not be said")
