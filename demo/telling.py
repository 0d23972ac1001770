"""What the demo prints: what the stores hold, in words, when it changes."""

import asyncio
import time

from server.history.port import Point
from server.run import Server
from server.state.summary import Summary, summary, told_since

LOOK_EVERY_S = 0.5
SHAPES = {"clean": "●", "sanctioned": "◐", "inspected": "▲", "unreachable": "■", "blocked": "■", "inconclusive": "○"}
"""State is shape and word, never colour alone (look.md)."""
ORDER = ("inspected", "altered", "redirected", "blocked", "unreachable", "proxied", "spliced", "sanctioned", "inconclusive", "clean")
OFFLINE = """
No target answered, the control target that has nothing to do with Microsoft 365 included: this machine has no way to the
Internet just now. That says nothing about Microsoft 365, nor about any device. The agent goes on trying; what it measures is kept."""


class Teller:
    """Prints a start, then each change; returns when the agent ends or enough was seen."""

    def __init__(self, server: Server, agent: asyncio.subprocess.Process, cadence_s: float) -> None:
        self._server = server
        self._agent = agent
        self._cadence_s = cadence_s
        self._last: dict[tuple[str, str], str] = {}
        self._events = 0
        self._offline = False

    async def tell(self, cycles: int) -> None:
        """Print until the agent's process ends, or `cycles` reports are stored."""
        say(
            "Middlewatch, the whole of it on this machine. Real: one agent, its probes to the Microsoft 365 names, MQTT, judgement,\n"
            "storage, receipts. Simulated: nothing. Embedded for this demo: the broker and the history. No sign-in; loopback only.\n"
            f"health http://127.0.0.1:{self._server.console_port}/healthz   metrics http://127.0.0.1:{self._server.console_port}/metrics\n"
            f"The first report comes within about 20 seconds, then one every {self._cadence_s:.0f} s. Ctrl-C ends it.\n"
        )
        seen = 0
        while self._agent.returncode is None:
            await asyncio.sleep(LOOK_EVERY_S)
            stored = await summary(self._server.database)
            if stored.reports > seen:
                seen = stored.reports
                await self._tell_report(stored)
            if cycles and seen >= cycles:
                return
        say(f"the agent ended with status {self._agent.returncode}; its log is agent.log in the demo's folder (use --folder to keep it)")

    async def _tell_report(self, stored: Summary) -> None:
        found = await self._server.history.latest("mw_raw", "finding", ["verdict", "vendor", "severity"], {}, 0)
        web = await self._server.history.latest("mw_raw", "web", ["total_ms"], {}, 0)
        totals = {_key(point): point.fields.get("total_ms") for point in web}
        held = f"{stored.observations} observations, {stored.facts} facts, {stored.certificates} certificates"
        say(f"{time.strftime('%H:%M:%S')}  report {stored.reports} stored and receipted; in the stores now: {held}")
        for point in sorted(found, key=lambda one: (ORDER.index(str(one.fields["verdict"])), _key(one))):
            verdict = str(point.fields["verdict"])
            if self._last.get(_key(point)) == verdict:
                continue
            self._last[_key(point)] = verdict
            total = totals.get(_key(point))
            took = f"{total:.0f} ms" if isinstance(total, float) else "no answer"
            tags = dict(point.tags)
            vendor = f"  by {point.fields['vendor']}" if point.fields.get("vendor") else ""
            say(f"    {SHAPES.get(verdict, '◇')} {verdict:<13} {tags['target']:<44} {tags['category']:<9} {took:>10}{vendor}")
        verdicts = {str(point.fields["verdict"]) for point in found}
        offline = bool(found) and verdicts <= {"unreachable", "inconclusive"}
        if offline and not self._offline:
            say(OFFLINE)
        self._offline = offline
        await self._tell_events()

    async def _tell_events(self) -> None:
        for one in await told_since(self._server.database, self._events):
            self._events = one.id
            say(f"    ! {one.kind} ({one.severity}): {one.sentence}")


def _key(point: Point) -> tuple[str, str]:
    tags = dict(point.tags)
    return tags["target"], tags["route"]


def say(text: str) -> None:
    """Print for the person watching, at once."""
    print(text, flush=True)  # noqa: T201 - this file is what the demo says
