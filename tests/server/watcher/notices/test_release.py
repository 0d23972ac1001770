"""Holds server/watcher/notices/release.py: when letters leave, to whom, under which key."""

from server.watcher.notices.book import QUIET_NS, Book, Terms
from server.watcher.notices.release import Draft, release
from server.watcher.notices.routing import Rule
from tests.fakes.notices import HOUR, MINUTE, SECOND, START, seen

ALL = Rule("all", "P4")


def told(made: Book, now_ns: int, *rules: Rule) -> list[tuple[str, str]]:
    """Return (target, what) of what is due."""
    return [(one.target, one.what) for one in release(made, rules or (ALL,), now_ns)]


def test_a_letter_waits_for_what_belongs_to_it() -> None:
    """Half a minute, then all of it in one letter; afterwards nothing."""
    made = Book([], Terms())
    for site in ("Lyon", "Porto"):
        made.fold(seen("appeared", site, device="d1"), START)
    assert told(made, START + 29 * SECOND) == []
    drafts: list[Draft] = release(made, [ALL], START + 30 * SECOND)
    assert [len(one.parts) for one in drafts] == [2]
    assert told(made, START + HOUR) == []


def test_growth_waits_and_a_rise_does_not() -> None:
    """What only adds to a told alert comes every quarter of an hour; what is louder comes after the wait."""
    made = Book([], Terms())
    made.fold(seen("summary-changed"), START)
    assert told(made, START + MINUTE) == [("all", "opened")]
    made.fold(seen("coverage-changed"), START + MINUTE)
    assert told(made, START + 2 * MINUTE) == []
    made.fold(seen("site-down"), START + 2 * MINUTE)
    assert told(made, START + 3 * MINUTE) == [("all", "update")]
    made.fold(seen("site-up"), START + 4 * MINUTE)
    assert told(made, START + 5 * MINUTE) == [("all", "closed")]


def test_each_target_by_its_rule() -> None:
    """Severity, sites, causes; an end goes where its beginning went though it is quieter."""
    rules = [
        Rule("p1", "P1"),
        Rule("lyon", "P4", sites=("Ly*",)),
        Rule("porto", "P4", sites=("Porto",)),
        Rule("egress", "P4", causes=frozenset({"egress"})),
        Rule("iberia", "P4", regions=("Iberia",)),
    ]
    made = Book([], Terms())
    made.fold(seen("site-down", "Lyon"), START)
    assert [one[0] for one in told(made, START + HOUR, *rules)] == ["p1", "lyon"]
    made.fold(seen("site-up", "Lyon"), START + HOUR)
    assert told(made, START + 2 * HOUR, *rules) == [("p1", "closed"), ("lyon", "closed")]
    made.fold(seen("site-down", "Braga", region="Iberia"), START + 2 * HOUR)
    assert [one[0] for one in told(made, START + 3 * HOUR, *rules)] == ["p1", "iberia"]


def test_the_last_word_goes_to_whoever_heard_of_it() -> None:
    """A device that spread in silence is over for the pager only when it left everywhere; who heard nothing of it hears no end."""
    rules, made = [Rule("pager", "P2"), Rule("p1", "P1")], Book([], Terms())
    made.fold(seen("appeared", "Lyon", device="d1"), START)
    made.fold(seen("appeared", "Porto", device="d1", severity="P4"), START)
    assert told(made, START + HOUR, *rules) == [("pager", "opened")]
    made.fold(seen("left", "Lyon", device="d1"), START + HOUR)
    assert told(made, START + 2 * HOUR, *rules) == [("pager", "update")]
    made.fold(seen("left", "Porto", device="d1"), START + 2 * HOUR)
    assert told(made, START + 3 * HOUR, *rules) == [("pager", "closed")]


def test_the_key_is_the_target_and_the_events() -> None:
    """Made again from the same events it is the same; for another target, or of other events, it is another."""
    first, second = seen("site-down"), seen("site-down", "Porto")

    def key(event: object, target: str) -> str:
        made = Book([], Terms())
        made.fold(event, START)  # type: ignore[arg-type]
        return release(made, [Rule(target)], START + HOUR)[0].key

    assert key(first, "a") == key(first, "a")
    assert len({key(first, "a"), key(first, "b"), key(second, "a")}) == 3


def test_what_nothing_ends_is_closed_by_a_quiet_day() -> None:
    """An alert of a moved egress is open for a day after the last, then closed without a letter."""
    made = Book([], Terms())
    made.fold(seen("egress-moved"), START)
    told(made, START + HOUR)
    (alert,) = made.alerts.values()
    assert alert.release_ns == START + QUIET_NS
    assert told(made, START + QUIET_NS) == []
    assert alert.closed_ns == START + QUIET_NS
    assert alert.release_ns == 0
