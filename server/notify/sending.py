"""The duty that sends one target's letters, one after another: claim, send, note. Each target has its own, so none waits for another.

A letter is claimed in one transaction and noted in another; who dies between them has it sent again, with the same key. A receiver that
fails is left alone for a growing while, and its letters are tried in turn, so that one it will never take does not hold up the others.
"""

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from server.notify.channel import Channel, Outcome, Parcel
from server.notify.counting import Letters
from server.state import counters, letters
from server.watcher.leading import Leadership
from server.watcher.notices.backoff import is_given_up, pause_ns

GIVEN_UP = "notices_given_up"
"""The counter (`server.state.counters`) of letters nobody took."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A target as it is sent to. `oldest_s`: a letter older than this is given up."""

    name: str
    channel: Channel
    oldest_s: float


class Sending:
    """The duty of one target. `chance` gives jitter in [0, 1)."""

    every_s = 1.0

    def __init__(self, outlet: Outlet, chance: Callable[[], float] = random.random, counted: Letters | None = None) -> None:
        self.name = f"notify-{outlet.name}"
        self._outlet = outlet
        self._chance = chance
        self._counted = counted or Letters()
        self._failures = 0
        self._paused_until_ns = 0

    async def step(self, lead: Leadership) -> None:
        """Send what is due until nothing is, or the receiver fails."""
        while lead.active and lead.now() >= self._paused_until_ns and await self._send_one(lead):
            pass

    async def _send_one(self, lead: Leadership) -> bool:
        """Send one letter; return whether it arrived and there may be more."""
        async with lead.database.reading() as transaction:
            if not await letters.is_due(transaction, self._outlet.name, lead.now()):
                return False
        async with lead.writing() as transaction:
            claimed = await letters.claim(transaction, self._outlet.name, lead.now(), 1)
        if not claimed:
            return False
        letter = claimed[0]
        outcome = await deliver(self._outlet.channel, letter)
        if outcome.trouble:
            await self._failed(lead, letter, outcome)
            return False
        async with lead.writing() as transaction:
            await letters.sent(transaction, letter.id, lead.now())
        self._counted.add(self._outlet.name, "sent")
        if self._failures:
            _log.info("target %s takes letters again", self._outlet.name)
        self._failures = 0
        return True

    async def _failed(self, lead: Leadership, letter: letters.Waiting, outcome: Outcome) -> None:
        now_ns = lead.now()
        self._failures += 1
        self._paused_until_ns = now_ns + pause_ns(self._failures, self._chance(), outcome.retry_after_s)
        if self._failures == 1:
            _log.warning("target %s does not take letters: %s; trying again, nothing is lost", self._outlet.name, outcome.trouble)
        given_up = is_given_up(letter.since_ns, now_ns, self._outlet.oldest_s)
        async with lead.writing() as transaction:
            if given_up:
                await letters.give_up(transaction, letter.id, now_ns, outcome.trouble)
                await counters.add(lead.database, transaction, GIVEN_UP, 1)
            else:
                next_ns = now_ns + pause_ns(letter.tries, self._chance(), outcome.retry_after_s)
                await letters.postpone(transaction, letter.id, next_ns, outcome.trouble)
        self._counted.add(self._outlet.name, "given-up" if given_up else "failed")
        if given_up:
            where = f"letter {letter.key} to target {self._outlet.name}"
            _log.error("%s is given up after %d tries: %s; see middlewatch-server notify queue", where, letter.tries, outcome.trouble)


async def deliver(channel: Channel, letter: letters.Waiting) -> Outcome:
    """Send one letter. A bug of a channel is a trouble of its target: it must not stop the watcher, nor put a secret into the log."""
    plain = json.loads(letter.body)
    parcel = Parcel(letter.key, str(plain["subject"]), str(plain["text"]), plain)
    try:
        return await channel.send(parcel)
    except Exception as error:  # noqa: BLE001 - see above
        return Outcome(f"unexpected {type(error).__name__}")
