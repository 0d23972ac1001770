"""The duty that says how agents and sites stand: reads rows, asks the pure rules, stores episodes and tells events in one transaction.

Nothing is decided here. What did not change is not written: a look at a quiet fleet writes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from judge.knowledge.model import Knowledge
from server.fleet import zones
from server.fleet.entries import REMOTE, UNASSIGNED
from server.fleet.registry import Registry
from server.state import answers as answered
from server.state import decided, overview, plans, standing
from server.state.database import Transaction
from server.state.decided import Name
from server.state.events import EventRow
from server.watcher import standing_sentences as say
from server.watcher.categories import Categories
from server.watcher.episodes import Episode, Patience, Told, step
from server.watcher.kinds import KINDS, Severity
from server.watcher.leading import Leadership
from server.watcher.site_troubles import CUT_OFF, Reach, Silence, by_place, patience_of, reach_of, silence_of
from server.watcher.states import AgentState, agent_states
from server.watcher.telling import printable, publish
from server.watcher.wellbeing import WORDS, Trouble, Wellbeing, is_shared, patience, wellbeing
from wire.codec import canonical

LOOK_S = 1.0
"""The promise is told within 2 s of the report that shows it; a look at a quiet fleet is a few indexed reads."""
WHOLE_NS = 10 * 10**9
"""Between two looks at every agent: silence takes five cadences, the shortest of which is a second's."""
WELL = Episode()
_AS_IT_IS = {"well": False, "bad": True}
"""What leaves an episode of a state where it is."""
NO_SITES = frozenset({REMOTE, UNASSIGNED})
_NUMBER = {kind: at for at, kind in enumerate(WORDS)}


class Watching:
    """One duty. `knowledge` is asked each time, it may be replaced."""

    name = "standing"
    every_s = LOOK_S

    def __init__(self, registry: Registry, knowledge: Callable[[], Knowledge]) -> None:
        self._registry = registry
        self._knowledge = knowledge
        self._categories: tuple[Knowledge, Categories] | None = None
        self._listening_ns = 0
        self._looked_ns = 0

    async def step(self, lead: Leadership) -> None:
        """Look who is cut off, each time; and at every agent when it is time to."""
        now_ns = lead.now()
        if not 0 <= now_ns - self._looked_ns < 60 * 10**9:  # this watcher did not lead, or the clock was set: it has heard nothing
            self._listening_ns = now_ns
        whole = not 0 <= now_ns - self._looked_ns < WHOLE_NS or self._looked_ns == 0
        async with lead.database.reading() as transaction:
            known = await decided.episodes(transaction, ["site-down"])
            down = {scope for (scope, _), one in known.items() if one.state != "well"}
            cut = await answered.places_with(transaction, CUT_OFF)
        if whole:
            self._looked_ns = now_ns
        if whole or cut | down:
            await self._look(lead, cut | down, now_ns, whole=whole)

    async def _look(self, lead: Leadership, places: set[str], now_ns: int, *, whole: bool) -> None:
        async with lead.database.reading() as transaction:
            rows = await overview.agents(transaction)
            agents = agent_states(rows, {}, now_ns)
            reaches = await self._reaches(transaction, agents, places)
            known = await decided.episodes(transaction)
            going_on = await standing.going_on(transaction) if whole else []
            follow = await standing.plans(transaction) if whole else {}
            wanted = await plans.newest_versions(transaction, {agent.agent for agent in agents}) if whole else {}
        look = Look(known, self._registry, now_ns)
        for reach in reaches:
            look.reach(reach, max((agent.cadence_s for agent in agents if agent.site == reach.site), default=60.0))
        if whole:
            sites: dict[str, list[AgentState]] = {}
            for agent in agents:
                sites.setdefault(agent.site, []).append(agent)
            deaf = all(agent.state == "silent" for agent in agents)
            for site, mine in ((site, mine) for site, mine in sites.items() if site not in NO_SITES):
                look.silence(silence_of(site, mine, self._listening_ns, now_ns, deaf=deaf))
            look.agents(wellbeing(agents, going_on, follow, wanted, self._listening_ns, now_ns))
        if look.changed:
            async with lead.writing() as transaction:
                await decided.write_episodes(lead.database, transaction, look.changed)
                for event in look.told:
                    await publish(lead.database, transaction, event, now_ns)

    async def _reaches(self, transaction: Transaction, agents: Sequence[AgentState], places: set[str]) -> list[Reach]:
        knowledge = self._knowledge()
        if self._categories is None or self._categories[0] is not knowledge:
            self._categories = knowledge, Categories(knowledge)
        found = by_place(await answered.answers_at(transaction, places)) if places else {}
        heard: dict[str, list[str]] = {place: [] for place in places if place not in NO_SITES}
        for agent in agents:
            if agent.site in heard and agent.state != "silent":
                heard[agent.site].append(agent.agent)
        return [reach_of(place, mine, found.get(place, ()), self._categories[1]) for place, mine in sorted(heard.items())]


class Look:
    """One look: steps episodes and collects what changed and what is told."""

    def __init__(self, known: Mapping[Name, Episode], registry: Registry, now_ns: int) -> None:
        self._known = known
        self._registry = registry
        self._now_ns = now_ns
        self.changed: dict[Name, Episode] = {}
        self.told: list[EventRow] = []

    def reach(self, one: Reach, cadence_s: float) -> None:
        """Take in how a site reaches Optimize endpoints."""
        _, after, told = self._step((one.site, "site-down"), one.down, one.since_ns, patience_of(cadence_s))
        body = {"place": one.site, "hosts": list(one.hosts), "agents_agree": one.agree, "agents_reporting": one.heard}
        zone = self._zone(one.site)
        if told == "begins":
            sentence = say.down(one, zone)
            self._tell("site-down", one.severity, one.site, after, one.since_ns, sentence, body | {"responsible": "network"})
        elif told == "ends":
            self._tell("site-up", "P4", one.site, after, self._now_ns, say.up(one, self._now_ns, zone), body | {"responsible": "nobody"})

    def silence(self, one: Silence) -> None:
        """Take in whether a site is silent. Known as down, its silence is the same alert, and recorded only."""
        before, after, told = self._step((one.site, "site-silent"), one.silent, one.since_ns, patience_of(one.cadence_s))
        site = self._registry.sites.get(one.site)
        zone = self._zone(one.site)
        body: dict[str, Any] = {"place": one.site, "agents_agree": one.agents if told == "begins" else 0, "agents_reporting": 0}
        if told == "begins":
            severity = one.severity(site.hours if site else None, zones.at(self._now_ns, zone))
            severity = "none" if self._is("site-down", one.site) else severity
            sentence = say.silent(one, zone)
            self._tell("site-silent", severity, one.site, after, one.since_ns, sentence, body | {"responsible": "network"})
        elif told == "ends":
            sentence = say.heard(one, before.since_ns, zone)
            self._tell("site-heard", "P4", one.site, after, self._now_ns, sentence, body | {"responsible": "nobody"})

    def agents(self, all_of_them: Sequence[Wellbeing]) -> None:
        """Take in how each agent is. Trouble that many begin at one look has one cause and is nobody's own."""
        begun: dict[Trouble, list[tuple[Wellbeing, Episode]]] = {}
        for one in all_of_them:
            for kind, wrong in one.wrong.items():
                since_ns = one.since_ns.get(kind, self._now_ns)
                _, after, told = self._step((one.agent, kind), wrong, since_ns, patience(kind, one.cadence_s))
                if told == "begins":
                    begun.setdefault(kind, []).append((one, after))
                elif told == "ends":
                    self._well(one, kind, after)
        for kind, some in begun.items():
            shared = is_shared(len(some), len(all_of_them))
            for one, after in some:
                self._ill(one, kind, after, shared=shared)

    def _ill(self, one: Wellbeing, kind: Trouble, after: Episode, *, shared: bool) -> None:
        of_site = kind == "agent-silent" and (self._is("site-silent", one.site) or self._is("site-down", one.site))
        severity: Severity = (
            "none" if shared or of_site or (kind == "agent-silent" and not self._at_work(one.site)) else KINDS[kind].severity
        )
        detail = one.detail.get(kind, "")
        sentence = say.agent_begins(one.agent, one.site, kind, detail, after.since_ns, self._zone(one.site))
        body = {"place": one.site, "agents": [one.agent], "detail": detail, "responsible": "client"}
        self._tell(kind, severity, one.agent, after, after.since_ns, sentence, body)

    def _well(self, one: Wellbeing, kind: Trouble, after: Episode) -> None:
        sentence = say.agent_ends(one.agent, one.site, WORDS[kind], self._now_ns, self._zone(one.site))
        body = {"place": one.site, "agents": [one.agent], "over": kind, "responsible": "nobody"}
        if kind == "agent-silent":
            self._tell("agent-heard", "none", one.agent, after, self._now_ns, sentence, body)
        else:  # one kind ends five: which of them is part of the episode, or the second of one number would be told by nobody
            number = Episode(after.state, after.since_ns, after.number * len(WORDS) + _NUMBER[kind])
            self._tell("agent-well", "none", one.agent, number, self._now_ns, sentence, body)

    def _step(self, name: Name, wrong: bool | None, since_ns: int, patience: Patience) -> tuple[Episode, Episode, Told | None]:  # noqa: FBT001
        before = self._known.get(name, WELL)
        if wrong is None or _AS_IT_IS.get(before.state) is wrong:  # nearly all there is
            return before, before, None
        after, told = step(before, wrong=wrong, since_ns=since_ns, now_ns=self._now_ns, patience=patience)
        if after != before:
            self.changed[name] = after
        return before, after, told

    def _tell(self, kind: str, severity: Severity, scope: str, one: Episode, at_ns: int, sentence: str, body: Mapping[str, Any]) -> None:
        self.told.append(EventRow(kind, severity, "", scope, one.number, at_ns, self._now_ns, printable(sentence), canonical(dict(body))))

    def _is(self, kind: str, scope: str) -> bool:
        name = (scope, kind)
        return self.changed.get(name, self._known.get(name, Episode())).told

    def _zone(self, site: str) -> str:
        known = self._registry.sites.get(site)
        return known.zone if known else "UTC"

    def _at_work(self, site: str) -> bool:
        known = self._registry.sites.get(site)
        if site in NO_SITES:  # laptops under way are silent whenever their lids are closed
            return False
        return known is None or known.hours.holds(zones.at(self._now_ns, known.zone))
