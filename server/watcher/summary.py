"""Microsoft's one word for a location, of four, by the share of its requests. Pure; the rule is Microsoft's, our verdicts are mapped to it.

Each path is probed once a cycle, so a share of paths is a share of requests. 30 % of them make the word (insight on intermediaries,
facts m365 §3.3); the four words are those of its provider attribution. What did not answer, or proves nothing, is no request here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.state.overview import Tally

Word = Literal["break and inspect", "wrong destination", "VPN or tunnel", "none", ""]
"""Microsoft's words; empty while no request says anything."""
WORST_FIRST: Final[tuple[Word, ...]] = ("break and inspect", "wrong destination", "VPN or tunnel")
MEANS: Final[Mapping[str, Word]] = {
    "inspected": "break and inspect",
    "altered": "break and inspect",
    "redirected": "wrong destination",
    "proxied": "wrong destination",  # a proxy takes the connection, so it goes to an address that is not Microsoft's
    "spliced": "none",  # split on the way, but to the right address and with Microsoft's certificate
    "sanctioned": "none",
    "clean": "none",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The word, the share of requests it is of (percent), and how many of the agents that say anything bear it out themselves."""

    word: Word = ""
    percent: float = 0.0
    agree: int = 0
    agents: int = 0


def summary_of(tallies: Sequence[Tally], tunnelled: Collection[str], share_percent: float) -> Summary:
    """Return the word for one location. `tunnelled`: agents whose traffic leaves by a VPN or an overlay; `share_percent`: the limit."""
    by_agent: dict[str, dict[Word, int]] = {}
    for tally in tallies:
        word = MEANS.get(tally.verdict)
        if word is None:
            continue
        if word == "none" and tally.agent in tunnelled:
            word = "VPN or tunnel"
        mine = by_agent.setdefault(tally.agent, {})
        mine[word] = mine.get(word, 0) + tally.hosts
    requests = sum(sum(mine.values()) for mine in by_agent.values())
    if not requests:
        return Summary()
    for word in WORST_FIRST:
        percent = 100 * sum(mine.get(word, 0) for mine in by_agent.values()) / requests
        if percent >= share_percent:
            agree = sum(100 * mine.get(word, 0) >= share_percent * sum(mine.values()) for mine in by_agent.values())
            return Summary(word, round(percent, 1), agree, len(by_agent))
    worst = [sum(mine.get(word, 0) for word in WORST_FIRST) * 100 / sum(mine.values()) for mine in by_agent.values()]
    plain = sum(mine.get("none", 0) for mine in by_agent.values())
    return Summary("none", round(100 * plain / requests, 1), sum(one < share_percent for one in worst), len(by_agent))
