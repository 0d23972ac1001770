"""Coverage of a site: what counts as going around, who decides, what changed, and when a change is news."""

import json

import pytest

from server.state.answers import Said
from server.watcher.bypassing import change_of, coverage_of, merged
from wire.vocabulary import Category

CATEGORY: dict[str, Category] = {"one:443": "Optimize", "two:443": "Optimize", "allow:443": "Allow", "control:443": "Control"}


def said(target: str, route: str = "direct", **agents: int) -> list[Said]:
    """Return how many agents say what of a target."""
    return [Said("Porto", route, f"{target}:443", verdict, count) for verdict, count in agents.items()]


@pytest.mark.parametrize(
    ("rows", "ways"),
    [
        (said("one", clean=5), {"one:443": True}),
        (said("one", inspected=5), {"one:443": False}),
        (said("one", clean=4, inspected=1), {"one:443": True}),  # one of five: its own antivirus
        (said("one", clean=2, inspected=1), {"one:443": False}),  # a third
        (said("one", clean=48, inspected=2), {"one:443": False}),  # two agree
        (said("one", clean=4, unreachable=1), {"one:443": True}),
        (said("one", unreachable=5), {}),
        (said("one", sanctioned=5), {}),
        (said("control", inspected=5), {}),
        (said("one", clean=5) + said("one", "system", inspected=5), {"one:443": False}),  # programs take the system's way
        (said("one", inspected=5) + said("one", "system", clean=5), {"one:443": True}),
    ],
)
def test_what_goes_around(rows: list[Said], ways: dict[str, bool]) -> None:
    """Each row is what a site's agents say, with its near misses."""
    assert coverage_of(rows, CATEGORY.__getitem__, "1").ways == ways


def test_shares_are_the_judges() -> None:
    """By category, unknown left out of both sides."""
    rows = [*said("one", clean=1), *said("two", inspected=1), *said("allow", unreachable=1)]
    shares = coverage_of(rows, CATEGORY.__getitem__, "1").shares
    assert {category: (share.percent, share.unknown) for category, share in shares.items()} == {"Optimize": (50.0, 0), "Allow": (None, 1)}


def test_who_says_so() -> None:
    """Those that agree, of those that know."""
    rows = [*said("one", clean=2, inspected=1, unreachable=1), *said("two", clean=9, inspected=1)]
    assert coverage_of(rows, CATEGORY.__getitem__, "1").voices == {"one:443": (1, 3), "two:443": (9, 10)}


def word(version: str = "1", **ways: bool) -> str:
    """Return a stored word."""
    return json.dumps({"ways": ways, "version": version}, sort_keys=True)


def test_unknown_keeps_its_word() -> None:
    """A name that does not answer now is as it was; the same seen again is the same text."""
    before = coverage_of([*said("one", clean=1), *said("two", clean=1)], CATEGORY.__getitem__, "1")
    now = coverage_of([*said("one", inspected=1), *said("two", unreachable=1)], CATEGORY.__getitem__, "1")
    assert json.loads(merged(before.dump(), now))["ways"] == {"one:443": False, "two:443": True}
    assert merged(before.dump(), before) == before.dump() == merged(None, before)


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost", "fresh", "told"),
    [
        (word(a=True), word(a=True), (), (), (), False),
        (word(a=True), word(a=False), (), ("a",), (), True),
        (word(a=False), word(a=True), ("a",), (), (), True),
        (word(a=True), word("2", a=True), (), (), (), False),  # a new list that changes nothing here
        (word(a=True), word(a=True, b=False), (), (), ("b",), False),  # a new target of the plan
        (word(a=True), word("2", a=True, b=False), (), (), ("b",), True),  # a new name of a new list
    ],
)
def test_when_a_change_is_news(
    before: str, after: str, gained: tuple[str, ...], lost: tuple[str, ...], fresh: tuple[str, ...], *, told: bool
) -> None:
    """Gained, lost and new names, and the version they belong to."""
    change = change_of(before, after)
    assert (change.gained, change.lost, change.fresh, change.told) == (gained, lost, fresh, told)
