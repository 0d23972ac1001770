"""The duty that keeps the words believed of sites: reads rows and samples, lets `site_look` decide, stores and tells in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from judge.knowledge.model import Knowledge
from server.collector.ways import Way
from server.fleet.registry import Registry
from server.history.port import History, Unavailable
from server.state import answers, decided, overview
from server.state import ways as way_rows
from server.watcher.bypassing import coverage_of
from server.watcher.categories import Categories
from server.watcher.leading import Leadership
from server.watcher.refreshing import States
from server.watcher.scoring import ASKED, STEP_NS, Kept, scores_of, span
from server.watcher.site_look import SiteLook
from server.watcher.states import AgentState, agent_states
from server.watcher.telling import publish
from server.watcher.watching import NO_SITES

LOOK_S = 10.0
"""Ways are decided in two cycles; of the promise (3 cadences and 2 s) this leaves a cadence for looking."""
WHOLE_NS = 60 * 10**9
"""Between two looks at the words and the coverage, which are steady for minutes anyway: the rows of a whole fleet cost 0.3 s to count."""
HEARD_NS = 3600 * 10**9
"""Who was heard in the last hour has a say in the coverage of its site."""
SCORE_NS = 3600 * 10**9
SCORED = 5
"""Sites scored at one look: 25 queries of one series each. A thousand sites are through in 34 minutes."""
KINDS = ("egress-cloud", "egress-disagrees")


class SiteDuty:
    """One duty. `states` reads how agents and sites stand; `knowledge` is asked each time, it may be replaced."""

    name = "sites"
    every_s = LOOK_S

    def __init__(
        self, states: Callable[[int], Awaitable[States]], history: History, registry: Registry, knowledge: Callable[[], Knowledge]
    ) -> None:
        self._states = states
        self._history = history
        self._registry = registry
        self._knowledge = knowledge
        self._whole_ns = 0
        self._categories: tuple[Knowledge, Categories] | None = None
        self._kept: dict[str, Kept] = {}
        self._mark = (0, 0, 0)
        self._sites: list[str] = []

    async def step(self, lead: Leadership) -> None:
        """Look at words and coverage when it is time to, at ways when one changed, and score a few sites."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            mark = await way_rows.mark(transaction)
        if not 0 <= now_ns - self._whole_ns < WHOLE_NS:
            await self._whole(lead, now_ns)
        elif mark != self._mark:
            await self._changed(lead, now_ns)
        self._mark = mark
        await self._score(lead, now_ns)

    async def _whole(self, lead: Leadership, now_ns: int) -> None:
        states = await self._states(now_ns)
        look = await self._look(lead, now_ns)
        async with lead.database.reading() as transaction:
            ways = await way_rows.everybody(transaction)
            said = await answers.said(transaction, now_ns - HEARD_NS)
        heard = _heard(states.agents)
        self._sites = sorted(heard)
        self._leaving(look, heard, ways)
        for one in states.sites:
            if one.site in heard:
                look.summary(one.site, one.more.summary)
        self._coverage(look, heard, said)
        await _store(lead, look, now_ns)
        self._whole_ns = now_ns

    async def _changed(self, lead: Leadership, now_ns: int) -> None:
        """Look at the ways only: an agent has taken another one."""
        look = await self._look(lead, now_ns)
        async with lead.database.reading() as transaction:
            agents = agent_states(await overview.agents(transaction), {}, now_ns)
            ways = await way_rows.everybody(transaction)
        self._leaving(look, _heard(agents), ways)
        await _store(lead, look, now_ns)

    async def _look(self, lead: Leadership, now_ns: int, sites: Sequence[str] = ()) -> SiteLook:
        async with lead.database.reading() as transaction:
            words = await decided.words(transaction, sites)
            episodes = await decided.episodes(transaction, KINDS)
        return SiteLook(words, episodes, self._registry, self._knowledge(), now_ns)

    def _leaving(self, look: SiteLook, heard: Mapping[str, Sequence[AgentState]], ways: Sequence[tuple[str, str, Way]]) -> None:
        by_agent: dict[str, dict[str, Way]] = {}
        for agent, kind, way in ways:
            by_agent.setdefault(agent, {})[kind] = way
        for site, mine in heard.items():
            here = {agent.agent: by_agent[agent.agent] for agent in mine if agent.agent in by_agent}
            if here:
                look.leaving(site, here)

    def _coverage(self, look: SiteLook, heard: Mapping[str, Sequence[AgentState]], said: Sequence[answers.Said]) -> None:
        knowledge = self._knowledge()
        if self._categories is None or self._categories[0] is not knowledge:
            self._categories = knowledge, Categories(knowledge)
        by_site: dict[str, list[answers.Said]] = {}
        for one in said:
            by_site.setdefault(one.place, []).append(one)
        version = knowledge.lists.get("Worldwide", "")
        for site in heard:
            look.coverage(site, coverage_of(by_site.get(site, ()), self._categories[1], version))

    async def _score(self, lead: Leadership, now_ns: int) -> None:
        """Score the sites that have waited longest for it, an hour at least. A history that is away leaves the scores as they are."""
        due = [site for site in self._sites if not 0 <= now_ns - self._kept.get(site, Kept()).until_ns < SCORE_NS]
        due = sorted(due, key=lambda one: self._kept.get(one, Kept()).until_ns)[:SCORED]
        if not due:
            return
        look = await self._look(lead, now_ns, due)
        for site in due:
            kept = self._kept.setdefault(site, Kept())
            start_ns, end_ns = span(kept, now_ns)
            try:
                for name, ask in ASKED.items():
                    where = {"site": site, **ask.where}
                    found = await self._history.series("mw_raw", ask.measurement, ask.field, where, start_ns, end_ns, STEP_NS, "last")
                    kept.take(name, found, now_ns)
            except (Unavailable, ValueError):  # what is read is kept; the states say that the history is away
                break
            kept.until_ns = now_ns
            look.scores(site, scores_of(kept, self._knowledge().assessment))
        await _store(lead, look, now_ns)


async def _store(lead: Leadership, look: SiteLook, now_ns: int) -> None:
    """Store what a look changed and tell what it tells, in one transaction; nothing when nothing changed."""
    if look.words or look.episodes:
        async with lead.writing() as transaction:
            await decided.write_words(lead.database, transaction, look.words)
            await decided.write_episodes(lead.database, transaction, look.episodes)
            for event in look.told:
                await publish(lead.database, transaction, event, now_ns)


def _heard(agents: Sequence[AgentState]) -> dict[str, list[AgentState]]:
    """Return the agents that are heard, by site; who is at no site is left out."""
    found: dict[str, list[AgentState]] = {}
    for agent in agents:
        if agent.state != "silent" and agent.site not in NO_SITES:
            found.setdefault(agent.site, []).append(agent)
    return found
