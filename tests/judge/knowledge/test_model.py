"""Holds judge/knowledge/model.py: rows are complete or refused, and the small look-ups on the whole."""

from typing import get_args

import pytest
from pydantic import ValidationError

from judge.knowledge.loader import load_knowledge
from judge.knowledge.model import Product, Topic
from wire.target import Target

KNOWLEDGE = load_knowledge()
ROW = {
    "id": "x",
    "vendor": "X",
    "product": "X",
    "class": "swg",
    "scope": "global",
    "match": [{"CN": "^X$"}],
    "grade": "A",
    "origin": "somewhere",
}


def test_a_row_without_grade_or_origin_is_refused() -> None:
    """Who says so and how surely is part of every row."""
    assert Product.model_validate(ROW).device_class == "swg"
    assert not Product.model_validate({**ROW, "match": []}).match
    for missing in ("grade", "origin", "match"):
        with pytest.raises(ValidationError, match=missing):
            Product.model_validate({key: value for key, value in ROW.items() if key != missing})


def test_a_misspelt_rule_is_refused() -> None:
    """Unknown keys, attributes, classes and broken expressions are not silently without effect."""
    for wrong in ({"scop": "global"}, {"match": [{"cn": "x"}]}, {"class": "gateway"}, {"match": [{"CN": "("}]}):
        with pytest.raises(ValidationError):
            Product.model_validate({**ROW, **wrong})


def test_operator_of() -> None:
    """What the list holds is Microsoft's, except what only stands in it; what it lacks is its own operator."""
    assert KNOWLEDGE.operator_of("outlook.office365.com", 1) == "microsoft"
    assert KNOWLEDGE.operator_of("graph.microsoft.com", None) == "microsoft"
    assert KNOWLEDGE.operator_of("ocsp.digicert.com", 125) == "*.digicert.com"
    assert KNOWLEDGE.operator_of("WWW.example.org", None) == "www.example.org"


def test_links_and_rules() -> None:
    """Every topic has something to read, and sign-in hosts have their rule."""
    assert all(KNOWLEDGE.links_about(topic) for topic in get_args(Topic))
    assert KNOWLEDGE.has_rule("login.microsoftonline.com", "login")
    assert not KNOWLEDGE.has_rule("device.login.microsoftonline.com", "login")


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("FRA", ("FRA", "Frankfurt", "DE")),
        ("fra31", ("FRA", "Frankfurt", "DE")),
        (" Lis", ("LIS", "Lisbon", "PT")),
        ("CO1", ("CO", "Quincy WA", "US")),  # an airport's code has three letters
        ("HK2", ("HK", "Hong Kong", "HK")),
        ("DB", ("DB", "Dublin", "IE")),
        ("PRA", ("PRA", "Saint-Denis", "FR")),  # the airport PRA is in Argentina
        ("SLA", ("SLA", "Seoul", "KR")),  # the airport SLA is in Argentina
        ("STB", ("STB", "Seattle WA", "US")),  # the airport STB is in Venezuela
        ("SAN", ("SAN", "San Antonio TX", "US")),  # the airport SAN is San Diego's
        ("MEX", ("MEX", "Querétaro", "MX")),
        ("LYH", ("LYH", "Boydton VA", "US")),  # of Exchange; the airport LYH is Lynchburg's
        ("EAT", ("EAT", "Quincy WA", "US")),
        ("CDG", ("CDG", "Paris", "FR")),
    ],
)
def test_front_door(code: str, place: tuple[str, str, str]) -> None:
    """A code is Microsoft's, in any case, with or without digits, and stands for Microsoft's city whatever airport has the same letters."""
    found = KNOWLEDGE.front_door(code)
    assert found is not None
    assert (found.code, found.city, found.country) == place


def test_front_doors_are_where_their_city_is() -> None:
    """Codes of one city share one point, points are on the right side of the world, and unknown codes have no place."""
    points: dict[tuple[str, str], set[tuple[float, float]]] = {}
    for one in KNOWLEDGE.front_doors.values():
        points.setdefault((one.city, one.country), set()).add((one.latitude, one.longitude))
    assert len(KNOWLEDGE.front_doors) == 130
    assert {len(there) for there in points.values()} == {1}
    sydney, quincy = KNOWLEDGE.front_doors["SYD"], KNOWLEDGE.front_doors["CO"]
    assert (round(sydney.latitude), round(sydney.longitude)) == (-34, 151)
    assert (round(quincy.latitude), round(quincy.longitude)) == (47, -120)
    assert KNOWLEDGE.front_door("QQQ") is KNOWLEDGE.front_door("") is KNOWLEDGE.front_door("31") is None


def test_set_of_tells_the_instance_by_the_host() -> None:
    """The same id is another set in each instance: the host decides which is meant, by TCP or UDP."""

    def name(host: str, endpoint_set: int | None, protocol: str = "https") -> str:
        plain = {"host": host, "endpoint_set": endpoint_set, "protocol": protocol, "category": "Default", "workload": "Common"}
        found = KNOWLEDGE.set_of(Target.model_validate(plain))
        return f"{found.id} {found.category} {found.workload}" if found else "none"

    assert name("outlook.office365.com", 1) == "1 Optimize Exchange"
    assert name("partner.outlook.cn", 1) == "1 Optimize Exchange"
    assert name("contoso.sharepoint.us", 9) == "9 Optimize SharePoint"
    assert name("contoso.protection.outlook.com", 9) == "9 Allow Exchange"
    assert name("m365.cloud.microsoft", None, "quic") == "184 Default Common"
    assert name("login.microsoftonline.com", 13) == "13 Default Common"
    assert name("worldaz.tr.teams.microsoft.com", 11, "turn") == "11 Optimize Teams"
    assert name("www.example.org", None) == "none"
