"""One look at what is believed of sites: words that settle, episodes of their egress, and what is told of both. Persistence is apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from judge.knowledge.model import Knowledge
from judge.scores import Score
from server.collector.ways import Way
from server.fleet.registry import Place, Registry
from server.state.decided import Name
from server.state.events import EventRow
from server.watcher import site_sentences as say
from server.watcher.bypassing import Coverage, change_of, merged
from server.watcher.episodes import Episode, Patience, step
from server.watcher.kinds import KINDS, Severity
from server.watcher.leaving import RAISING, Leaving, egress_of, front_door_of, majority, move_of, read, steady, taken, truth_of
from server.watcher.steady import Changed, Word, settle
from server.watcher.summary import Summary
from server.watcher.telling import printable
from wire.codec import canonical

MINUTE_NS = 60 * 10**9
SUMMARY_NS = 5 * MINUTE_NS
"""A word for a location is a matter of days with Microsoft; five cycles of a minute are steady. Ours."""
DOOR_NS = 10 * MINUTE_NS
"""Front doors are balanced by DNS answers that live a minute or five: ten minutes outlive two of them."""
COVERAGE_NS = 10 * MINUTE_NS
DISAGREES = Patience(10 * MINUTE_NS, 10 * MINUTE_NS)


class SiteLook:
    """Collects words and episodes that changed, and events. `words` and `episodes`: as they are stored."""

    def __init__(
        self, words: Mapping[Name, Word], episodes: Mapping[Name, Episode], registry: Registry, knowledge: Knowledge, now_ns: int
    ) -> None:
        self._words = words
        self._episodes = episodes
        self._registry = registry
        self._knowledge = knowledge
        self._now_ns = now_ns
        self.words: dict[Name, Word] = {}
        self.episodes: dict[Name, Episode] = {}
        self.told: list[EventRow] = []

    def summary(self, site: str, seen: Summary) -> None:
        """Take in Microsoft's word for a site."""
        if changed := self._settle(site, "summary", seen.word, SUMMARY_NS):
            body = {"before": changed.before, "after": changed.after, "percent": seen.percent}
            sentence = say.summary(site, changed, seen, self._zone(site))
            self._tell("summary-changed", "P4", site, changed.number, changed.at_ns, sentence, body, (seen.agree, seen.agents))

    def leaving(self, site: str, ways: Mapping[str, Mapping[str, Way]]) -> None:
        """Take in by which ways the agents heard at a site leave."""
        everybody = {kind: taken(ways, kind, site) for kind in ("egress", "dns", "front-door", "relay")}
        by_kind = {kind: steady(some) for kind, some in everybody.items()}
        out = [egress_of(one, site, self._registry, self._knowledge) for one in by_kind["egress"]]
        self._egress(site, out, len(everybody["egress"]))
        self._front_door(site, [front_door_of(one, self._knowledge) for one in by_kind["front-door"]], len(everybody["front-door"]))
        truth = truth_of(by_kind, self._home(site), site, self._registry, self._knowledge)
        if truth.agreement != "nothing":
            self._note(site, "says", json.dumps({"egress": truth.agreement}))
        wrong = {"disagree": True, "agree": False}.get(truth.agreement)
        if after := self._episode(site, "egress-disagrees", DISAGREES, wrong=wrong):
            agents = len(by_kind["egress"]), len(everybody["egress"])
            sentence = say.disagrees(site, truth.sentences, after.since_ns, agents, self._zone(site))
            body = {"says": list(truth.sentences)}
            self._tell("egress-disagrees", "P4", site, after.number, after.since_ns, sentence, body, agents)

    def _egress(self, site: str, voices: Sequence[Leaving], of: int) -> None:
        before = self._words.get((site, "egress"))
        seen, agree = majority(voices, of, before)
        changed = self._settle(site, "egress", seen, 0)  # each agent has seen it twice in a row
        held = self.words.get((site, "egress")) or before
        now = read(held.value) if held else None
        if changed:
            self._moved(site, changed, (agree, of))
        stands_in_cloud = None if now is None or not voices else now.kind in RAISING
        if (after := self._episode(site, "egress-cloud", Patience(), wrong=stands_in_cloud)) and now is not None:
            sentence = say.cloud(site, now, agree, of, self._now_ns, self._zone(site))
            body = {"address": now.address, "owner": now.owner, "kind": now.kind, "responsible": "network"}
            self._tell(
                "egress-cloud", KINDS["egress-cloud"].severity, site, after.number, self._now_ns, sentence, body, (agree, len(voices))
            )

    def _moved(self, site: str, changed: Changed, agents: tuple[int, int]) -> None:
        before, after = read(changed.before), read(changed.after)
        move = move_of(before, after, self._home(site))
        severity: Severity = "P2" if move.far(self._knowledge.assessment.limit("egress_km")) else "P4"
        body: dict[str, Any] = {"before": json.loads(changed.before), "after": json.loads(changed.after), "responsible": "network"}
        body |= {"from_site_km": move.from_site_km, "from_before_km": move.from_before_km}
        sentence = say.moved(site, before, after, move, changed, agents, self._zone(site))
        self._tell("egress-moved", severity, site, changed.number, changed.at_ns, sentence, body, agents)

    def _front_door(self, site: str, voices: Sequence[Leaving], of: int) -> None:
        seen, agree = majority(voices, of, self._words.get((site, "front-door")))
        if changed := self._settle(site, "front-door", seen, DOOR_NS):
            before, after = read(changed.before), read(changed.after)
            move = move_of(before, after, self._home(site))
            body = {"before": json.loads(changed.before), "after": json.loads(changed.after), "from_site_km": move.from_site_km}
            sentence = say.front_door(site, before, after, move, changed, (agree, of), self._zone(site))
            self._tell("front-door-moved", "P4", site, changed.number, changed.at_ns, sentence, body, (agree, of))

    def coverage(self, site: str, seen: Coverage) -> None:
        """Take in which names go around inspection at a site."""
        if not seen.ways:
            return
        shares = {category: share.percent for category, share in seen.shares.items() if share.percent is not None}
        self._note(site, "shares", json.dumps(shares, sort_keys=True))
        before = self._words.get((site, "coverage"))
        changed = self._settle(site, "coverage", merged(before.value if before else None, seen), COVERAGE_NS)
        change = change_of(changed.before, changed.after) if changed else None
        if changed and change and change.told:
            body = {"gained": list(change.gained), "lost": list(change.lost), "fresh": list(change.fresh), "responsible": "network"}
            body |= {"version": change.version, "before_version": change.before_version, "hosts": [*change.lost, *change.gained]}
            agents = max((seen.voices.get(name, (0, 0)) for name in (*change.lost, *change.gained, *change.fresh)), default=(0, 0))
            sentence = say.coverage(site, change, changed, agents, self._zone(site))
            self._tell("coverage-changed", "P4", site, changed.number, changed.at_ns, sentence, body, agents)

    def scores(self, site: str, scores: Mapping[str, Score]) -> None:
        """Keep a site's scores; one that has no points now has none any more."""
        points = {name: one.points for name, one in scores.items() if one.points is not None}
        self._note(site, "scores", json.dumps(points, sort_keys=True))

    def _settle(self, site: str, name: str, seen: str | None, steady_ns: int) -> Changed | None:
        before = self._words.get((site, name))
        after, changed = settle(before, seen, self._now_ns, steady_ns)
        if after is not None and after != before:
            self.words[site, name] = after
        return changed

    def _note(self, site: str, name: str, value: str) -> None:
        before = self._words.get((site, name))
        if before is None or before.value != value:
            self.words[site, name] = replace(before, value=value, since_ns=self._now_ns) if before else Word(value, self._now_ns)

    def _episode(self, site: str, kind: str, patience: Patience, *, wrong: bool | None) -> Episode | None:
        """Step an episode; return it when it begins. Nothing is told of its end: an egress that is no cloud's clears nothing."""
        before = self._episodes.get((site, kind), Episode())
        after, told = step(before, wrong=wrong, since_ns=self._now_ns, now_ns=self._now_ns, patience=patience)
        if after != before:
            self.episodes[site, kind] = after
        return after if told == "begins" else None

    def _tell(
        self,
        kind: str,
        severity: Severity,
        site: str,
        number: int,
        at_ns: int,
        sentence: str,
        body: Mapping[str, Any],
        agents: tuple[int, int],
    ) -> None:
        counts = {"agents_agree": agents[0], "agents_reporting": agents[1]} if agents[1] else {}
        whole = canonical({"place": site} | dict(body) | counts)
        self.told.append(EventRow(kind, severity, "", site, number, at_ns, self._now_ns, printable(sentence), whole))

    def _zone(self, site: str) -> str:
        known = self._registry.sites.get(site)
        return known.zone if known else "UTC"

    def _home(self, site: str) -> Place | None:
        known = self._registry.sites.get(site)
        return known.place if known else None
