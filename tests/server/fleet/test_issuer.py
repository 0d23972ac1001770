"""The duty that issues plans: what it stores an agent can check, a standing-by process stores nothing, bad files stop the start."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from judge.knowledge.loader import load_knowledge
from server.config import BadConfiguration
from server.fleet.issuer import KEPT_NS, TIDY_NS, Issuer, ask_anew, day_of, issuer_of
from server.fleet.plans import key_id, make_key, make_plan, private_key
from server.fleet.section import PlansSection
from server.state import lease, plans
from server.state.plans import Issue
from server.watcher.leading import LEASE_NS, Leadership
from tests.fakes.state import fresh
from wire.plan import Envelope, Plan

KNOWLEDGE = load_knowledge()
START = 1_700_000_000 * 10**9


class Standing:
    """A leader with a clock, and a duty made from files."""

    def __init__(self, lead: Leadership, duty: Issuer, clock: list[int], key: Ed25519PrivateKey) -> None:
        self.lead, self.duty, self.clock, self.key = lead, duty, clock, key

    async def issued(self) -> list[Issue]:
        """Do the duty, and return everything issued, newest first."""
        await self.duty.step(self.lead)
        async with self.lead.database.reading() as transaction:
            return await plans.issued(transaction, 2**31 - 1, 100)


@pytest.fixture
async def standing(tmp_path: Path) -> AsyncIterator[Standing]:
    """Give a leader of an empty database and its issuer."""
    database, clock = await fresh(tmp_path), [START]
    make_key(tmp_path / "plan.key")
    duty = issuer_of(PlansSection(key=tmp_path / "plan.key"), lambda: KNOWLEDGE)
    assert duty is not None
    lead = Leadership(database, "one", lambda: clock[0])
    await lead.lead()
    yield Standing(lead, duty, clock, private_key((tmp_path / "plan.key").read_bytes()))
    await database.close()


async def test_plans_are_signed_and_stored_once(standing: Standing) -> None:
    """The envelope is signed with the key, holds the default plan with its version, and says which list it was made from."""
    (one,) = await standing.issued()
    envelope = Envelope.model_validate_json(one.envelope)
    assert envelope.key_id == key_id(standing.key)
    assert Plan.model_validate_json(envelope.body).targets == Plan.model_validate_json(make_plan(KNOWLEDGE, "Worldwide", "")).targets
    assert (one.version, one.reason, one.issued_ns) == (1, "the fleet's plan, by the endpoint list of 2026-08-14", START)
    assert await standing.issued() == [one]


async def test_overrides_and_askings(standing: Standing) -> None:
    """An override makes an agent's own plan until its end; asking anew makes everybody's; a restart issues nothing."""
    await standing.issued()
    async with standing.lead.database.writing() as transaction:
        await plans.override(standing.lead.database, transaction, "a", "case 7", now_ns=START, until_ns=START + 5, cadence_s=15.0)
    assert [(one.version, one.agent, one.reason) for one in (await standing.issued())[:1]] == [(2, "a", "case 7")]
    standing.clock[0] += 5
    assert [(one.version, one.agent) for one in (await standing.issued())[:1]] == [(3, "a")]
    await ask_anew(standing.lead.database)
    assert [(one.version, one.agent) for one in (await standing.issued())[:1]] == [(4, "")]
    standing.duty = Issuer(standing.duty._wish, standing.duty._key, lambda: KNOWLEDGE)
    assert len(await standing.issued()) == 4


async def test_a_plan_no_agent_would_take_is_not_issued(standing: Standing, caplog: pytest.LogCaptureFixture) -> None:
    """An absurd override costs its agent nothing: what was issued before stays, the others go on, and it is said once."""
    await standing.issued()
    async with standing.lead.database.writing() as transaction:
        for agent, cadence_s in (("a", 0.1), ("b", 15.0)):
            await plans.override(standing.lead.database, transaction, agent, "case 7", now_ns=START, until_ns=2**62, cadence_s=cadence_s)
    for _ in range(2):
        assert [one.agent for one in await standing.issued()] == ["b", ""]
    assert [one.message[:35] for one in caplog.records if one.levelname == "ERROR"] == ["no plan is issued for a (case 7): c"]


async def test_old_plans_go(standing: Standing) -> None:
    """A case's plans are deleted when 90 days are over and nobody is to follow them; what is in force stays, nothing is issued anew."""
    await standing.issued()
    async with standing.lead.database.writing() as transaction:
        await plans.override(standing.lead.database, transaction, "a", "case 7", now_ns=START, until_ns=START + 5, cadence_s=15.0)
    await standing.issued()
    standing.clock[0] += 5
    await standing.issued()
    await ask_anew(standing.lead.database)
    assert [one.version for one in await standing.issued()] == [4, 3, 2, 1]
    standing.clock[0] += KEPT_NS
    assert [one.version for one in await standing.issued()] == [4, 3]
    standing.clock[0] += TIDY_NS
    assert [(one.version, one.agent) for one in await standing.issued()] == [(4, "")]


async def test_who_lost_the_lease_issues_nothing(standing: Standing) -> None:
    """Of two watchers only the leader's plans are stored."""
    other = Leadership(standing.lead.database, "other", lambda: standing.clock[0])
    standing.clock[0] += LEASE_NS
    assert await other.lead()
    with pytest.raises(lease.LeaseLost):
        await standing.issued()
    await standing.duty.step(other)
    assert len(await standing.issued()) == 1


def test_bad_files_are_told_at_the_start(tmp_path: Path) -> None:
    """Each with its place in the configuration and the remedy; without a key there is no duty."""
    make_key(tmp_path / "plan.key")
    (tmp_path / "bad.key").write_text("no key")
    (tmp_path / "bad.json").write_text(json.dumps({"version": 1, "targets": []}))
    (tmp_path / "plan.json").write_bytes(make_plan(KNOWLEDGE, "Worldwide", "contoso"))
    assert issuer_of(PlansSection(), lambda: KNOWLEDGE) is None
    assert issuer_of(PlansSection(key=tmp_path / "plan.key", template=tmp_path / "plan.json"), lambda: KNOWLEDGE) is not None
    for key, template, words in (
        ("none.key", None, r"config: plans.key: .*none.key cannot be read \(No such file or directory\); write the path"),
        ("bad.key", None, "config: plans.key: .*bad.key holds no PEM private key .*make one with middlewatch-server plan key"),
        ("plan.key", "none.json", "config: plans.template: .*none.json cannot be read"),
        ("plan.key", "bad.json", "config: plans.template: .*bad.json: targets: List should have at least 1 item"),
    ):
        section = PlansSection(key=tmp_path / key, template=tmp_path / template if template else None)
        with pytest.raises(BadConfiguration, match=words):
            issuer_of(section, lambda: KNOWLEDGE)


def test_days() -> None:
    """A version's first eight digits are its day."""
    assert (day_of("2026081400"), day_of("")) == ("2026-08-14", "")
