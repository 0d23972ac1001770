"""Standing, pure: what a report proves about its agent begins and ends stretches; what it does not prove leaves them alone."""

from typing import Any

import pytest

from server.collector.standing import CLOCK_MS, Open, Seen, Standing, Stretch, seen_of, stretches, take
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from wire import codec
from wire.facts import AddedRoot, ChainTrust, HostFacts, WebFacts
from wire.observation import HostObservation, WebObservation
from wire.report import Health, Report, Roots
from wire.target import HERE

MINUTE = 60 * SECOND


def report(dropped: tuple[tuple[int, int], ...] = (), **said: Any) -> Report:
    """Return a report without observations."""
    agent = Agent(seq=20)
    return codec.decode(agent.report(START_NS, [], dropped=dropped, **said)[1])


@pytest.mark.parametrize(
    ("health", "wrong", "fine"),
    [
        (Health(), {}, {"dropping", "lagging", "plan"}),
        (Health(clock_offset_ms=CLOCK_MS), {}, {"clock", "dropping", "lagging", "plan"}),
        (Health(clock_offset_ms=CLOCK_MS + 1), {"clock": "30 s ahead"}, {"dropping", "lagging", "plan"}),
        (Health(clock_offset_ms=-3_600_000), {"clock": "3600 s behind"}, {"dropping", "lagging", "plan"}),
        (Health(spooled=16), {}, {"dropping", "lagging", "plan"}),
        (Health(spooled=17), {"lagging": "17 reports wait at the agent"}, {"dropping", "plan"}),
        (Health(plan_refused="signature"), {"plan": "refused a plan: signature"}, {"dropping", "lagging"}),
    ],
)
def test_what_a_report_says(health: Health, wrong: dict[str, str], fine: set[str]) -> None:
    """Each limit from both sides; an offset nobody measured is neither wrong nor fine."""
    seen = seen_of(report(health=health), [])
    assert (dict(seen.wrong), set(seen.fine)) == (wrong, fine)


def test_what_a_report_lost() -> None:
    """Dropped ranges are counted; the time server's offset counts as the centre's does, the worse of both."""
    assert seen_of(report(dropped=((3, 5), (9, 9))), []).wrong == {"dropping": "4 reports discarded"}
    host = HostFacts(target=HERE, added_roots=[AddedRoot(subject="CN=Contoso", key="ab")])
    looked = HostObservation(kind="host", facts="x" * 22, at_us=0, ntp_offset_ms=-90_000)
    seen = seen_of(report(health=Health(clock_offset_ms=12.0), roots=Roots(os="o1")), [(looked, host)])
    assert seen.wrong == {"clock": "90 s behind"}
    assert seen.roots == (("os", "o1"), ("added", "ab"))


def test_the_bundles_are_those_of_the_first_chain() -> None:
    """All chains of a report are checked by the same bundles, so one is enough."""
    pairs = []
    for name in ("b1", "b2"):
        facts = WebFacts(target=TARGETS[0], trust=ChainTrust(os="trusted", public="trusted", os_roots=name, public_roots="p"))
        pairs.append((WebObservation(kind="web", facts="x" * 22, at_us=0), facts))
    assert seen_of(report(), pairs).roots == (("os-bundle", "b1"), ("public-bundle", "p"))


def seen(*wrong: str, fine: str = "", plan: int = 1, **roots: str) -> Seen:
    """Return what a report says, in short."""
    words: Any = {kind: kind for kind in wrong}
    kinds: Any = frozenset(fine.split())
    return Seen(words, kinds, plan, tuple(roots.items()))


def test_a_stretch_begins_once_and_ends_on_evidence() -> None:
    """Wrong twice is one stretch from the first time; unknown keeps it; fine ends it. Nothing new is the same object."""
    first = take(Standing(), seen("clock"), START_NS, 60)
    assert first.open == {"clock": Open(START_NS, "clock")}
    assert take(first, seen("clock"), START_NS + MINUTE, 60) is first
    assert take(first, seen(), START_NS + MINUTE, 60) is first
    over = take(first, seen(fine="clock"), START_NS + 2 * MINUTE, 60)
    assert over.open == {}
    assert stretches("a", Standing(), first, START_NS) == [Stretch("a", "clock", START_NS, 0, "clock")]
    assert stretches("a", first, over, START_NS + 2 * MINUTE) == [Stretch("a", "clock", START_NS, START_NS + 2 * MINUTE, "clock")]
    assert take(over, seen(fine="clock"), START_NS + 3 * MINUTE, 60) is over


def test_changed_roots_are_news_for_three_cadences() -> None:
    """The first bundles are the beginning; another one is a change, kept while the device's first rounds fall into it."""
    before = take(Standing(), seen(os="a"), START_NS, 60)
    assert before.open == {}
    changed = take(before, seen(os="b"), START_NS + MINUTE, 60)
    assert changed.open == {"roots": Open(START_NS + MINUTE, "changed: os")}
    for minute in (2, 3, 4):
        assert take(changed, seen(os="b"), START_NS + minute * MINUTE, 60) is changed
    assert take(changed, seen(os="b"), START_NS + 5 * MINUTE, 60).open == {}


def test_roots_that_are_no_change() -> None:
    """A kind heard of for the first time, and an old chain that still names the bundle of before, are no change; a second one is."""
    known = take(Standing(), seen(os="a"), START_NS, 60)
    known = take(known, seen(os="a", added="none"), START_NS + MINUTE, 60)
    assert known.open == {}
    known = take(known, seen(os="b"), START_NS + 2 * MINUTE, 60)
    assert take(known, seen(os="a"), START_NS + 3 * MINUTE, 60) is known
    again = take(known, seen(os="c", added="x"), START_NS + 3 * MINUTE, 60)
    assert again.open == {"roots": Open(START_NS + 3 * MINUTE, "changed: added, os")}
    assert [one.until_ns for one in stretches("a", known, again, START_NS + 3 * MINUTE)] == [START_NS + 3 * MINUTE, 0]


def test_memory_of_bundles_is_bounded() -> None:
    """A machine whose bundle changes with every chain keeps eight hashes."""
    known = Standing()
    for number in range(50):
        known = take(known, seen(os=str(number)), START_NS + number, 60)
    assert known.roots == {"os": tuple(str(number) for number in range(42, 50))}


def test_the_plan_is_part_of_the_word() -> None:
    """Another plan is another word, since then; the same plan is not."""
    before = take(Standing(), seen(plan=3), START_NS, 60)
    assert (before.plan, before.since_ns, before.told) == (3, START_NS, True)
    after = take(before, seen(plan=4), START_NS + MINUTE, 60)
    assert (after.plan, after.since_ns) == (4, START_NS + MINUTE)
