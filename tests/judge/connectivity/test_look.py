"""The views on what one check saw."""

from judge.connectivity.look import middle, ms
from tests.fakes.looks import look, lookup, machine, relay, upgrade, web


def test_views_pick_by_kind_host_and_route() -> None:
    """Each view returns its own kind only, of the hosts and the route asked for."""
    seen = look(web(), web(route="system"), web("teams.microsoft.com"), lookup(), relay(), upgrade(), machine(vpn=["tun"]))
    assert len(list(seen.web())) == 3
    assert len(list(seen.web("outlook.office365.com", route="direct"))) == 1
    views = (seen.dns(), seen.media(), seen.websocket(), seen.egress(), seen.path(), seen.quic())
    assert [len(list(view)) for view in views] == [1, 1, 1, 0, 0, 0]
    host = seen.host()
    assert host is not None
    assert host.vpn == ["tun"]
    assert look().host() is None


def test_hosts_of_a_workload() -> None:
    """Optimize hosts of Exchange, each once, in the order probed."""
    seen = look(web(), web("teams.microsoft.com"), web("outlook.cloud.microsoft"), web(route="system"))
    assert seen.hosts_of("Exchange") == ("outlook.office365.com", "outlook.cloud.microsoft")


def test_figures_as_people_read_them() -> None:
    """One decimal below ten, none above; the middle of nothing is nothing."""
    assert (ms(1.234), ms(123.4), middle([]), middle([1, 3, 2])) == ("1.2 ms", "123 ms", None, 2)
