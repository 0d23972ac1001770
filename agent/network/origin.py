"""Which autonomous system announces an address, asked of DNS: TXT records as Team Cymru publishes them. Off unless the plan names the zone.

The zone's owner learns the addresses asked for (of routers on the way, never this machine's), which is why it is a choice.
"""

import ipaddress
import re
import secrets
from collections.abc import Sequence

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from agent.network.clock import SampleClock
from agent.network.failure import Failed
from agent.network.resolve import ask

_NUMBER = re.compile(r"(\d{1,10})(?: \d{1,10})* \|")
"""`8075 | 52.96.0.0/14 | US | arin | 2015-11-24`; several numbers when several announce it: the first speaks."""


async def origin_of(address: str, zone: str, resolvers: Sequence[tuple[str, int]], clock: SampleClock, limit_s: float) -> int | None:
    """Return the autonomous system's number, or None where the zone says nothing within the limit."""
    query = dns.message.make_query(question(address, zone), "TXT", id=secrets.randbelow(65_536))
    for resolver in resolvers[:1]:
        try:
            answer, _, _ = await ask(resolver, query, query.to_wire(), clock, limit_s)
        except (OSError, Failed, dns.exception.DNSException):
            return None
        return _number(answer)
    return None


def question(address: str, zone: str) -> str:
    """Return the name to ask: the address reversed under the zone; for IPv6 its first label is the one with a 6 behind it, by nibbles."""
    one = ipaddress.ip_address(address)
    reversed_address = one.reverse_pointer.rsplit(".", 2)[0]
    if one.version == 6:
        label, _, rest = zone.partition(".")
        zone = f"{label}6.{rest}"
    return f"{reversed_address}.{zone}."


def _number(answer: dns.message.Message) -> int | None:
    """Return the first number of the first TXT record that has one."""
    for group in answer.answer:
        for item in group:
            if isinstance(item, dns.rdtypes.ANY.TXT.TXT):
                found = _NUMBER.match(b"".join(item.strings).decode("ascii", "replace"))
                if found and 0 < int(found[1]) < 2**32:
                    return int(found[1])
    return None
