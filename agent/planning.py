"""Which plan is in force: the one shipped, the last good signed one, or a newer signed one. Refusals are told, never obeyed in part.

Signatures are checked by the child (`agent/checker.py`); keys are local configuration. Files are read and the last good envelope is
kept here; what a plan means to the schedule is not known here.
"""

import base64
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from agent.config import PlanSource
from agent.config_reader import ConfigError
from wire.plan import Envelope, Plan

log = logging.getLogger(__name__)

CheckPlan = Callable[[Envelope, Mapping[str, str]], Awaitable[str | None]]
"""`Checker.check_plan`: None when the signature is good, else a sentence."""

Refusal = Literal["unreadable", "signature", "older", "schema", "cadence"]


def default_plan() -> Plan:
    """Return the plan shipped with the agent: `default_plan.json`, made from the judge's default targets by `scripts/default_plan.py`."""
    return Plan.model_validate_json(files("agent").joinpath("default_plan.json").read_bytes())


class Planning:
    """Holds the plan in force. `version` is 0 for the shipped one; `refused` says in a word why a newer one is not in force.

    The last good envelope is kept in `state`; without that folder nothing is written.
    """

    def __init__(self, source: PlanSource, state: Path | None, check: CheckPlan) -> None:
        self._source = source
        self._kept = state / "plan.json" if state else None
        self._check = check
        self._stamp: tuple[int, int] | None = None
        self.plan = default_plan()
        self.version = 0
        self.refused: Refusal | None = None

    async def start(self) -> None:
        """Take up the last good plan and the configured file. Raises ConfigError when that file is not there."""
        if self._kept is not None and self._kept.exists() and self._source.keys:
            await self._offer(self._kept.read_bytes(), keep=False)
            self.refused = None  # of a file we kept ourselves; the configured one decides
        if self._source.file is not None:
            try:
                self._source.file.open("rb").close()
            except OSError as error:
                place = self._source.file
                raise ConfigError([f"config: plan.file: {place} cannot be read ({error.strerror}); write the path of a plan"]) from None
        await self.refresh()

    async def refresh(self) -> bool:
        """Look whether the plan's file changed, and return whether another plan is in force now."""
        if self._source.file is None:
            return False
        try:
            found = self._source.file.stat()
            if (found.st_mtime_ns, found.st_size) == self._stamp:
                return False
            payload = self._source.file.read_bytes()
        except OSError:
            return False  # being replaced just now, or gone: the plan in force stays
        self._stamp = (found.st_mtime_ns, found.st_size)
        return await self.offer(payload)

    async def take(self, payload: bytes) -> None:
        """Take up a plan the centre sent, as `offer` does."""
        await self.offer(payload)

    async def offer(self, payload: bytes) -> bool:
        """Take up a signed plan if it is good and newer; return whether it is in force now."""
        return await self._offer(payload, keep=True)

    async def _offer(self, payload: bytes, *, keep: bool) -> bool:
        try:
            envelope = Envelope.model_validate_json(payload)
        except ValidationError:
            return self._refuse("unreadable", "it is not a plan in its envelope; sign it with `middlewatch-server plan sign`")
        keys = {name: base64.b64encode(key).decode() for name, key in self._source.keys.items()}
        if (fault := await self._check(envelope, keys)) is not None:
            return self._refuse("signature", fault)
        try:
            plan = Plan.model_validate_json(envelope.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return self._refuse("cadence" if where == "cadence_s" else "schema", f"{where}: {first['msg']}")
        if plan.version <= self.version:
            again = plan.version == self.version
            self.refused = None if again else self.refused
            return False if again else self._refuse("older", f"its version is {plan.version}, version {self.version} is in force")
        self.plan, self.version, self.refused = plan, plan.version, None
        log.info("plan: version %d is in force: %d targets, every %g s", plan.version, len(plan.targets), plan.cadence_s)
        if keep and self._kept is not None:
            self._keep(self._kept, payload)
        return True

    def _refuse(self, word: Refusal, why: str) -> bool:
        log.error("plan: a plan is refused: %s; version %d stays in force", why, self.version)
        self.refused = word
        return False

    def _keep(self, place: Path, payload: bytes) -> None:
        """Write the last good envelope so that a crash leaves either the old file or the new one."""
        fresh = place.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(place)
        except OSError as error:
            log.warning("plan: version %d cannot be kept in %s (%s); it is in force until the agent stops", self.version, place, error)
