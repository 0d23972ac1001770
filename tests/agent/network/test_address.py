"""Places as text, and the laboratory's map."""

import pytest

from agent.network.address import is_address, joined, mapped, split, split_address


@pytest.mark.parametrize("place", ["192.0.2.1:53", "[2001:db8::1]:443", "a.test:1", "[fe80::1%eth0]:53"])
def test_there_and_back(place: str) -> None:
    """Taken apart and put together a place is the same."""
    assert joined(*split(place, "x")) == place


@pytest.mark.parametrize("place", ["", "a.test", ":53", "a.test:", "a.test:0", "a.test:65536", "a.test:x", "2001:db8::1:53"])
def test_bad_places(place: str) -> None:
    """What is no place is named with its setting and an example."""
    with pytest.raises(ValueError, match=r"network\.resolvers: .* is not host:port; write"):
        split(place, "network.resolvers")


def test_names_where_addresses_belong() -> None:
    """A name is refused where a lookup of it would be needed first."""
    with pytest.raises(ValueError, match=r"lab\.connect: 'a\.test' is a name; write its IP address"):
        split_address("a.test:1", "lab.connect")


def test_map() -> None:
    """The name's place comes before the address's; what is not mapped goes to itself."""
    lab = {"a.test:443": "127.0.0.1:1", "192.0.2.1:443": "127.0.0.1:2", "[2001:db8::1]:443": "127.0.0.1:3"}
    assert mapped(lab, "a.test", "192.0.2.1", 443) == ("127.0.0.1", 1)
    assert mapped(lab, "b.test", "192.0.2.1", 443) == ("127.0.0.1", 2)
    assert mapped(lab, "b.test", "2001:db8::1", 443) == ("127.0.0.1", 3)
    assert mapped(lab, "b.test", "192.0.2.1", 80) == ("192.0.2.1", 80)


def test_map_of_datagrams() -> None:
    """A datagram's own place comes first; one named for both stands in, so that nothing leaves a laboratory by an omission."""
    lab = {"a.test:443": "127.0.0.1:1", "192.0.2.1:443/udp": "127.0.0.1:2", "b.test:443": "127.0.0.1:3"}
    assert mapped(lab, "a.test", "192.0.2.1", 443, "/udp") == ("127.0.0.1", 2)
    assert mapped(lab, "b.test", "192.0.2.2", 443, "/udp") == ("127.0.0.1", 3)
    assert mapped(lab, "c.test", "192.0.2.1", 443) == ("192.0.2.1", 443)


def test_addresses_and_names() -> None:
    """Addresses of both families are told from names."""
    assert [is_address(host) for host in ("192.0.2.1", "::1", "fe80::1%eth0", "a.test", "1.2.3", "")] == [True] * 3 + [False] * 3
