"""Family `trust`: does the chain verify against public roots, and does this machine trust it all the same?

A failure counts only after the centre, with its newer roots and known intermediates, fails the chain too. Time and name are told apart
from trust, because a wrong clock or a portal must not look like a device.
"""

from judge.chain import names_cover
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import ChainTrust

_OS_KNOWS = ("trusted", "expired", "name")
"""Words that say the OS store holds the root, whatever else is wrong."""


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return one evidence for each captured chain."""
    captured = list(examined.captured())
    suspect = clock_suspect(examined, captured)
    spoken = [(one.index, _clock(one) if suspect else _evidence(one, examined, knowledge)) for one in captured]
    missing = _note("chain_unchecked", "The centre could not check this chain: certificates are missing.")
    return [*spoken, *((index, missing) for index in examined.unread())]


def clock_suspect(examined: Examined, captured: list[Captured]) -> bool:
    """Return whether every leaf of at least two hosts is outside its validity: then it is the clock, not the certificates."""
    leaves = {one.facts.target.host: examined.valid(one.leaf) for one in captured}
    return len(leaves) > 1 and all(valid is False for valid in leaves.values())


def _clock(one: Captured) -> Evidence:
    dates = f"{one.leaf.not_before:%Y-%m-%d} to {one.leaf.not_after:%Y-%m-%d}"
    text = f"No certificate in this report is valid on the day it was made (this one: {dates}); the agent's clock is in doubt."
    return Evidence("clock_suspect", "trust", 0.0, "L", text)


def _evidence(one: Captured, examined: Examined, knowledge: Knowledge) -> Evidence:
    host = one.facts.target.host
    if one.centre != "trusted" and knowledge.has_rule(host, "private_pki"):
        return _note("private_pki", "This name uses Microsoft's own PKI, which public root sets lack; trust says nothing here.")
    if one.centre in {"trusted", "name"}:
        return _public(one, examined, knowledge)
    if one.leaf.names and not names_cover(one.leaf.names, host):
        names = ", ".join(one.leaf.names[:3])
        return _weighed(knowledge, "name_mismatch", f"The certificate is for {names}, not for {host}, and public roots do not accept it.")
    return _failed(one, knowledge)


def _public(one: Captured, examined: Examined, knowledge: Knowledge) -> Evidence:
    """The path leads to public roots; name and validity may still be wrong."""
    host = one.facts.target.host
    if one.centre == "name":
        names = ", ".join(one.leaf.names[:3]) or "no host at all"
        return _weighed(knowledge, "name_mismatch", f"The certificate is public, but for {names}, not for {host}.")
    if examined.valid(one.leaf) is False:
        dates = f"{one.leaf.not_before:%Y-%m-%d} to {one.leaf.not_after:%Y-%m-%d}"
        return _note("expired_chain", f"The chain leads to public roots, but the certificate is valid from {dates} only.")
    trust = one.facts.trust
    late = " The agent's own roots did not accept it; the centre's are newer." if trust and trust.public == "no_root" else ""
    return _weighed(knowledge, "public_chain", f"The chain verifies against public roots at the centre.{late}")


def _failed(one: Captured, knowledge: Knowledge) -> Evidence:
    """The centre accepts no path for this chain. What did the agent's two stores say?"""
    trust = one.facts.trust or ChainTrust(os="unchecked", public="unchecked")
    issuer = one.leaf.issuer.first("CN") or one.leaf.issuer.first("O") or "no name"
    if trust.public == "trusted":
        return _note("disputed_chain", "The agent's public roots accept this chain, the centre's do not.")
    if trust.os in _OS_KNOWS:
        if one.centre == "incomplete" and trust.public == "incomplete":
            text = f"This machine trusts the chain, but what was sent does not lead to a public root (issuer {issuer})."
            return _weighed(knowledge, "incomplete_chain", text)
        if one.centre == "incomplete":
            text = f"This machine trusts {issuer} by a root of its own; public roots do not. The centre has only part of the chain."
            return _weighed(knowledge, "unconfirmed_trust_failure", text, deterministic=True)
        text = f"This machine trusts {issuer} by a root of its own; public roots at the agent and at the centre do not."
        return _weighed(knowledge, "public_trust_failure", text, deterministic=True)
    known = "Whether this machine trusts it is not known" if trust.os == "unchecked" else "Neither this machine nor public roots trust it"
    return _weighed(knowledge, "untrusted_chain", f"{known}; it was issued by {issuer}.")


def _weighed(knowledge: Knowledge, name: str, text: str, *, deterministic: bool = False) -> Evidence:
    row = knowledge.weights[name]
    return Evidence(name, "trust", row.weight, row.grade, text, deterministic)


def _note(name: str, text: str) -> Evidence:
    return Evidence(name, "trust", 0.0, "L", text)
