"""The window of unreceipted reports: order, limit, resends, and that nothing is forgotten whatever happens."""

import random

from hypothesis import given
from hypothesis import strategies as st

from agent.window import HELD_S, RESEND_MAX_S, Window


def online(*backlog: int, limit: int = 16) -> Window:
    """Return a connected window with a backlog."""
    window = Window(limit=limit)
    window.load(backlog)
    window.online(0)
    return window


def test_nothing_is_sent_while_offline() -> None:
    """Before a connection there is nothing due and nothing to wake up for."""
    window = Window()
    window.add(1)
    assert window.due(0) == []
    assert window.next_due(0) is None


def test_live_first_then_backlog_oldest_first() -> None:
    """The newest report goes first, then the backlog in order."""
    window = online(3, 1, 2)
    window.add(9)
    assert window.due(0) == [9, 1, 2, 3]


def test_a_place_is_kept_for_the_live_report() -> None:
    """A backlog fills the window but for one place, which the live report takes at once."""
    window = online(*range(1, 40))
    assert window.due(0) == list(range(1, 16))
    assert window.next_due(0) == 30
    window.add(40)
    assert window.next_due(0) == 0
    assert window.due(0) == [40]
    window.add(41)
    assert window.due(0) == []
    assert len(window.in_flight) == 16


def test_older_live_reports_become_backlog() -> None:
    """Of several reports made while the window is full, only the newest is live."""
    window = online(1, limit=1)
    assert window.due(0) == [1]
    window.add(2)
    window.add(3)
    window.settle([1], 1)
    assert window.due(1) == [3]


def test_resend_doubles_to_ten_minutes() -> None:
    """Unreceipted reports come again after 30 s, 60 s and so on, never more than ten minutes apart."""
    window = online(1)
    window.due(0)
    now, gaps = 0.0, []
    for _ in range(7):
        following = window.next_due(now)
        assert following is not None
        gaps.append(following - now)
        now = following
        assert window.due(now) == [1]
    assert gaps == [30, 60, 120, 240, 480, 600, RESEND_MAX_S]


def test_any_receipt_starts_back_off_anew() -> None:
    """A receipt shows that the centre lives: what is still in flight is due in 30 s again."""
    window = online(1, 2)
    window.due(0)
    window.due(30)
    window.due(90)
    window.settle([2], 100)
    assert window.next_due(100) == 130
    assert window.in_flight == {1}


def test_reconnect_resends_at_once() -> None:
    """A fresh connection makes all in flight due, still within the limit."""
    window = online(1, 2)
    window.due(0)
    window.offline()
    assert window.due(500) == []
    window.online(501)
    assert window.due(501) == [1, 2]


def test_held_reports_wait_and_free_their_place() -> None:
    """A held report is offered again after ten minutes, and does not stop the others meanwhile."""
    window = online(1, 2, limit=1)
    assert window.due(0) == [1]
    window.hold([1], 1)
    assert window.due(1) == [2]
    window.settle([2], 2)
    assert window.next_due(2) == 1 + HELD_S
    assert window.due(1 + HELD_S) == [1]


def test_held_reports_are_released_by_a_change() -> None:
    """A new plan, software or connection offers held reports at once."""
    window = online(1)
    window.due(0)
    window.hold([1, 77], 1)
    window.release()
    assert window.due(2) == [1]
    assert window.unreceipted == {1}


def test_wanted_reports_go_again_at_once() -> None:
    """A want resends what is in flight at once, and the others keep their time."""
    window = online(1, 2)
    window.due(0)
    window.want([2, 99], 1)
    assert window.due(1) == [2]
    assert window.due(1) == []


def test_a_wanted_held_report_goes_again() -> None:
    """A want for a held report offers it again."""
    window = online(1)
    window.due(0)
    window.hold([1], 1)
    window.want([1], 2)
    assert window.due(2) == [1]


def test_restart_takes_the_new_numbers() -> None:
    """After a renumbering only the new numbers exist, the newest first."""
    window = online(5, 6, 7)
    window.due(0)
    window.restart([1, 2, 3])
    assert window.due(1) == [3, 1, 2]


def test_jitter_only_stretches() -> None:
    """With jitter a resend comes later, by at most a quarter."""
    window = Window(jitter=lambda: 1.0)
    window.load([1])
    window.online(0)
    window.due(0)
    assert window.next_due(0) == 37.5


class World:
    """A window among faults: `alive` is every report that was made and neither settled nor evicted."""

    def __init__(self, seed: int, limit: int) -> None:
        self.chance = random.Random(seed)
        self.window = Window(limit=limit, jitter=self.chance.random)
        self.limit = limit
        self.now = 0.0
        self.last = 0
        self.alive: set[int] = set()
        self.window.online(0)

    def some(self) -> list[int]:
        """Return up to three reports in flight."""
        return sorted(self.window.in_flight)[: self.chance.randint(0, 3)]

    def happen(self, event: str) -> None:
        """Let one thing happen, send what is due, and hold what must always hold."""
        self.now += self.chance.random()
        getattr(self, event)()
        assert set(self.window.due(self.now)) <= self.alive
        assert len(self.window.in_flight) <= self.limit
        assert self.window.unreceipted == self.alive

    def add(self) -> None:
        """Make a report."""
        self.last += 1
        self.alive.add(self.last)
        self.window.add(self.last)

    def wait(self) -> None:
        """Let more than every back-off pass."""
        self.now += 700

    def lose(self) -> None:
        """Lose the connection and get a fresh one."""
        self.window.offline()
        assert self.window.due(self.now) == []
        self.window.online(self.now)

    def receipt(self) -> None:
        """Settle some."""
        done = self.some()
        self.window.settle(done, self.now)
        self.alive -= set(done)

    def stale_receipt(self) -> None:
        """Settle what does not exist."""
        self.window.settle([self.last + 100], self.now)

    def hold(self) -> None:
        """Have some held by the centre."""
        self.window.hold(self.some(), self.now)

    def want(self) -> None:
        """Have bodies of some wanted by the centre."""
        self.window.want(self.some(), self.now)

    def renumber(self) -> None:
        """Start a new stream."""
        self.alive = set(range(1, len(self.alive) + 1))
        self.last = len(self.alive)
        self.window.restart(self.alive)

    def evict(self) -> None:
        """Drop the oldest for want of room."""
        if self.alive:
            self.window.drop([min(self.alive)])
            self.alive.remove(min(self.alive))


EVENTS = st.sampled_from(["add", "wait", "lose", "receipt", "stale_receipt", "hold", "want", "renumber", "evict"])


@given(events=st.lists(EVENTS, max_size=120), seed=st.integers(0, 10_000), limit=st.integers(1, 16))
def test_every_report_is_settled_in_the_end(events: list[str], seed: int, limit: int) -> None:
    """Whatever order of receipts, losses and reconnects: never over the limit, nothing forgotten, and all settled once faults stop."""
    world = World(seed, limit)
    for event in events:
        world.happen(event)
    while (following := world.window.next_due(world.now)) is not None:
        world.now = max(world.now, following)
        sent = world.window.due(world.now)
        world.window.settle(sent, world.now)
        world.alive -= set(sent)
    assert world.alive == set()
