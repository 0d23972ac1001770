"""New public authorities of a recorded rotation: read with the network, written once, and never where a chain is doubtful."""

import base64
import json
from dataclasses import replace
from pathlib import Path

from judge.chain import Roots
from judge.evidence import note
from judge.finding import Finding
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.knowledge.model import Knowledge
from server.collector.issuers import Issuer, IssuerKeeper, is_news, issuers_seen, network_of
from server.state import issuers as stored
from server.state.database import Database
from tests.fakes.kinds import facts_of, observation_of
from wire.facts import EgressFacts, KnownFacts
from wire.target import Target

CASE = Path("tests/cases/lab-public-rotation")
WAY = EgressFacts(target=Target(host="reflector.example", category="Control", workload="Common"), address="192.0.2.9", asn=64500)


def recorded() -> tuple[tuple[Finding, ...], dict[str, KnownFacts], dict[str, bytes], Knowledge]:
    """Return findings, facts, certificates and the knowledge of the recorded case, with a way out of a known AS."""
    report = json.loads((CASE / "report.json").read_text())
    knowledge = replace(load_knowledge(), roots=Roots.from_pem((CASE / "roots.pem").read_bytes()))
    certificates = {key: base64.b64decode(body) for key, body in report["certificates"].items()}
    facts: dict[str, KnownFacts] = {key: facts_of(plain) for key, plain in report["facts"].items()}
    judge = Judge(knowledge)
    pairs = [(observation_of(one), facts[one["facts"]]) for one in report["cycle"]["observations"]]
    findings = judge.judge(judge.look(pairs), certificates, report["cycle"]["started_ns"]).findings
    mine: dict[str, KnownFacts] = {key: one for key, one in facts.items() if not isinstance(one, EgressFacts)}
    return findings, mine, certificates, knowledge


def test_a_new_authority_is_read_with_its_network() -> None:
    """One authority by its key, name and way out; none without a known way out, none that is known already."""
    findings, facts, certificates, knowledge = recorded()
    (one,) = issuers_seen(findings, {**facts, "way": WAY}, certificates, knowledge)
    assert (len(one.key), one.network, bool(one.name)) == (64, "AS64500", True)
    assert issuers_seen(findings, facts, certificates, knowledge) == ()
    learned = replace(knowledge, authorities=replace(knowledge.authorities, keys=knowledge.authorities.keys | {one.key}))
    assert issuers_seen(findings, {**facts, "way": WAY}, certificates, learned) == ()


def test_a_doubtful_chain_teaches_nothing() -> None:
    """What is for another name, expired, or measured by a wrong clock is never learned; what names no new authority is no news."""
    finding = next(one for one in recorded()[0] if is_news(one))
    assert not is_news(replace(finding, evidence=(*finding.evidence, note("name_mismatch", "trust", ""))))
    assert not is_news(replace(finding, evidence=()))


def test_a_security_cloud_is_one_network() -> None:
    """However many sites leave by it: an address of a known network is that network, whatever its AS number says."""
    knowledge = load_knowledge()
    cloud = next(one for one in knowledge.networks.networks if one.enabled and one.asns)
    assert network_of([WAY.model_copy(update={"asn": cloud.asns[0]})], knowledge) == f"network {cloud.id}"
    assert network_of([WAY.model_copy(update={"asn": None})], knowledge) == ""


async def test_it_is_written_once(database: Database) -> None:
    """A thousand reports that say the same write one row; what a failed transaction took is offered again."""
    keeper, one = IssuerKeeper(database), Issuer("k" * 64, "CN", "AS1")
    for now_ns in (1, 2, 3):
        async with database.writing() as transaction:
            await keeper.take(transaction, [(one, "Lyon")] * 2, now_ns)
            assert len(keeper._pending) == (1 if now_ns < 3 else 0)
        if now_ns > 1:  # the first was not believed
            keeper.committed()
    async with database.reading() as transaction:
        assert [(row.places, row.first_ns) for row in await stored.quorums(transaction, 0)] == [(1, 1)]
