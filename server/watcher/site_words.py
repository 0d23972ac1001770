"""What is shown of sites beside their verdicts, made of the words believed of them and of what their agents say now. Pure.

`server/watcher/site_look.py` decides the words; Microsoft's word for a location is worked out anew each time, it is a share of requests.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from judge.knowledge.model import Knowledge
from server.state.overview import Tally
from server.watcher.leaving import read
from server.watcher.site_more import SiteMore
from server.watcher.states import AgentState, Measured
from server.watcher.steady import Word
from server.watcher.summary import summary_of

OVERLAY: Final = frozenset({"security", "tunnel"})
"""Networks that are an overlay by Microsoft's words (VPN, cloud proxy, SD-WAN, SASE): whoever leaves there is in a tunnel."""


def more_of(
    agents: Sequence[AgentState],
    tallies: Sequence[Tally],
    measured: Measured,
    words: Mapping[tuple[str, str], Word],
    knowledge: Knowledge,
) -> dict[str, SiteMore]:
    """Return more of each site that has agents; of those not heard of nothing is known now."""
    limit = knowledge.assessment.limit("location_share_percent")
    heard = {agent.agent: agent.site for agent in agents if agent.state != "silent"}
    said: dict[str, list[Tally]] = {}
    for tally in tallies:
        if heard.get(tally.agent) == tally.place:
            said.setdefault(tally.place, []).append(tally)
    inside = tunnelled(heard, measured, knowledge)
    next_to: dict[str, list[bool]] = {}
    for (site, agent), (_, seen) in measured.peering.items():
        if heard.get(agent) == site:
            next_to.setdefault(site, []).append(seen)
    found = {}
    for site in {agent.site for agent in agents}:
        word = words.get((site, "egress"))
        egress = read(word.value) if word else None
        found[site] = SiteMore(
            summary_of(said.get(site, ()), inside, limit),
            egress.owner if egress else "",
            egress.kind if egress else "",
            str(_plain(words, site, "says").get("egress", "")),
            _plain(words, site, "scores"),
            _plain(words, site, "shares"),
            _peering(next_to.get(site, ())),
        )
    return found


def tunnelled(heard: Mapping[str, str], measured: Measured, knowledge: Knowledge) -> Collection[str]:
    """Return the agents (by the site each is heard at) whose traffic leaves by a VPN or an overlay, by their newest word."""
    found = set()
    for agent, site in heard.items():
        _, prefixes = measured.tunnelled.get((site, agent), (0, 0))
        _, address = measured.egress.get((site, agent), (0, ""))
        network = knowledge.networks.of_address(address) if address else None
        if prefixes or (network is not None and network.kind in OVERLAY and not network.shared):
            found.add(agent)
    return found


def _peering(seen: Sequence[bool]) -> str:
    if not seen:
        return ""
    return "direct" if 2 * sum(seen) >= len(seen) else "not seen"


def _plain(words: Mapping[tuple[str, str], Word], site: str, name: str) -> dict[str, Any]:
    word = words.get((site, name))
    plain: dict[str, Any] = json.loads(word.value) if word else {}
    return plain
