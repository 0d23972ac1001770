"""Questions of DNS that tell about the asker or the path: a query to no resolver, who the resolver is, from where it and we are seen.

Nothing here is about a target. Off, or at the plan's word, except the query to an address nobody owns (RFC 5737): it carries a name of
Microsoft's and reaches no one, unless something in the path answers for everybody.
"""

import asyncio
import ipaddress
import re
import secrets
from collections.abc import Sequence

import dns.exception
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from agent.network.address import split_address
from agent.network.clock import SampleClock
from agent.network.failure import Failed
from agent.network.net import Told
from agent.network.resolve import ask
from agent.network.settings import Asked

NOBODY_S = 1.0
"""An interceptor answered within 0.2 ms in the laboratory; one that asks its own resolver first takes as long as a lookup."""
NAME = "outlook.office365.com"
"""What is asked of nobody: a name that is asked on this path anyway."""
_CANDIDATE = re.compile(r"[0-9A-Fa-f.:]{3,45}")
MAX_IDENTITY = 256


async def resolver_told(
    nobody: str, names: Sequence[Asked], resolvers: Sequence[tuple[str, int]], clock: SampleClock, limit_s: float, *, identity: bool
) -> Told:
    """Ask all that is wanted at the same time."""
    through = [one for one in names if not one.server]
    async with asyncio.TaskGroup() as group:
        answered = group.create_task(_nobody(nobody, clock), name="dns nobody")
        who = group.create_task(_identity("id.server.", resolvers, clock, limit_s, wanted=identity), name="dns identity")
        version = group.create_task(_identity("version.bind.", resolvers, clock, limit_s, wanted=identity), name="dns version")
        egress = group.create_task(address_told(through, resolvers, clock, limit_s), name="dns whoami")
    return Told(answered.result(), who.result(), version.result(), egress.result())


async def address_told(names: Sequence[Asked], resolvers: Sequence[tuple[str, int]], clock: SampleClock, limit_s: float) -> str:
    """Return the address the first name that answers tells; empty when none does."""
    for one in names:
        places = [split_address(one.server, "plan.dns.whoami.server")] if one.server else list(resolvers[:1])
        name = f"{secrets.token_hex(6)}.{one.name}" if one.fresh else one.name
        for place in places:
            answer = await _answer(place, name, one.record, dns.rdataclass.IN, clock, limit_s)
            if answer is not None and (address := first_address(answer)):
                return address
    return ""


async def _nobody(place: str, clock: SampleClock) -> bool | None:
    """Return whether anything answers in the name of an address nobody owns; None when that is not to be tried."""
    if not place:
        return None
    return await _answer(split_address(place, "plan.dns.nobody"), NAME, "A", dns.rdataclass.IN, clock, NOBODY_S) is not None


async def _identity(name: str, resolvers: Sequence[tuple[str, int]], clock: SampleClock, limit_s: float, *, wanted: bool) -> str:
    """Return what a resolver calls itself (RFC 4892, and BIND's way), as a rule a short text; empty when it does not say."""
    if not wanted or not resolvers:
        return ""
    answer = await _answer(resolvers[0], name, "TXT", dns.rdataclass.CH, clock, limit_s)
    return next(iter(_texts(answer)), "")[:MAX_IDENTITY] if answer is not None else ""


async def _answer(
    place: tuple[str, int], name: str, record: str, rdclass: dns.rdataclass.RdataClass, clock: SampleClock, limit_s: float
) -> dns.message.Message | None:
    try:
        query = dns.message.make_query(name, record, rdclass, id=secrets.randbelow(65_536))
        answer, _, _ = await ask(place, query, query.to_wire(), clock, limit_s)
    except (OSError, Failed, dns.exception.DNSException, UnicodeError):
        return None
    return answer


def first_address(answer: dns.message.Message) -> str:
    """Return the first address in an answer's A, AAAA or TXT records; empty when there is none."""
    for text in _texts(answer):
        for word in _CANDIDATE.findall(text):
            try:
                return str(ipaddress.ip_address(word))
            except ValueError:
                continue
    return ""


def _texts(answer: dns.message.Message) -> list[str]:
    """Return the records of an answer as text; of TXT each string."""
    found = []
    for group in answer.answer:
        for item in group:
            if isinstance(item, dns.rdtypes.ANY.TXT.TXT):
                found += [part.decode("ascii", "replace") for part in item.strings]
            elif group.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
                found.append(item.to_text())
    return found
