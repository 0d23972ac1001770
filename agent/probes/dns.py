"""The `dns` probe: one lookup of the target's name: answers, aliases, time, and which resolver spoke. Nothing is connected to.

With the control target's lookup, once a cycle, DNS is asked about itself: whether an address that is no resolver answers, what the
resolver calls itself, from where it leaves. What is off in the plan is not asked.
"""

from typing import Final

from agent.network.net import Network, Told
from agent.probes.measured import CycleClock, Measured, facts_id, present
from wire.facts import DnsFacts
from wire.observation import DnsObservation
from wire.target import Route, Target

NAME: Final = "dns"
MAX_ANSWERS = 64
MAX_CNAMES = 32
"""The caps of `wire.observation.DnsObservation` and `wire.facts.DnsFacts`."""


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Ask for the target's addresses and return what came. Answers vary by design, so they are sample and not facts."""
    at_us = clock.at_us()
    found = await net.resolve(target.host)
    told = await net.resolver_told() if target.category == "Control" else Told()
    facts = DnsFacts(
        target=target,
        route=route.name,
        failure=found.failure,
        stage=found.stage,
        resolver=found.resolver[:64],
        cnames=[name[:256] for name in found.cnames[:MAX_CNAMES]],
        answered_by_nobody=told.answered_by_nobody,
    )
    seen = DnsObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=found.suspect,
        clock=found.clock,
        answers=list(found.answers[:MAX_ANSWERS]),
        **present(
            dns_ms=found.dns_ms,
            error=found.error,
            identity=told.identity[:256] or None,
            version=told.version[:256] or None,
            resolver_egress=told.resolver_egress or None,
        ),
    )
    return Measured(seen, facts)
