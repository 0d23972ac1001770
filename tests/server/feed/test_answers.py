"""What is taken for the service's answer: the recorded and documented ones, and none of what is cut, foreign or impossible."""

import contextlib
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from server.feed.answers import BadAnswer, check_plausible, names_of, read_dates, read_list, read_version, without_tenant
from tests.fakes.endpoint_service import NEW, OLD, REFERENCE, edited, recorded

KNOWN = load_knowledge().instances
DOCUMENTED = json.loads((REFERENCE / "documented-samples.json").read_bytes())


def test_documented_answers() -> None:
    """The samples of Microsoft's own documents are read as they are meant."""
    assert read_version(json.dumps(DOCUMENTED["version_one_instance"]).encode(), "Worldwide") == "2018063000"
    assert read_dates(json.dumps(DOCUMENTED["changes"]).encode()) == {"51.140.203.190/32": "2018-06-09"}


@pytest.mark.parametrize("instance", get_args(Instance))
def test_recorded_answers(instance: Instance) -> None:
    """Every instance's recorded list is read whole, without oddities, and taken for its own."""
    listed, odd = read_list(recorded(NEW, instance))
    assert (names_of(listed), odd) == (names_of(KNOWN[instance]), "")
    check_plausible(listed, instance, KNOWN)


def test_the_older_list_is_plausible_too() -> None:
    """Eight months of changes do not make a list another instance's."""
    listed, _ = read_list(recorded(OLD))
    assert len(listed.sets) == 79
    check_plausible(listed, "Worldwide", KNOWN)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"instance": "Worldwide", "lat', "version: is not JSON"),
        (b"[]", "version: is not one object"),
        (b'{"instance": "China", "latest": "2026081400"}', "speaks of instance 'China', asked was Worldwide"),
        (b'{"instance": "Worldwide", "latest": "20260814"}', "is not ten digits"),
        (b'{"instance": "Worldwide", "latest": 2026081400}', "is not ten digits"),
        (b'{"instance": "Worldwide", "latest": "2199999999"}', "is not ten digits"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_bad_versions(body: bytes, words: str) -> None:
    """Each is told with what is wrong."""
    with pytest.raises(BadAnswer, match=words):
        read_version(body, "Worldwide")


def _without_category(sets: dict[int, dict[str, Any]]) -> None:
    del sets[1]["category"]


def _no_optimize(sets: dict[int, dict[str, Any]]) -> None:
    for one in sets.values():
        one["category"] = "Default"


def _bad_prefix(sets: dict[int, dict[str, Any]]) -> None:
    sets[1]["ips"] = ["300.0.0.0/8"]


def _twice(sets: dict[int, dict[str, Any]]) -> None:
    sets[2]["id"] = 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (recorded()[:20_000], r"endpoints: is not JSON \(20000 bytes\)"),
        (b"<html>blocked</html>", "is not JSON"),
        (b'{"message": "no"}', "is not a list of endpoint sets"),
        (b"[]", "is not a list of endpoint sets"),
        (b"[1]", "set 1 is not an object"),
        (json.dumps([{}] * 1001).encode(), "is not a list of endpoint sets"),
        (edited(recorded(), _without_category), "set 1: KeyError: 'category'"),
        (edited(recorded(), _bad_prefix), "set 1: ValueError: '300.0.0.0/8' does not appear to be"),
        (edited(recorded(), _no_optimize), "no set is Optimize"),
        (edited(recorded(), _twice), "an id stands twice"),
    ],
)
def test_bad_lists(body: bytes, words: str) -> None:
    """Nothing is taken in part: the first fault ends it, with its place."""
    with pytest.raises(BadAnswer, match=words):
        read_list(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_any_json_is_an_answer_or_bad(plain: object) -> None:
    """Whatever JSON comes, nothing else is raised."""
    body = json.dumps(plain).encode()
    for read in (read_list, read_dates, lambda one: read_version(one, "Worldwide"), lambda one: without_tenant(one, "contoso")):
        with contextlib.suppress(BadAnswer):
            read(body)


def test_another_instances_list_is_refused() -> None:
    """The answer does not name its instance, and the same ids mean other things; so does a list with most names gone."""
    pairs: tuple[tuple[Instance, Instance], ...] = (("Worldwide", "China"), ("USGovDoD", "USGovGCCHigh"), ("China", "Worldwide"))
    for instance, other in pairs:
        with pytest.raises(BadAnswer, match=f"looks like the list of {other}, asked was {instance}"):
            check_plausible(read_list(recorded(NEW, other))[0], instance, KNOWN)
    few = read_list(json.dumps(json.loads(recorded())[:8]).encode())[0]
    with pytest.raises(BadAnswer, match=r"holds only .* names there were; it is not taken"):
        check_plausible(few, "Worldwide", KNOWN)


def test_a_new_service_area_costs_nothing() -> None:
    """It counts as Common, and is told as odd."""

    def edit(sets: dict[int, dict[str, Any]]) -> None:
        sets[184]["serviceArea"] = "Copilot"

    listed, odd = read_list(edited(recorded(), edit))
    found = listed.find("copilot.cloud.microsoft")
    assert found is not None
    assert (found.id, found.workload, odd) == (184, "Common", "service area 'Copilot' is new; it counts as Common")


def test_what_is_no_host_name_is_left_out() -> None:
    """The others of its set stay, and it is told as odd."""

    def edit(sets: dict[int, dict[str, Any]]) -> None:
        sets[1]["urls"] += ["https://outlook.example/path", "\ud800\0"]

    listed, odd = read_list(edited(recorded(), edit))
    assert names_of(listed) == names_of(KNOWN["Worldwide"])
    assert odd == "set 1: 'https://outlook.example/path' is no host name; it is left out"


def test_a_tenants_names_become_patterns_again() -> None:
    """Where the service fills in the tenant's name the list has its asterisk back, once, and everything else as it came."""

    def edit(sets: dict[int, dict[str, Any]]) -> None:
        sets[31]["urls"] = ["contoso.sharepoint.com", "contoso-my.sharepoint.com"]
        holding = next(one for one in sets.values() if "autodiscover.*.onmicrosoft.com" in one.get("urls", []))
        holding["urls"] = [url.replace("*.onmicrosoft", "contoso.onmicrosoft") for url in holding["urls"]]

    body = without_tenant(edited(recorded(), edit), "contoso")
    assert names_of(read_list(body)[0]) == names_of(KNOWN["Worldwide"])
