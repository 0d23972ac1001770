"""Holds server/watcher/cases.py: what proves a bypass, what breaks it, what silence does not do. Pure, so no database."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.watcher.cases import DAY_NS, Case, Line, Look, Pace, Seen, due_ns, look, settle

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
START = 1_795_000_000 * 10**9
HOST = "outlook.office365.com"
HELD, FREE = Look("held", "inspected", START, 0, 0, 2, 2), Look("bypassed", "inspected", START, START + 1, START + MINUTE, 2, 2)


def seen(
    number: int,
    minute: int,
    verdict: str,
    *,
    agent: str = "a",
    rounds: int = 3,
    route: str = "direct",
    end: int | None = None,
    target: str = "",
    sure: bool = True,
) -> Seen:
    """Return a run that began at a minute and is heard until `end`, the present unless said."""
    first_ns, last_ns = START + minute * MINUTE, START + (60 if end is None else end) * MINUTE
    return Seen(number, agent, target or f"{HOST}:443", route, verdict, first_ns, last_ns, rounds, sure)


def at(*runs: Seen, minute: int = 60) -> Look:
    """Return the look at a minute."""
    return look(runs, START + minute * MINUTE)


def minutes(one: Look) -> tuple[int, int, int]:
    """Return held from, held until and clean since in minutes; -1 for never."""
    return tuple((ns - START) // MINUTE if ns else -1 for ns in (one.held_ns, one.until_ns, one.clean_ns))  # type: ignore[return-value]


def test_a_line_is_proved_by_rounds_and_agents() -> None:
    """Held until, clean since the last path turned; two rounds and both agents are needed, one round or one agent is `clearing`."""
    before = [seen(1, 0, "inspected", end=9), seen(2, 0, "inspected", agent="b", end=10)]
    both = at(*before, seen(3, 10, "clean", rounds=2), seen(4, 11, "clean", agent="b", rounds=2))
    assert (both.state, both.agree, both.reporting, minutes(both)) == ("bypassed", 2, 2, (0, 10, 11))
    assert at(*before, seen(3, 10, "clean", rounds=2), seen(4, 11, "clean", agent="b", rounds=1)).state == "clearing"
    one = at(before[0], seen(2, 0, "inspected", agent="b"), seen(3, 10, "clean", rounds=2))
    assert (one.state, one.agree, one.reporting) == ("held", 1, 2)
    alone = at(before[0], seen(3, 10, "clean", rounds=2))
    assert (alone.state, alone.agree, alone.reporting) == ("bypassed", 1, 1)


def test_one_of_many_is_not_enough() -> None:
    """Two clean agents prove nothing where five report and three of them cannot tell."""
    doubt = [seen(10 + n, 0, "inconclusive", agent=f"d{n}") for n in range(3)]
    clean = [seen(n, 0, "clean", agent=f"c{n}") for n in range(2)]
    assert at(*doubt, *clean).state == "clearing"
    assert at(*doubt[:2], *clean).state == "bypassed"


def test_silence_proves_nothing() -> None:
    """Who saw it held and fell silent keeps the line unproved and is named; a new agent's first sight does not move the date."""
    gone = at(
        seen(1, 0, "inspected", end=5), seen(2, 0, "inspected", agent="b", end=9), seen(3, 10, "clean", agent="b", end=120), minute=120
    )
    assert (gone.state, gone.waiting, gone.reporting) == ("clearing", ("a",), 1)
    fresh = at(seen(1, 0, "inspected", end=9), seen(2, 10, "clean"), seen(3, 50, "clean", agent="new"))
    assert (fresh.state, minutes(fresh)) == ("bypassed", (0, 9, 10))
    assert at(seen(1, 0, "clean", end=5), minute=120).state == "unknown"
    assert at() == Look()


def test_doubt_and_failure_change_nothing() -> None:
    """A host that is unreachable or inconclusive for a while is as it was."""
    assert at(seen(1, 0, "inspected", end=9), seen(2, 10, "unreachable", end=19), seen(3, 20, "inconclusive")).state == "held"
    again = at(
        seen(1, 0, "inspected", end=9), seen(2, 10, "clean", rounds=1, end=19), seen(3, 20, "unreachable"), seen(4, 30, "clean", rounds=1)
    )
    assert (again.state, minutes(again)) == ("bypassed", (0, 9, 10))


def test_what_has_a_say() -> None:
    """Users' routes do, a proxy to compare with does not; nor HTTP/3 kept out; a splitter does, until half an hour after it is gone."""
    free = seen(1, 0, "clean")
    assert at(free, seen(2, 0, "proxied", route="office-proxy")).state == "bypassed"
    assert at(free, seen(2, 0, "proxied", route="system")).state == "held"
    assert at(free, seen(2, 0, "blocked", target=f"{HOST}:443/udp"), seen(3, 0, "altered", target=f"{HOST}:443#h2")).state == "bypassed"
    tcp = f"{HOST}:443#tcp"
    assert at(free, seen(2, 0, "spliced", target=tcp, sure=False)).state == "held"
    assert at(free, seen(2, 0, "spliced", target=tcp, sure=False, end=40), seen(3, 40, "clean", target=tcp)).state == "clearing"
    assert at(free, seen(2, 0, "spliced", target=tcp, sure=False, end=9), seen(3, 10, "clean", target=tcp)).state == "bypassed"
    assert at(free, seen(2, 0, "sanctioned", agent="b")).state == "bypassed"


def test_late_runs_are_history() -> None:
    """A run stored after a newer one of its path says nothing about now."""
    assert at(seen(1, 0, "clean", end=5), seen(2, 20, "clean"), seen(3, 10, "inspected", end=12)).state == "bypassed"


def test_one_round_is_a_hint() -> None:
    """A single round undoes no proof and alarms nobody; it only keeps a line from being proved."""
    assert at(seen(1, 0, "clean", end=50), seen(2, 51, "inspected", rounds=1)).state == "clearing"


def case(**changes: object) -> Case:
    """Return an open case."""
    return replace(Case("open", START, START), **changes)  # type: ignore[arg-type]


def lines(*names: tuple[str, str]) -> list[Line]:
    """Return fresh lines."""
    return [Line(site, host) for site, host in names or (("Frankfurt", HOST),)]


def test_open_proved_broken_proved() -> None:
    """Each is told once: again with its own result nothing; a doubt in between nothing; a second return a second time."""
    here = {("Frankfurt", HOST): HELD}
    one, mine, news = settle(case(), lines(), here, START)
    assert (one.state, news) == ("open", [])
    told = []
    for step, now in enumerate((FREE, FREE, replace(FREE, state="clearing"), HELD, HELD, FREE, HELD)):
        one, mine, news = settle(one, mine, {("Frankfurt", HOST): now}, START + step)
        told += [(step, new.kind, new.episode) for new in news]
    assert told == [(0, "case-proved", 1), (3, "case-broken", 1), (5, "case-proved", 2), (6, "case-broken", 2)]
    assert mine[0].look.clean_ns == FREE.clean_ns, "while it is held it says since when it was clean before"
    assert one.state == "broken"
    one, mine, _ = settle(one, mine, {("Frankfurt", HOST): replace(FREE, state="clearing", clean_ns=0)}, START)
    assert mine[0].look.clean_ns == FREE.clean_ns, "and while it is doubted"


def test_a_return_is_told_once_a_site() -> None:
    """The hosts of one site that return one after another are one return; another site is another."""
    names = [("Lyon", "x"), ("Lyon", "y"), ("Porto", "x"), ("Porto", "never")]
    looks = dict.fromkeys(names[:3], FREE) | {names[3]: HELD}
    one, mine, news = settle(case(), lines(*names), looks, START)
    assert (one.state, news) == ("open", [])
    told = []
    for where in names[:3]:
        looks[where] = HELD
        one, mine, news = settle(one, mine, looks, START + 1)
        told += [(new.kind, [line.site for line in new.lines]) for new in news]
    assert told == [("case-broken", ["Lyon"]), ("case-broken", ["Porto"])]


def test_reminders() -> None:
    """After a day without a change, then weekly; a change makes it wait a day again; a closed case is never reminded of."""
    pace, here = Pace(), {("Frankfurt", HOST): HELD}
    one, mine, _ = settle(case(), lines(), here, START)
    told = []
    for hour in range(24 * 20):
        looks = here if hour < 24 * 16 else {("Frankfurt", HOST): FREE}
        one, mine, news = settle(one, mine, looks, START + hour * HOUR, pace)
        told += [(new.kind, new.episode, hour / 24) for new in news]
    assert told == [
        ("case-reminder", 1, 1),
        ("case-reminder", 2, 8),
        ("case-reminder", 3, 15),
        ("case-proved", 1, 16),
        ("case-reminder", 4, 17),
    ]
    assert due_ns(one, pace) == START + (17 + 7) * DAY_NS
    shut = replace(one, state="closed")
    assert settle(shut, mine, here, START + 999 * DAY_NS, pace) == (shut, mine, [])


LOOKS = st.sampled_from([HELD, FREE, replace(FREE, state="clearing"), Look()])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LOOKS, LOOKS), max_size=12))
def test_every_proof_and_return_is_told_once(steps: list[tuple[Look, Look]]) -> None:
    """Whatever is seen: told again with its own result nothing is new, episodes count up, and a return needs a bypass before."""
    one, mine = case(), lines(("Lyon", "x"), ("Lyon", "y"))
    told: list[tuple[str, int]] = []
    for pair in steps:
        looks = dict(zip((("Lyon", "x"), ("Lyon", "y")), pair, strict=True))
        one, mine, news = settle(one, mine, looks, START)
        assert settle(one, mine, looks, START) == (one, mine, [])
        told += [(new.kind, new.episode) for new in news]
    assert len(set(told)) == len(told)
    assert told == [(kind, [k for k, _ in told[: index + 1]].count(kind)) for index, (kind, _) in enumerate(told)]
    assert one.proofs == sum(kind == "case-proved" for kind, _ in told)
    if FREE not in [now for pair in steps for now in pair]:
        assert told == []
