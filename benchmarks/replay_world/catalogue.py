"""What reports say in this world: findings the real judge makes of the recorded situations (`tests/cases/`), under other keys and hosts.

Nothing is invented here: a situation is judged as recorded, and only names are changed that differ between two boxes of one make (the
authority's key, the customer's name, the portal's host). So every device, key, aspect and weight is one the judge really gives.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from judge.chain import Roots
from judge.finding import Device, DeviceKey, Finding, name_of
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import parse_policy
from server.collector.meaning import Prepared
from server.collector.points import label_of
from server.history.port import SharedFields
from tests.fakes.kinds import facts_of, observation_of
from tests.fakes.situation import CASES
from wire.target import Target

Situation = Mapping[tuple[str, str], Prepared]
"""All findings of one report, by (name, route)."""

HOSTS = ("outlook.office365.com", "microsoft.sharepoint.com", "teams.microsoft.com", "login.microsoftonline.com", "m365.cloud.microsoft")
CONTROL = "www.gstatic.com"
NEW_HOST = "copilot.cloud.microsoft"
"""The name Microsoft adds to its list in the month that is replayed."""
_SPLICED = (HOSTS[0], HOSTS[2])
"""Hosts whose TCP is looked at: two are as good as seven, and runs are what this benchmark pays for."""
_ASIDE = (
    "outlook.office365.com:80",
    "outlook.office365.com:443/udp",
    "worldaz.tr.teams.microsoft.com:3478/udp",
    "substrate.office.com:443/wss",
)
_REFLECTED = "#request"


def _kept(name: str) -> bool:
    host = name.partition(":")[0]
    if name in _ASIDE or name.endswith(_REFLECTED) or name == f"{CONTROL}:443":
        return True
    if host not in HOSTS or not (name.endswith(":443") or "#" in name):
        return False
    return not name.endswith("#tcp") or host in _SPLICED


@cache
def _judged(case: str, products: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Return what the judge says of a recorded report; `products` are local ones the host probe found beside."""
    folder = CASES / case
    given, report = (json.loads((folder / name).read_text()) for name in ("given.json", "report.json"))
    knowledge = replace(load_knowledge(), roots=Roots.from_pem((folder / "roots.pem").read_bytes()))
    certificates = {key: base64.b64decode(body) for key, body in report.get("certificates", {}).items()}
    judge = Judge(knowledge, parse_policy(given["policy"]))
    plain = {key: body | {"products": list(products)} if body["kind"] == "host" else body for key, body in report["facts"].items()}
    facts = {key: facts_of(body) for key, body in plain.items()}
    pairs: list[Any] = [(observation_of(one), facts[one["facts"]]) for one in report["cycle"]["observations"]]
    return judge.judge(judge.look(pairs), certificates, report["cycle"]["started_ns"]).findings


def prepared(finding: Finding) -> Prepared:
    """Return a finding as the collector folds it into runs."""
    label = label_of(finding.target, finding.route, finding.name)
    fine = tuple(name_of(finding.target, aspect) for aspect in finding.fine)
    return Prepared(finding, label, finding.verdict, finding.device_key, SharedFields(), fine)


def situation(findings: Iterable[Finding]) -> dict[tuple[str, str], Prepared]:
    """Return findings by name and route."""
    return {(one.name, one.route): prepared(one) for one in findings}


def recorded(case: str, products: Sequence[str] = ()) -> list[Finding]:
    """Return the findings of a recorded report that this world keeps."""
    return [one for one in _judged(case, tuple(products)) if _kept(one.name)]


def device_findings(case: str, products: Sequence[str] = ()) -> list[Finding]:
    """Return those of a recorded report that are not clean: what a device changes."""
    return [one for one in recorded(case, products) if one.verdict != "clean"]


def only(findings: Iterable[Finding], wanted: Callable[[Finding], bool]) -> list[Finding]:
    """Return the findings that are wanted."""
    return [one for one in findings if wanted(one)]


def on_hosts(findings: Iterable[Finding], hosts: Sequence[str]) -> list[Finding]:
    """Return the findings about some hosts: a device that is selective."""
    return [one for one in findings if one.target.host in hosts]


def about(finding: Finding, host: str) -> Finding:
    """Return the same finding about another host of the plan."""
    clean = next((one for one in recorded("lab-clean") if one.target.host == host and one.aspect == "path"), None)
    target = clean.target if clean else Target(host=host, category="Default", workload="Common")
    swap = _swap({finding.target.host: host})
    return replace(
        finding,
        target=target,
        sentence=swap(finding.sentence),
        why_not=swap(finding.why_not),
        evidence=tuple(replace(one, text=swap(one.text)) for one in finding.evidence),
    )


def fingerprint(name: str) -> str:
    """Return a key's SHA-256 as a certificate would give it, for a box of this name."""
    return hashlib.sha256(name.encode()).hexdigest()


def another_box(findings: Iterable[Finding], name: str, texts: Mapping[str, str] | None = None) -> list[Finding]:
    """Return the findings as another installation of the same product makes them: its own key, and `texts` replaced everywhere."""
    swap = _swap(texts or {})
    return [_boxed(one, name, swap) for one in findings]


def _boxed(one: Finding, name: str, swap: Callable[[str], str]) -> Finding:
    evidence = tuple(replace(part, text=swap(part.text)) for part in one.evidence)
    device = one.device and _device(one.device, name, swap)
    return replace(one, device=device, evidence=evidence, sentence=swap(one.sentence), why_not=swap(one.why_not))


def _device(device: Device, name: str, swap: Callable[[str], str]) -> Device:
    keys = tuple(DeviceKey(key.kind, fingerprint(name) if key.kind == "instance" else swap(key.value)) for key in device.keys)
    return replace(device, keys=keys, issuer=swap(device.issuer))


def _swap(texts: Mapping[str, str]) -> Callable[[str], str]:
    def swapped(text: str) -> str:
        for old, new in texts.items():
            text = text.replace(old, new).replace(old.lower(), new.lower())
        return text

    return swapped
