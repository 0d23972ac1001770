"""Ways and the text that names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network.way import DIRECT_WAY, MAX_WAYS, Way, Ways, planned, ways_of
from wire.target import DIRECT, SYSTEM, Route


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("DIRECT", ["direct"]),
        ("PROXY proxy.test:8080; DIRECT", ["proxy proxy.test:8080", "direct"]),
        ("proxy Proxy.Test:8080;direct;", ["proxy proxy.test:8080", "direct"]),
        ("PROXY a.test", ["proxy a.test:80"]),
        ("HTTP a.test:1;HTTPS b.test", ["proxy a.test:1", "https-proxy b.test:443"]),
        ("SOCKS5 s.test:1080; SOCKS t.test", ["socks5 s.test:1080", "socks t.test:1080"]),
        ("PROXY [2001:db8::1]:3128", ["proxy [2001:db8::1]:3128"]),
        ("DIRECT; DIRECT", ["direct"]),
        ("", ["direct"]),
        ("nonsense", ["direct"]),
        ("PROXY a.test:0; PROXY b.test:99999; PROXY c.test:1", ["proxy c.test:1"]),
        ("PROXY user:secret@a.test:1", ["direct"]),
        ("PROXY http://a.test:1", ["direct"]),
        ("PROXY a.test:1 b.test:2", ["direct"]),
        ("PROXY [zz]:1", ["direct"]),
        ("PROXY [::1:]:1", ["direct"]),
    ],
)
def test_answers(text: str, names: list[str]) -> None:
    """Each word of a PAC file's answer has its way; what cannot be read is left out, and nothing left means direct."""
    assert [way.name for way in ways_of(text)] == names


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever a file returns there is a way, and never many."""
    assert 1 <= len(ways_of(text)) <= MAX_WAYS


def test_long_lists_are_cut() -> None:
    """A list of a thousand proxies is not tried to its end."""
    assert len(ways_of(";".join(f"PROXY p{number}.test:1" for number in range(1000)))) == MAX_WAYS


def test_routes_of_a_plan() -> None:
    """What a plan says alone: a proxy, an own address; direct and system are direct as far as the plan knows."""
    assert planned(Route(name="office", kind="proxy", proxy="[2001:db8::1]:3128")) == Way("proxy", "2001:db8::1", 3128)
    assert planned(Route(name="lan", kind="source", source="192.0.2.7")) == Way("source", "192.0.2.7", addresses=("192.0.2.7",))
    assert planned(Route(name="lan", kind="source", source="eth0")) == Way("source", "eth0")
    assert (planned(DIRECT), planned(SYSTEM)) == (DIRECT_WAY, DIRECT_WAY)


def test_own_address_by_family() -> None:
    """A connection comes from the own address of its family; empty says there is none, None leaves it to the system."""
    lan = Way("source", "eth0", addresses=("192.0.2.7", "2001:db8::7"))
    assert (lan.local_for("198.51.100.1"), lan.local_for("2001:db8:1::1")) == ("192.0.2.7", "2001:db8::7")
    assert Way("source", "eth9").local_for("198.51.100.1") == ""
    assert DIRECT_WAY.local_for("198.51.100.1") is None


def test_no_own_address_is_told() -> None:
    """The name of a way never holds an address of this machine."""
    assert Way("source", "192.0.2.7", addresses=("192.0.2.7",)).name == "source"


def test_direct() -> None:
    """The first way decides whether it is the direct one."""
    assert Ways().direct
    assert not Ways(ways_of("PROXY a.test:1; DIRECT"), "pac").direct
