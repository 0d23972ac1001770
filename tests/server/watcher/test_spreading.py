"""One cause at many machines or sites: what the fleet's presence does, and when a device has spread."""

from server.watcher.devices import RETIRE_NS, Standing, Told
from server.watcher.spreading import ENDPOINTS, FLEET, fleet, is_spread, scope_word, spread_scope

T = 10**18


def told(kind: str, at_ns: int = T) -> Told:
    """Return an event of one machine."""
    return Told(kind, at_ns, 1, 0, ())  # type: ignore[arg-type]


def test_the_first_machine_brings_it_and_the_last_takes_it_away() -> None:
    """Machines between are told nothing."""
    standing, first = fleet(None, [told("appeared")], 1, T)
    assert (standing, [one.kind for one in first]) == (Standing("present", 1, T, T), ["appeared"])
    assert fleet(standing, [told("discovered", T + 1)], 2, T + 1) == (standing, [])
    assert fleet(standing, [told("left", T + 2)], 1, T + 2) == (standing, [])
    gone, last = fleet(standing, [told("left", T + 3)], 0, T + 3)
    assert (gone and gone.state, [(one.kind, one.episode) for one in last]) == ("absent", [("left", 1)])
    back, again = fleet(gone, [told("appeared", T + 4)], 1, T + 4)
    assert (back and back.episode, [one.kind for one in again]) == (2, ["returned"])


def test_it_retires_and_then_is_new_again() -> None:
    """Ninety days after the last machine, whoever looks when."""
    gone = Standing("absent", 1, T, T)
    retired, one = fleet(gone, [], 0, T + RETIRE_NS + 9)
    assert (retired and retired.state, [(event.kind, event.at_ns) for event in one]) == ("retired", [("retired", T + RETIRE_NS)])
    late = T + RETIRE_NS + 5
    assert [event.kind for event in fleet(gone, [told("appeared", late)], 1, late)[1]] == ["retired", "appeared"]
    assert fleet(None, [], 0, T) == (None, [])


def test_three_sites_are_a_spread() -> None:
    """Machines away and places that are no site do not count."""
    assert is_spread({"A", "B", "C"})
    assert not is_spread({"A", "B", "remote", "unassigned", ENDPOINTS})


def test_how_far_it_reaches() -> None:
    """One region when all share it, else the fleet."""
    regions = {"A": "EMEA", "B": "EMEA", "C": "APAC"}
    assert spread_scope({"A", "B"}, regions) == "EMEA"
    assert spread_scope({"A", "C"}, regions) == FLEET
    assert spread_scope({"X", "Y"}, regions) == FLEET
    assert [scope_word(one) for one in ("Lyon", "remote", ENDPOINTS, FLEET)] == ["site", "remote", "endpoint", "tenant-wide"]
