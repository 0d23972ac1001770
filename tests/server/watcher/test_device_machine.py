"""Devices as a machine that hypothesis drives: no story of reports, looks, restarts, silences, merges and rollovers tells anything twice.

Two centres hear the same story: one in order, looking after each minute (after each report where devices change keys); the other hears each
minute's agents in another order, looks when it likes, and forgets its watcher between looks. They must tell the same.
"""

import asyncio
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from server.state.database import Database
from server.state.tables import event
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import DAY, HOUR, MINUTE, START, Rounds, Seen, device
from tests.fakes.state import fresh

AGENTS = ("a", "b", "c")
HOSTS = ("outlook.office365.com", "teams.microsoft.com")
BOXES = {
    "box": device("instance:1", "product:z", scope="device"),
    "renewed": device("instance:2", "product:z", scope="device"),  # a rollover of the box, where it follows it on a path
    "other": device("instance:3", "product:y", scope="device"),
    "both": device("instance:1", "instance:3", scope="device"),  # box and other turn out to be one
    "scanner": device("product:e", "instance:9", scope="endpoint"),
}
PLAIN = {"renewed": "box", "both": "other", "scanner": "other"}
"""What stands in for devices that change keys or have a presence on each machine."""
OPENINGS = {"appeared", "discovered", "returned"}
FOUND = st.sampled_from(["clean", "clean", "clean", "box", "box", "renewed", "other", "both", "scanner", "doubt"])
Told = tuple[str, str, str, int, int]


class Centre:
    """One centre: a state database and, in it, whoever watches."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._folder = tempfile.TemporaryDirectory()
        self.now_ns = START
        self._database: Database = loop.run_until_complete(fresh(Path(self._folder.name)))
        self._rounds = Rounds(self._database)
        self._watcher = self._new()

    def _new(self) -> Watcher:
        return Watcher(self._database, None, "w", lambda: self.now_ns)

    def hear(self, agent: str, at_ns: int, seen: Mapping[str, Seen], place: str) -> None:
        """Take in one report."""
        self.now_ns = max(self.now_ns, at_ns)
        self._loop.run_until_complete(self._rounds.see(agent, at_ns, seen, place))

    def look(self, *, restarted: bool = False) -> None:
        """Decide what is there, with a new watcher if the old one died."""
        self._watcher = self._new() if restarted else self._watcher
        while self._loop.run_until_complete(self._watcher.step()):
            pass

    def told(self) -> list[Told]:
        """Return (device, scope, kind, episode, when) of each event in the order told."""

        async def read() -> list[Told]:
            async with self._database.reading() as transaction:
                rows = await transaction.execute(select(event).order_by(event.c.id))
                return [(row.device, row.scope, row.kind, row.episode, row.at_ns - START) for row in rows]

        return self._loop.run_until_complete(read())

    def close(self) -> None:
        """Close and forget."""
        self._loop.run_until_complete(self._database.close())
        self._folder.cleanup()


class DeviceMachine(RuleBasedStateMachine):
    """The story so far, told to both centres."""

    @initialize(seed=st.integers(0, 999), plain=st.booleans())
    def begin(self, seed: int, *, plain: bool) -> None:
        """Open both centres. A plain story has devices that keep their keys: only then is who is whom the same in any order."""
        self.plain = plain
        self.loop = asyncio.new_event_loop()
        self.steady, self.shuffled = Centre(self.loop), Centre(self.loop)
        self.dice = random.Random(seed)
        self.now_ns = START
        self.heard_ns: dict[str, int] = {}
        """When a place was heard last. After an hour's silence of all of it, the first round is decided when all have spoken: else who
        speaks first decides alone (note 019)."""

    @rule(
        found=st.lists(st.tuples(FOUND, FOUND), min_size=3, max_size=3), rounds=st.integers(1, 3), place=st.sampled_from(["Lyon", "Porto"])
    )
    def reports(self, found: Sequence[tuple[str, str]], rounds: int, place: str) -> None:
        """Let each agent find this, a minute after the other, for some rounds; a machine has its scanner on all hosts or none."""
        for number in range(rounds):
            self.now_ns += MINUTE
            together = self.now_ns - self.heard_ns.get(place, self.now_ns) > HOUR and number == 0
            self.heard_ns[place] = self.now_ns
            told = [
                (agent, {host: self.seen(one, host) for host, one in zip(HOSTS, mine, strict=True)})
                for agent, mine in zip(AGENTS, found, strict=True)
            ]
            for agent, seen in told:
                self.steady.hear(agent, self.now_ns, seen, place)
                if (
                    not together and not self.plain
                ):  # of two who measured at one instant the first to be heard may tell of a leaving (note 019)
                    self.steady.look()
            for agent, seen in self.dice.sample(told, len(told)):
                self.shuffled.hear(agent, self.now_ns, seen, place)
            if together or self.dice.random() < 0.5:
                self.shuffled.look(restarted=self.dice.random() < 0.5)
            self.steady.look()

    @rule(silence=st.sampled_from([10 * MINUTE, 2 * HOUR, 91 * DAY]))
    def nothing_is_heard(self, silence: int) -> None:
        """Let time pass; both look, for silence is decided by whoever looks."""
        for centre in (self.steady, self.shuffled):
            centre.look(restarted=centre is self.shuffled)
        self.now_ns += silence
        for centre in (self.steady, self.shuffled):
            centre.now_ns = self.now_ns
            centre.look()

    @invariant()
    def nothing_is_told_twice(self) -> None:
        """Of a device at a scope an episode opens once, comings and goings take turns, after `retired` comes an opening or nothing."""
        if not hasattr(self, "steady"):
            return
        last: dict[tuple[str, str], tuple[str, int]] = {}
        for name, scope, kind, episode, _ in self.steady.told():
            before, number = last.get((name, scope), ("", 0))
            if kind in OPENINGS:
                assert before not in OPENINGS, (name, scope, before, kind)
                assert episode > number
                assert kind != "returned" or before == "left"
            elif kind == "left":
                assert before in OPENINGS
                assert episode >= number
            elif kind == "retired":
                assert before == "left"
            last[name, scope] = (kind, episode)

    def seen(self, one: str, host: str) -> Seen:
        """Return what the judge says of one host."""
        if one in {"clean", "doubt"}:
            return "clean" if one == "clean" else "inconclusive"
        return sightings.finding(by=BOXES[PLAIN.get(one, one) if self.plain else one], host=host)

    def teardown(self) -> None:
        """Both have told the same, whoever came first and whoever looked when."""
        if not hasattr(self, "steady"):
            return
        try:
            for centre in (self.steady, self.shuffled):
                centre.look(restarted=True)
            if self.plain:
                assert sorted(self.shuffled.told()) == sorted(self.steady.told())
        finally:
            self.steady.close()
            self.shuffled.close()
            self.loop.close()


TestDeviceMachine = DeviceMachine.TestCase
TestDeviceMachine.settings = settings(
    max_examples=8,  # about a second each, on two centres
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
