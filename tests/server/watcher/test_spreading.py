"""One cause at many machines or sites: what the fleet's presence does, and when a device has spread."""

from server.watcher.devices import RETIRE_NS, Standing, Told
from server.watcher.spreading import ENDPOINTS, FLEET, fleet, is_spread, scope_word, spread_scope

T = 10**18


def told(kind: str, at_ns: int = T) -> Told:
    """Return an event of one machine."""
    return Told(kind, at_ns, 1, 0, ())  # type: ignore[arg-type]


def test_the_first_machine_brings_it_and_the_last_takes_it_away() -> None:
    """Machines between are told nothing."""
    standing, first = fleet(None, [("a", told("appeared"))], [], T)
    assert (standing, [one.kind for _, one in first]) == (Standing("present", 1, T, T), ["appeared"])
    assert fleet(standing, [("b", told("discovered", T + 1))], ["a"], T + 1) == (standing, [])
    assert fleet(standing, [("a", told("left", T + 2))], ["a", "b"], T + 2) == (standing, [])
    gone, last = fleet(standing, [("b", told("left", T + 3))], ["b"], T + 3)
    assert (gone and gone.state, [(agent, one.kind, one.episode) for agent, one in last]) == ("absent", [("b", "left", 1)])
    back, again = fleet(gone, [("a", told("appeared", T + 4))], [], T + 4)
    assert (back and back.episode, [one.kind for _, one in again]) == (2, ["returned"])


def test_what_machines_tell_is_taken_in_its_own_order() -> None:
    """Decided at once: one machine lost it after another got it, so the fleet never lost it, whichever is named first."""
    standing = Standing("present", 1, T, T)
    both = [("a", told("left", T + 2)), ("b", told("appeared", T + 1))]
    assert fleet(standing, both, ["a"], T + 3) == fleet(standing, both[::-1], ["a"], T + 3) == (standing, [])


def test_it_retires_and_then_is_new_again() -> None:
    """Ninety days after the last machine, whoever looks when."""
    gone = Standing("absent", 1, T, T)
    retired, one = fleet(gone, [], [], T + RETIRE_NS + 9)
    assert (retired and retired.state, [(event.kind, event.at_ns) for _, event in one]) == ("retired", [("retired", T + RETIRE_NS)])
    late = T + RETIRE_NS + 5
    assert [event.kind for _, event in fleet(gone, [("a", told("appeared", late))], [], late)[1]] == ["retired", "appeared"]
    assert fleet(None, [], [], T) == (None, [])


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
