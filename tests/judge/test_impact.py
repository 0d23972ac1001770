"""Holds judge/impact.py: the tax by phase, points and failures lost, and whose part of the path the time is spent in."""

import pytest

from judge.impact import Failures, Marks, Phase, Segment, failures_of, impact, points_lost, responsibility, tax_before_after, tax_of_pairs
from judge.knowledge.loader import load_knowledge
from judge.scores import score

ASSESSMENT = load_knowledge().assessment


def times(connect: float, tls: float, total: float, proxy: float | None = None) -> dict[Phase, float | None]:
    """Return the phases of one request."""
    return {"connect_ms": connect, "tls_ms": tls, "proxy_ms": proxy, "total_ms": total}


def test_back_to_back() -> None:
    """The tax is the median of differences, phase by phase: one pair in a storm does not make it."""
    pairs = [(times(10, 12, 40), times(11, 42, 71, 5.0)) for _ in range(4)] + [(times(10, 12, 40), times(900, 42, 2000, 5.0))]
    tax = tax_of_pairs(pairs)
    assert tax is not None
    assert dict(tax.phases) == {"connect_ms": 1, "tls_ms": 30, "proxy_ms": 5}
    assert (tax.total_ms, tax.samples, tax.method) == (31, 5, "back to back")


def test_quicker_is_negative() -> None:
    """A cache that answers sooner has a negative tax, and it is not hidden."""
    tax = tax_of_pairs([(times(40, 42, 120), times(1, 2, 9))])
    assert tax is not None
    assert tax.total_ms == -111


def test_nothing_to_compare() -> None:
    """Without a pair of totals there is no tax: a request that failed costs no milliseconds."""
    assert tax_of_pairs([]) is None
    assert tax_of_pairs([({"connect_ms": 10}, times(10, 12, 40))]) is None
    assert tax_before_after([], [times(10, 12, 40)]) is None


def test_before_and_after() -> None:
    """Where no direct way is left, the medians before and after are compared, and the method says so."""
    tax = tax_before_after([times(10, 12, 40)] * 3, [times(10, 30, 61)] * 9)
    assert tax is not None
    assert (dict(tax.phases)["tls_ms"], tax.total_ms, tax.samples, tax.method) == (18, 21, 3, "before and after")


def test_points_and_failures() -> None:
    """Points are lost against the way without it; a side without samples gives no figure."""
    good, bad, none = (score("Exchange", [ms] * count, ASSESSMENT) for ms, count in ((10.0, 24), (100.0, 24), (10.0, 3)))
    assert (points_lost(good, bad), points_lost(bad, good), points_lost(good, none)) == (40.0, -40.0, None)
    assert failures_of(3, 100, 1, 100) == Failures(3.0, 1.0)
    assert Failures(3.0, 1.0).added_percent == 2.0
    assert failures_of(3, 100, 0, 0) is None


def shares(round_trip_ms: float, first_byte_ms: float, marks: Marks) -> dict[Segment, float]:
    """Return milliseconds by segment."""
    return {one.segment: one.ms for one in responsibility(round_trip_ms, first_byte_ms, marks).parts}


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (Marks(2, 5, 15, 10, 8), {"client": 2, "network": 3, "intermediary": 10, "isp": 10, "microsoft": 33, "unknown": 2}),
        (Marks(), {"unknown": 60}),
        (Marks(microsoft_ms=15), {"microsoft": 25, "unknown": 35}),
        (Marks(private_ms=5), {"network": 5, "unknown": 55}),
        (Marks(first_hop_ms=2, private_ms=5), {"client": 2, "network": 3, "unknown": 55}),
        (Marks(server_ms=30), {"microsoft": 30, "unknown": 30}),
        (Marks(added_ms=-3), {"unknown": 60}),
        (Marks(microsoft_ms=44), {"unknown": 60}),  # the hop answered later than the front door: routers answer slowly
    ],
)
def test_whose_part(marks: Marks, expected: dict[Segment, float]) -> None:
    """Each segment gets what its own ends measured, and what no mark divides is unknown."""
    assert shares(40, 60, marks) == expected


def test_shares_are_of_the_whole() -> None:
    """Percentages add up to a hundred, and a segment without a part has nothing."""
    split = responsibility(40, 60, Marks(2, 5, 15, 10, 8))
    assert sum(one.percent for one in split.parts) == pytest.approx(100, abs=0.3)
    assert split.of("microsoft").percent == 55.0
    assert responsibility(40, 60, Marks()).of("isp").ms == 0
    assert responsibility(40, 0, Marks()).parts == ()


def test_parts_that_do_not_fit() -> None:
    """Marks that add up to more than the whole are of other packets: nobody is given time, and it is said."""
    split = responsibility(40, 60, Marks(2, 5, 15, 200, 8))
    assert not split.consistent
    assert [one.segment for one in split.parts] == ["unknown"]
    assert responsibility(40, 60, Marks(2, 5, 15, 15, 8)).consistent  # 63 of 60: noise


def test_impact_says_what_there_is() -> None:
    """The sentence holds what was measured, and nothing measured is no impact."""
    found = impact(
        tax_of_pairs([(times(10, 12, 40), times(11, 42, 71))]), 12.5, Failures(3.0, 1.0), responsibility(40, 60, Marks(2, 5, 15))
    )
    assert found is not None
    assert found.text == (
        "+31.0 ms a request (back to back, 1 pair), most of it in tls (+30.0 ms); costs 12.5 points; "
        "3 % of requests fail, 1 % without it; 42 % of the time is spent in the part of Microsoft."
    )
    assert impact() is None
    nothing = impact(points=0.0)
    assert nothing is not None
    assert nothing.text == "No measurable difference."
