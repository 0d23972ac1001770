"""Issues plans: a duty of the active watcher that signs what `issuing.py` says is due and stores it. Publishing is `publishing.py`'s.

The key and the template are read once, at the start; what is wrong with them stops the start with a sentence.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from judge.knowledge.model import Knowledge
from server.config import BadConfiguration
from server.fleet.issuing import Wanted, Wish, due, fleet_plan
from server.fleet.plans import BadKey, BadPlan, private_key, sign_plan
from server.fleet.section import PlansSection
from server.state import counters, plans
from server.state.database import Database, Transaction
from server.state.plans import Issue
from server.watcher.leading import Leadership
from wire.plan import Plan

ASKED = "plans_asked"
"""Counter of the state database: how often a person asked for plans to be issued anew."""
TIDY_NS = 3600 * 10**9
KEPT_NS = 90 * 86_400 * 10**9
"""How long a plan is kept that nobody is to follow: as long as hours are told (`rollups`), so that each can be held against its plan.
A plan is about 20 kB: a case of 500 agents is 20 MB of them, one to begin it and one to end it."""
_log = logging.getLogger(__name__)


class Issuer:
    """A duty. `every_s`: a bypass case waits this long at most for its agents' plans to be made."""

    name = "plans"
    every_s = 5.0

    def __init__(self, wish: Wish, key: bytes, knowledge: Callable[[], Knowledge]) -> None:
        self._wish = wish
        self._key = key
        self._knowledge = knowledge
        self._plan: tuple[Knowledge, Plan] | None = None
        self._refused: set[str] = set()
        self._tidied_ns = 0

    async def step(self, lead: Leadership) -> None:
        """Issue what is due; where nothing is, only read."""
        if lead.now() - self._tidied_ns >= TIDY_NS:  # before issuing: what is replaced now may just be on its way to an agent
            async with lead.writing() as transaction:
                await plans.prune(transaction, lead.now() - KEPT_NS)
            self._tidied_ns = lead.now()
        async with lead.database.reading() as transaction:
            if not await self._due(transaction, lead.now()):
                return
        async with lead.writing() as transaction:
            now_ns = lead.now()
            issues = [one for wanted in await self._due(transaction, now_ns) if (one := self._signed(wanted, now_ns)) is not None]
            await plans.issue(transaction, issues)
        for one in issues:
            _log.info("plan %d issued for %s: %s", one.version, one.agent or "all agents", one.reason)

    async def _due(self, transaction: Transaction, now_ns: int) -> list[Wanted]:
        knowledge = self._knowledge()
        if self._plan is None or self._plan[0] is not knowledge:
            self._plan = (knowledge, fleet_plan(knowledge, self._wish))
        because = f"the fleet's plan, by the endpoint list of {day_of(knowledge.lists.get(self._wish.instance, ''))}"
        asked = await counters.value(transaction, ASKED)
        overrides = await plans.overrides(transaction, now_ns)
        found = due(await plans.in_force(transaction), self._plan[1], overrides, asked, self._wish.first, because)
        return [one for one in found if one.digest not in self._refused]

    def _signed(self, one: Wanted, now_ns: int) -> Issue | None:
        """Return a plan in its envelope; None, said once, for one no agent would take: what was issued before stays."""
        try:
            envelope = sign_plan(one.plan.dump(), self._key)
        except BadPlan as bad:
            self._refused.add(one.digest)
            _log.error("no plan is issued for %s (%s): %s; the one before stays", one.agent or "all agents", one.reason, bad)
            return None
        return Issue(one.plan.version, one.agent, one.digest, one.reason, envelope, now_ns)


def day_of(version: str) -> str:
    """Return the day of a list's ten-digit version, as people write it."""
    return f"{version[:4]}-{version[4:6]}-{version[6:8]}" if len(version) == 10 else version


async def ask_anew(database: Database) -> None:
    """Have every plan issued again with a new version, as a person asks when agents lost theirs."""
    async with database.writing() as transaction:
        await counters.add(database, transaction, ASKED, 1)


def issuer_of(section: PlansSection, knowledge: Callable[[], Knowledge]) -> Issuer | None:
    """Return the duty of a configuration, None where no plan is issued. Raises BadConfiguration for files that cannot be used."""
    if section.key is None:
        return None
    try:
        key = _read(section.key, "plans.key")
        private_key(key)
        template = _template(section.template) if section.template is not None else None
        wish = Wish(section.instance, section.tenant, section.cadence_s, template)
        sign_plan(fleet_plan(knowledge(), wish).dump(), key)  # what cannot be signed is told now, not every five seconds
    except BadKey as bad:
        raise BadConfiguration([f"config: plans.key: {section.key} {bad}"]) from None
    except BadPlan as bad:
        raise BadConfiguration([f"config: plans.template: {bad}"]) from None
    return Issuer(wish, key, knowledge)


def _template(file: Path) -> Plan:
    data = _read(file, "plans.template")
    try:
        return Plan.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadPlan(f"{file}: {'.'.join(str(part) for part in first['loc']) or 'plan'}: {first['msg']}") from None


def _read(file: Path, place: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadConfiguration([f"config: {place}: {file} cannot be read ({error.strerror}); write the path of a file"]) from None
