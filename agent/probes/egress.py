"""The `egress` probe: asks our own reflector from which address, and with which header fields, our request arrived.

The target is a reflector of the plan's, spoken to in HTTP/1.1 because only there header names keep their case. Names are facts; values are
not kept: an added X-Forwarded-For holds a host's own address. The request carries a nonce, and where the plan has the reflector's key the
answer must bear its signature over the nonce: what another answers in its place, or changed on the way, is told from what it said.
"""

import ipaddress
import json
import secrets
from dataclasses import replace
from typing import Any, Final

from agent.network.net import ALPN_HTTP1, Exchange, Fetched, Network
from agent.network.way import Way
from agent.probes.destination import reach
from agent.probes.measured import CycleClock, Measured, facts_id, present
from wire.codec import canonical
from wire.facts import EgressFacts
from wire.observation import EgressObservation
from wire.target import Route, Target

NAME: Final = "egress"
CANARIES = (
    ("Accept-Encoding", "identity"),  # sslsplit takes it away (interception laboratory)
    ("X-mW-cAnArY", "one"),  # Squid re-cases and moves
    ("X-mW-cAnArY", "two"),  # tinyproxy drops the second of two
)
SIGNATURE = "x-middlewatch-signature"
NONCE_BYTES = 12
"""96 random bits: an answer kept by a cache is not taken for a fresh one."""
MAX_SENT = 32
MAX_SEEN = 64
"""The caps of `wire.facts.EgressFacts`."""


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Fetch the reflector's JSON `{"address": "...", "headers": ["Name: value", ...]}` and return it as facts, or why there is none."""
    at_us = clock.at_us()
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    seen = await _fetched(target, route, net, clock.turn, nonce)
    answer: dict[str, Any] = {}
    if seen.failure is None:
        answer = _reflected(seen.body)
        if answer:
            if "asn" not in answer:
                answer |= present(asn=await net.origin(answer["address"]))
            answer |= {"signed": await _signed(target.host, answer, nonce, seen, net)}
        if not answer:
            # A captive portal or a block page answers in the reflector's place.
            seen = replace(seen, failure="http_protocol", stage="body", error=f"status {seen.status}, not the reflector's JSON")
    facts = EgressFacts(
        target=target,
        route=route.name,
        failure=seen.failure,
        stage=seen.stage,
        sent_headers=[name[:256] for name, _ in seen.sent_headers[:MAX_SENT]],
        dns_address=(await net.address_by_dns() or None) if route.kind == "direct" else None,
        **answer,
    )
    observation = EgressObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=seen.suspect,
        clock=seen.clock,
        **present(connect_ms=seen.connect_ms, total_ms=seen.total_ms, error=seen.error),
    )
    return Measured(observation, facts)


async def _fetched(target: Target, route: Route, net: Network, turn: int, nonce: str) -> Fetched:
    """Return the exchange with the reflector; a lookup that failed is one that came no further."""
    path = f"{target.path}{'&' if '?' in target.path else '?'}nonce={nonce}"

    async def attempt(address: str, way: Way) -> Fetched:
        return await net.fetch(Exchange(target, route, address, path=path, headers=CANARIES, alpn=ALPN_HTTP1, way=way))

    reached = await reach(target, route, net, turn, attempt)
    found, seen = reached.where.resolution, reached.seen
    if seen is None:
        return Fetched(found.clock, found.suspect, failure=found.failure or "dns_no_data", stage=found.stage or "dns", error=found.error)
    return replace(seen, suspect=seen.suspect or found.suspect)


async def _signed(host: str, answer: dict[str, Any], nonce: str, seen: Fetched, net: Network) -> str:
    """Return what the signature is worth. An answer to another's question is no answer to ours, whoever signed it."""
    signature = next((value for name, value in seen.headers if name.lower() == SIGNATURE), "")
    word = await net.check_answer(host, canonical([host, answer]), seen.body, signature)
    return "bad" if word == "ok" and json.loads(seen.body).get("nonce") != nonce else word


def _reflected(body: bytes) -> dict[str, Any]:
    """Return address and header names of the reflector's answer; nothing when it is not one."""
    try:
        plain = json.loads(body)
        address = str(ipaddress.ip_address(plain["address"]))
        names = [str(line).partition(":")[0][:256] for line in plain["headers"]]
        origin = present(asn=int(plain["asn"]) if "asn" in plain else None, as_name=str(plain.get("as_name", ""))[:256] or None)
        if not 0 <= origin.get("asn", 0) < 2**32:
            return {}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return {}
    return {"address": address, "seen_headers": names[:MAX_SEEN]} | origin
