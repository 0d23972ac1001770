"""Microsoft's word for a location: 30 % of the requests make it, the worse of two wins, and who proves nothing has no say."""

import pytest

from server.state.overview import Tally
from server.watcher.summary import Summary, summary_of
from tests.fakes.sightings import START


def said(agent: str, **hosts: int) -> list[Tally]:
    """Return what an agent says of so many hosts."""
    return [Tally("Porto", agent, verdict, "", count, START, START) for verdict, count in hosts.items()]


@pytest.mark.parametrize(
    ("tallies", "tunnelled", "summary"),
    [
        ([], "", Summary()),
        (said("a", inconclusive=5, unreachable=3, captive=1, blocked=1), "", Summary()),
        (said("a", clean=10), "", Summary("none", 100.0, 1, 1)),
        (said("a", clean=7, inspected=3), "", Summary("break and inspect", 30.0, 1, 1)),
        (said("a", clean=71, inspected=29), "", Summary("none", 71.0, 1, 1)),
        (said("a", clean=7, inspected=2, altered=1), "", Summary("break and inspect", 30.0, 1, 1)),
        (said("a", clean=7, redirected=2, proxied=1), "", Summary("wrong destination", 30.0, 1, 1)),
        (said("a", inspected=3, redirected=7), "", Summary("break and inspect", 30.0, 1, 1)),
        (said("a", clean=2, spliced=3, sanctioned=5), "", Summary("none", 100.0, 1, 1)),
        (said("a", clean=10), "a", Summary("VPN or tunnel", 100.0, 1, 1)),
        (said("a", inspected=10), "a", Summary("break and inspect", 100.0, 1, 1)),
        (said("a", inspected=10) + said("b", clean=10), "", Summary("break and inspect", 50.0, 1, 2)),
        (said("a", inspected=10) + said("b", clean=10) + said("c", clean=10) + said("d", clean=10), "", Summary("none", 75.0, 3, 4)),
        (said("a", clean=10) + said("b", clean=10) + said("c", clean=10), "a", Summary("VPN or tunnel", 33.3, 1, 3)),
    ],
)
def test_the_word_of_a_location(tallies: list[Tally], tunnelled: str, summary: Summary) -> None:
    """Each row is a mixture of requests, with its near miss beside it."""
    assert summary_of(tallies, tunnelled, 30.0) == summary
