"""The timeline: segments of the worst seen, gaps as gaps, phases that stack, events where they belong."""

from dataclasses import replace

from server.console.picture import Timeline
from server.console.timeline_view import CHART_WIDTH, LABEL_WIDTH, PHASE_HEIGHT, view
from server.state.paths import StoredRun
from tests.fakes.pictures import NOW, SECOND, event, timeline


def run(verdict: str, first: int, last: int, agent: str = "a", number: int = 0) -> StoredRun:
    """Return a run; times are seconds before now."""
    return StoredRun(number, agent, "Lyon", "h:443", "direct", verdict, "", NOW - first * SECOND, NOW - last * SECOND, 3, None)


def chart(*runs: StoredRun, heard: list[bool] | None = None) -> Timeline:
    """Return ten minutes in steps of one, all heard."""
    start = NOW - 600 * SECOND
    return Timeline("Lyon", start, NOW, 60 * SECOND, runs, heard if heard is not None else [True] * 10, "h:443", {})


def words(one: Timeline) -> list[list[str]]:
    """Return the verdicts of each strip, in their order."""
    return [[segment.mark.word for segment in strip.segments if segment.mark] for strip in view(one, [], "UTC", NOW).strips]


def test_one_strip_a_path() -> None:
    """Each target on each route has its strip, on one axis."""
    seen = view(timeline(), [], "Europe/Berlin", NOW)
    assert len(seen.strips) == 5
    assert [segment.mark.word for segment in seen.strips[0].segments if segment.mark] == ["clean", "inspected"]
    assert all(LABEL_WIDTH <= segment.x <= LABEL_WIDTH + CHART_WIDTH for strip in seen.strips for segment in strip.segments)


def test_worst_of_all_agents() -> None:
    """Where two agents differ the worse verdict is shown, for as long as it lasts."""
    two = chart(run("clean", 600, 0, "a"), run("clean", 600, 400, "b"), run("inspected", 400, 200, "b"), run("clean", 200, 0, "b"))
    assert words(two) == [["clean", "inspected", "clean"]]


def test_current_run_goes_on_to_what_was_heard() -> None:
    """A run is stored every ten minutes at most: while its site is heard it goes on."""
    seen = view(chart(run("clean", 600, 590)), [], "UTC", NOW)
    assert seen.strips[0].segments[0].width == CHART_WIDTH


def test_other_routes_are_named() -> None:
    """A route other than the direct one is part of the name, the usual port is not."""
    one = replace(run("clean", 600, 0), route="system")
    assert [strip.label for strip in view(chart(one), [], "UTC", NOW).strips] == ["h by system"]


def test_aspects_have_a_strip_when_something_is_found() -> None:
    """What is beside an answer is said in words, and is no strip while it is clean."""
    clean, lost = replace(run("clean", 600, 0), target="h:443#h2"), replace(run("altered", 300, 0), target="h:443/udp")
    assert [strip.label for strip in view(chart(run("clean", 600, 0), clean, lost), [], "UTC", NOW).strips] == ["h", "HTTP/3 to h"]


def test_gap_inside_and_at_the_end() -> None:
    """Steps in which nothing was heard are gaps; one that goes on says since when."""
    inside = view(chart(run("clean", 600, 0), heard=[True, True, False, False, *[True] * 6]), [], "UTC", NOW)
    assert [text for _, _, text in inside.gaps] == ["no data"]
    still = view(chart(run("clean", 600, 0), heard=[True] * 4 + [False] * 6), [], "UTC", NOW)
    (gap,) = still.gaps
    assert gap[2].startswith("no data since ")
    assert gap[0] + gap[1] == LABEL_WIDTH + CHART_WIDTH


def test_phases_stack_to_their_sum() -> None:
    """The bars of one step stand on each other and are as high together as their sum on the scale."""
    seen = view(replace(chart(run("clean", 600, 0)), phases={"dns_ms": [20.0] + [None] * 9, "tls_ms": [30.0] + [None] * 9}), [], "UTC", NOW)
    (column,) = seen.columns
    low, high = column.bars
    assert seen.scale[-1][1] == "50 ms"
    assert low.height + high.height == PHASE_HEIGHT
    assert low.y == high.y + high.height
    assert column.title == "mean of this step: DNS 20 ms, TLS 30 ms; 50 ms together"


def test_events_of_this_site_in_range() -> None:
    """Only events of the site and the range are marked, each with its sentence."""
    seen = view(
        chart(run("clean", 600, 0)), [event(1, scope="Lyon"), event(2, scope="Porto"), event(3, scope="Lyon", ago_s=900)], "UTC", NOW
    )
    (flag,) = seen.flags
    assert flag.number == 1
    assert flag.title.startswith("Lyon:")


def test_nothing_at_all() -> None:
    """A site without runs and without history has no strips and no scale."""
    seen = view(Timeline("Lyon", NOW - 600 * SECOND, NOW, 60 * SECOND), [], "UTC", NOW)
    assert (seen.strips, seen.columns, seen.scale, seen.gaps) == ([], [], [], [])
