"""The stand-in DNS: addresses of Microsoft's own ranges behind real-looking aliases, no IPv6, and nothing for other names."""

import asyncio
import ipaddress
import json
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

import judge.knowledge
from demo.world.resolver import REFLECTOR_ADDRESS, WHOAMI, Zone, resolving
from demo.world.services import FrontDoor
from tests.demo.world.conftest import CONTROL, HOSTS, config

SITE = config(Path("unused")).sites[1]
ZONE = Zone(SITE, FrontDoor("CDG", 2), [*HOSTS, "office.live.com"])
_LIST = Path(judge.knowledge.__path__[0]) / "data" / "endpoints.json"
SETS: dict[str, int] = {
    "outlook.office365.com": 1,
    "microsoft.sharepoint.com": 31,
    "teams.microsoft.com": 12,
    "login.microsoftonline.com": 56,
    "office.live.com": 46,
}


def asked(host: str, kind: str = "A") -> dns.message.Message:
    """Return the answer to a question."""
    return ZONE.answer(dns.message.make_query(host, kind))


def addresses(answer: dns.message.Message) -> list[str]:
    """Return the addresses in an answer."""
    return [one.to_text() for rrset in answer.answer if rrset.rdtype == dns.rdatatype.A for one in rrset]


def ranges(endpoint_set: int) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the addresses Microsoft publishes for a set."""
    plain: Any = json.loads(_LIST.read_text())
    rows = plain if isinstance(plain, list) else plain["endpoints"]
    return [ipaddress.ip_network(one) for row in rows if row["id"] == endpoint_set for one in row["ips"]]


@pytest.mark.parametrize("host", SETS)
def test_addresses_of_the_set(host: str) -> None:
    """Every address is one Microsoft publishes for the set of the name."""
    found = addresses(asked(host))
    assert found
    assert all(any(ipaddress.ip_address(one) in network for network in ranges(SETS[host])) for one in found)


def test_exchange_names_the_front_door() -> None:
    """Exchange's aliases are a chain that ends in the site's code; other sites have other addresses, anycast services have not."""
    answer = asked("OUTLOOK.office365.com")
    aliases = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.CNAME]
    assert [one.name for one in answer.answer[1:]] == [one[0].target for one in aliases]
    assert aliases[-1][0].to_text().lower() == "cdg-efz.ms-acdc.office.com."
    other = Zone(SITE, FrontDoor("LIS", 3), HOSTS)
    query = [dns.message.make_query(host, "A") for host in ("outlook.office365.com", "microsoft.sharepoint.com")]
    assert [addresses(other.answer(one)) == addresses(ZONE.answer(one)) for one in query] == [False, True]


@pytest.mark.parametrize(("host", "kind"), [(HOSTS[0], "AAAA"), (CONTROL, "AAAA"), (CONTROL, "TXT")])
def test_no_data(host: str, kind: str) -> None:
    """Other types than A have no data, and no error."""
    answer = asked(host, kind)
    assert answer.rcode() == dns.rcode.NOERROR
    assert not [rrset for rrset in answer.answer if rrset.rdtype != dns.rdatatype.CNAME]


def test_own_names() -> None:
    """The reflector has an address, the resolver tells its own; other names do not exist."""
    assert addresses(asked("reflector.middlewatch.example")) == [REFLECTOR_ADDRESS]
    assert addresses(asked(WHOAMI)) == ["203.0.113.21"]
    assert asked("other.example").rcode() == dns.rcode.NXDOMAIN


async def test_over_udp() -> None:
    """Questions are answered over UDP; what is no question is dropped and does no harm."""
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Client(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            answers.put_nowait(data)

    query = dns.message.make_query(HOSTS[0], "A")
    empty = dns.message.Message()
    async with resolving(ZONE, "seed") as port:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
        for data in (b"", b"nonsense", empty.to_wire(), dns.message.make_response(query).to_wire(), query.to_wire()):
            transport.sendto(data)
        answer = dns.message.from_wire(await answers.get())
        transport.close()
    assert answer.id == query.id
    assert answer.flags & dns.flags.RA
    assert answers.empty()
