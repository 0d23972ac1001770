"""Holds judge/egress_truth.py: claims are weighed by light, disagreement is told and not resolved, clouds raise and clear nothing."""

import pytest

from judge.egress_truth import Claim, DeclaredEgress, Point, address_claim, backhaul, egress_truth, front_door_claim
from judge.knowledge.loader import load_knowledge

KNOWLEDGE = load_knowledge()
LYON = Point(45.76, 4.84, "Lyon")
PARIS = Point(48.86, 2.35, "Paris")
FRANKFURT = Point(50.11, 8.68, "Frankfurt")
SINGAPORE = Point(1.35, 103.82, "Singapore")
NAIROBI = Point(-1.29, 36.82, "Nairobi")
DECLARED = (
    DeclaredEgress("198.51.100.0/24", PARIS),
    DeclaredEgress("198.51.100.128/25", FRANKFURT),
    DeclaredEgress("2001:db8::/32", PARIS),
)


def test_declared_places() -> None:
    """The longest declared prefix places an address, in its own family; a database places what is not declared, and is named as such."""
    near = address_claim("reflector", "198.51.100.7", KNOWLEDGE, DECLARED)
    inner = address_claim("reflector", "198.51.100.200", KNOWLEDGE, DECLARED, database=SINGAPORE)
    other = address_claim("reflector", "203.0.113.9", KNOWLEDGE, DECLARED, database=SINGAPORE)
    unknown = address_claim("reflector", "not an address", KNOWLEDGE, DECLARED)
    assert (near.point, near.basis, inner.point) == (PARIS, "declared", FRANKFURT)
    assert (other.point, other.basis) == (SINGAPORE, "database")
    assert (unknown.point, unknown.basis, unknown.network) == (None, "unknown", None)
    assert address_claim("reflector", "2001:db8::1", KNOWLEDGE, DECLARED).point == PARIS


def test_three_facts_agree() -> None:
    """An egress in Paris, a resolver in Frankfurt and the front door CDG agree within 500 miles."""
    truth = egress_truth(
        [
            address_claim("reflector", "198.51.100.7", KNOWLEDGE, DECLARED),
            address_claim("resolver", "198.51.100.200", KNOWLEDGE, DECLARED),
            front_door_claim("CDG31", KNOWLEDGE, rtt_ms=14.0),
        ],
        LYON,
        KNOWLEDGE,
    )
    assert (truth.agreement, truth.sentences, truth.raised, truth.split) == ("agree", (), (), False)
    assert [one.possible for one in truth.claims] == [None, None, True]


def test_disagreement_is_told() -> None:
    """A front door on another continent than the egress is a disagreement, in words with both places; neither is called right."""
    truth = egress_truth(
        [address_claim("reflector", "198.51.100.7", KNOWLEDGE, DECLARED), front_door_claim("SIN", KNOWLEDGE, rtt_ms=180.0)], LYON, KNOWLEDGE
    )
    assert truth.agreement == "disagree"
    assert truth.sentences[0].startswith("Our reflector says Paris (198.51.100.7), the front door says Singapore (SIN): 107")


def test_a_far_nearest_door_is_no_disagreement() -> None:
    """Where the nearest front door is far, using it agrees with the egress; one much farther does not."""
    nearest = min(KNOWLEDGE.front_doors.values(), key=lambda one: NAIROBI.km_to(Point(one.latitude, one.longitude)))
    egress = Claim("reflector", "203.0.113.9", NAIROBI, "declared")
    assert egress_truth([egress, front_door_claim(nearest.code, KNOWLEDGE)], NAIROBI, KNOWLEDGE).agreement == "agree"
    assert egress_truth([egress, front_door_claim("AMS", KNOWLEDGE)], NAIROBI, KNOWLEDGE).agreement == "disagree"


def test_light_refutes_a_database() -> None:
    """An address a database puts in Singapore cannot be there when it answers in 9 ms; then it has no say in the agreement."""
    truth = egress_truth(
        [
            address_claim("reflector", "203.0.113.9", KNOWLEDGE, DECLARED, rtt_ms=9.0, database=SINGAPORE),
            front_door_claim("CDG", KNOWLEDGE, rtt_ms=9.0),
        ],
        LYON,
        KNOWLEDGE,
    )
    assert truth.agreement == "single"
    assert truth.claims[0].possible is False
    assert "placed in Singapore by a database of addresses" in truth.sentences[0]
    assert "it is not there" in truth.sentences[0]


def test_a_city_is_not_a_point() -> None:
    """A place a few kilometres beyond the bound is not impossible: places are cities."""
    km = LYON.km_to(PARIS)
    edge = egress_truth([Claim("reflector", "x", PARIS, "declared", rtt_ms=(km - 40) / 100)], LYON, KNOWLEDGE)
    beyond = egress_truth([Claim("reflector", "x", PARIS, "declared", rtt_ms=(km - 60) / 100)], LYON, KNOWLEDGE)
    assert (edge.claims[0].possible, beyond.claims[0].possible) == (True, False)


def test_nothing_known() -> None:
    """Codes that are not listed and addresses without a place say nothing, and no site means no distance."""
    truth = egress_truth([front_door_claim("QQQ", KNOWLEDGE, 5.0), address_claim("reflector", "203.0.113.9", KNOWLEDGE)], LYON, KNOWLEDGE)
    assert truth.agreement == "nothing"
    nowhere = egress_truth([front_door_claim("CDG", KNOWLEDGE, 5.0)], None, KNOWLEDGE)
    assert (nowhere.agreement, nowhere.claims[0].km, nowhere.claims[0].possible) == ("single", None, None)
    assert egress_truth([], LYON, KNOWLEDGE).agreement == "nothing"


@pytest.mark.parametrize(
    ("reflector", "relay", "split"),
    [
        ("198.51.100.7", "203.0.113.9", True),
        ("198.51.100.7", "198.51.100.99", False),
        ("198.51.100.7", "2001:db8::1", False),
        ("2001:db8::1", "2001:db8:0:7::1", False),
        ("2001:db8::1", "2001:db8:1::1", True),
        ("198.51.100.7", "private", False),
    ],
)
def test_split_egress(reflector: str, relay: str, split: bool) -> None:  # noqa: FBT001 - the expected answer
    """Media by another network than the web is split egress, which is said to be legitimate; another family is no comparison."""
    truth = egress_truth([Claim("reflector", reflector), Claim("relay", relay)], LYON, KNOWLEDGE)
    assert truth.split is split
    assert any("legitimate" in text for text in truth.sentences) is split
    assert truth.agreement == "nothing"


@pytest.mark.parametrize(
    ("address", "asn", "words"),
    [
        ("165.225.10.1", None, "Zscaler's network: a security cloud may stand"),
        ("104.16.1.1", None, "whose addresses serve other things too"),
        ("203.0.113.9", 36692, "Cisco Umbrella's network"),
        ("203.0.113.9", 8075, "announced by Microsoft's own network: something hosted there stands in the path"),
        ("6.6.0.9", None, "a client program takes the traffic"),
        ("203.0.113.9", 44444, None),
        ("203.0.113.9", None, None),
    ],
)
def test_clouds_raise(address: str, asn: int | None, words: str | None) -> None:
    """An egress in a security cloud, a public cloud or Microsoft's own network raises a question; elsewhere, or by recall, nothing."""
    raised = egress_truth([address_claim("reflector", address, KNOWLEDGE, asn=asn)], LYON, KNOWLEDGE).raised
    assert bool(raised) is (words is not None)
    assert words is None or words in raised[0]


def test_public_clouds_and_resolvers() -> None:
    """AWS, Azure and Google raise too; a resolver in a cloud is no egress and raises nothing."""
    for network in ("aws", "azure", "gcp"):
        address = next(line.split("/")[0] for line in PREFIXES if line.endswith(f",{network}"))
        raised = egress_truth([address_claim("reflector", address, KNOWLEDGE)], LYON, KNOWLEDGE).raised
        assert "whoever runs what stands there is an intermediary" in raised[0]
    assert egress_truth([address_claim("resolver", "165.225.10.1", KNOWLEDGE)], LYON, KNOWLEDGE).raised == ()


PREFIXES = ("13.32.0.0/15,aws", "20.33.0.0/16,azure", "34.0.48.0/20,gcp")


@pytest.mark.parametrize(
    ("site", "point", "rtt_ms", "over", "words"),
    [
        (LYON, PARIS, None, False, "not more than 800 km"),
        (LYON, SINGAPORE, None, True, "Light alone needs 106 ms"),
        (LYON, SINGAPORE, 180.0, True, "more than 800 km"),
        (LYON, SINGAPORE, 20.0, None, "it cannot be there"),
        (LYON, None, 7.9, False, "within 790 km: no backhaul"),
        (LYON, None, 8.1, None, "the egress's place is not known"),
        (None, PARIS, None, None, "the site's place is not declared"),
        (None, None, 3.0, False, "no backhaul"),
    ],
)
def test_backhaul(site: Point | None, point: Point | None, rtt_ms: float | None, over: bool | None, words: str) -> None:  # noqa: FBT001
    """More than 500 miles is backhaul; a short round trip clears it without a place, and what cannot be known stays open."""
    found = backhaul("egress", site, point, KNOWLEDGE, rtt_ms)
    assert found.over is over
    assert words in found.sentence


def test_the_rule_is_the_same_for_all_three() -> None:
    """Egress, proxy and resolver are held to the same 800 km, to the kilometre."""
    north = Point(0.0, 0.0)
    for what in ("egress", "proxy", "resolver"):
        assert what in {"egress", "proxy", "resolver"}
        near, far = (backhaul(what, north, Point(km / 111.195, 0.0), KNOWLEDGE) for km in (799, 801))
        assert (near.over, far.over, near.limit_km) == (False, True, 800)
