"""A newer list in the knowledge: targets follow the names, and nothing else of the knowledge changes."""

import json
from pathlib import Path

from judge.knowledge.endpoints import EndpointList, EndpointSet, read_set
from judge.knowledge.loader import DATA, load_knowledge
from judge.knowledge.renewal import added_targets, new_names, renewed, with_list
from judge.knowledge.targets import optimize_prefixes, targets_for
from wire.target import Target

KNOWLEDGE = load_knowledge()
VERSION = "2026090100"


def shipped(**changes: dict[str, object]) -> EndpointList:
    """Return the shipped list with changed fields of sets, by `set_<id>`."""
    plain = json.loads(Path(DATA / "endpoints.json").read_bytes())
    return EndpointList([read_set(one | changes.get(f"set_{one['id']}", {})) for one in plain])


def test_an_equal_list_changes_the_version_only() -> None:
    """The same sets give the same targets, but judgements by another list are told apart; the old knowledge stays as it was."""
    newer = with_list(KNOWLEDGE, "Worldwide", shipped(), VERSION)
    assert targets_for(newer, "Worldwide") == targets_for(KNOWLEDGE, "Worldwide")
    assert newer.version != KNOWLEDGE.version
    assert newer.version.startswith(f"{KNOWLEDGE.as_of}+")
    assert (newer.lists["Worldwide"], KNOWLEDGE.lists["Worldwide"]) == (VERSION, "2026081400")
    assert newer.endpoints is newer.instances["Worldwide"]
    assert newer.operators is not KNOWLEDGE.operators


def test_targets_follow_the_list() -> None:
    """A name that leaves the list leaves the plan, a new Optimize name comes into it before the control, prefixes are the new ones."""
    urls = ["outlook.cloud.microsoft", "outlook.office365.com", "mail.cloud.example"]
    listed = shipped(set_1={"urls": urls, "ips": ["192.0.2.0/24"]}, set_31={"urls": ["sites.example"]})
    newer = with_list(KNOWLEDGE, "Worldwide", listed, VERSION)
    hosts = [one.host for one in targets_for(newer, "Worldwide")]
    assert "microsoft.sharepoint.com" not in hosts
    assert hosts.index("mail.cloud.example") == len(hosts) - 3
    assert hosts[-1] == targets_for(KNOWLEDGE, "Worldwide")[-1].host
    assert [one.host for one in added_targets(newer, "Worldwide")] == ["mail.cloud.example", "sites.example"]
    assert "192.0.2.0/24" in optimize_prefixes(newer)
    assert newer.set_of(Target(host="mail.cloud.example", category="Optimize", workload="Exchange")) is not None


def test_what_is_new() -> None:
    """A name that a pattern of the old list covered is not new; a pattern is no name."""
    old = EndpointList([one(1, "*.known.example")])
    new = EndpointList([one(1, "a.known.example", "*.other.example", "fresh.example"), one(2, "default.example", category="Default")])
    assert [name for name, _ in new_names(old, new)] == ["fresh.example"]


def one(number: int, *urls: str, category: str = "Optimize") -> EndpointSet:
    """Return a set of names on TCP 443."""
    plain = {"id": number, "serviceArea": "Exchange", "category": category, "required": True, "urls": list(urls), "tcpPorts": "443"}
    return read_set(plain)


def test_a_persons_target_is_renewed() -> None:
    """It takes the category the list gives it now; what left the list goes, what never was in it stays."""
    outlook = Target(host="outlook.office365.com", endpoint_set=2, category="Allow", workload="Common")
    found = renewed(KNOWLEDGE, "Worldwide", outlook)
    assert found is not None
    assert (found.category, found.endpoint_set, found.workload) == ("Optimize", 1, "Exchange")
    assert renewed(KNOWLEDGE, "Worldwide", outlook.model_copy(update={"host": "gone.example"})) is None
    own = Target(host="intranet.example", category="Control", workload="Control")
    assert renewed(KNOWLEDGE, "Worldwide", own) is own
