"""Keeps bypass cases: loads what the rules need, stores what they decide, tells it; and what people do to a case. One transaction each.

The rules are in `cases.py`. Whoever calls decides what comes into the transaction: the watcher's is confirmed by its lease.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from judge.knowledge.model import Knowledge
from server.case_section import CaseSection
from server.fleet.registry import Registry
from server.state import cases as stored
from server.state.database import Database, Transaction
from server.state.events import EventRow
from server.watcher import beside, case_sentences
from server.watcher.cases import Case, CaseState, Line, LineState, Look, Pace, Seen, Where, look, settle, state_of
from server.watcher.findings import read
from server.watcher.kinds import KINDS
from server.watcher.quickening import quicken, slow
from server.watcher.telling import printable, publish
from server.watcher.turns import SIGHTINGS
from wire.codec import canonical

MOST_LINES = 2_000
"""Hosts times sites of one case: 200 sites with ten hosts; beyond that, several cases."""
LONGEST = {"ticket": 128, "title": 256, "by": 128}
LONGEST_NOTE = 4_000
HOUR_NS = 3600 * 10**9
Hosts = Collection[str]


class Refused(Exception):  # noqa: N818 - an outcome, named as the outcome
    """What a person asked for cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A case to open. No hosts: those that something stands before now. No sites: those where that is so for the hosts."""

    title: str = ""
    ticket: str = ""
    by: str = ""
    hosts: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


@dataclass(slots=True)
class Casework:
    """One transaction's work on cases. `fresh` collects what was told, for the log."""

    database: Database
    transaction: Transaction
    now_ns: int
    knowledge: Knowledge
    registry: Registry = field(default_factory=Registry)
    section: CaseSection = field(default_factory=CaseSection)
    fresh: list[str] = field(default_factory=list)

    def zone(self, site: str) -> str:
        """Return a site's time zone."""
        known = self.registry.sites.get(site)
        return known.zone if known else "UTC"

    async def open(self, wish: Wish) -> stored.CaseRow:
        """Open a case and settle it at once. Raises Refused."""
        _short(ticket=wish.ticket, title=wish.title, by=wish.by)
        pairs = await self._pairs(wish)
        hosts, sites = (len({one[index] for one in pairs}) for index in (1, 0))
        title = wish.title.strip() or f"Bypass of {hosts} host{'s' * (hosts > 1)} at {pairs[0][0] if sites == 1 else f'{sites} sites'}"
        row = stored.CaseRow(0, wish.ticket.strip(), title, wish.by.strip(), self.now_ns, "open", 1, self.now_ns)
        number = await stored.add(self.transaction, row, [stored.LineRow(0, site, host) for site, host in pairs])
        await self._log(number, "opened", f"opened for {hosts} host{'s' * (hosts > 1)} at {sites} site{'s' * (sites > 1)}", wish.by)
        await self.quicken(number, pairs)
        settled = await self.settle(replace(row, id=number), tell_opening=True)
        return settled or replace(row, id=number)

    async def _pairs(self, wish: Wish) -> list[Where]:
        """Return the lines a case is to have."""
        hosts = tuple(dict.fromkeys(host.strip().lower().rstrip(".") for host in wish.hosts if host.strip()))
        sites = tuple(dict.fromkeys(site.strip() for site in wish.sites if site.strip()))
        held = {(site, beside.host_of(target)) for site, target in await stored.held_now(self.transaction, SIGHTINGS, sites)}
        ours = {one for one in held if not hosts or one[1] in hosts}
        pairs = (
            [(site, host) for site in sites for host in hosts] if hosts and sites else sorted(one for one in ours if self._listed(one[1]))
        )
        if not pairs:
            where = f" at {', '.join(sites)}" if sites else ""
            raise Refused(f"hosts: nothing of Microsoft 365{where} is held by a device now; name the hosts and the sites to be bypassed")
        if len(pairs) > MOST_LINES:
            raise Refused(f"hosts: {len(pairs)} lines (hosts times sites) are more than {MOST_LINES}; open several cases")
        await self._known(hosts, sites)
        return pairs

    def _listed(self, host: str) -> bool:
        return any(one.find(host, port) is not None for one in self.knowledge.instances.values() for port in (443, 80))

    async def _known(self, hosts: Hosts, sites: Collection[str]) -> None:
        """Refuse names that are neither measured nor in the endpoint list, and sites nobody knows: nothing could ever be proved there."""
        measured = await stored.measured_at(self.transaction, sites)
        for site in sites:
            if site not in self.registry.sites and site not in {place for place, _ in measured}:
                raise Refused(f"sites: {site!r} is no site any agent reports from; write it as the page or `GET /standing` does")
        names = {beside.host_of(target) for _, target in measured}
        for host in hosts:
            if host not in names and not self._listed(host):
                raise Refused(
                    f"hosts: {host!r} is measured nowhere and is no name of Microsoft's endpoint list; write outlook.office365.com"
                )

    async def quicken(self, number: int, where: Collection[Where]) -> int:
        """Let the case's agents probe faster for another day; return how many they are."""
        return await quicken(self.database, self.transaction, number, where, self.knowledge, self.section.cadence_s, self.now_ns)

    async def settle(self, row: stored.CaseRow, *, tell_opening: bool = False) -> stored.CaseRow | None:
        """Bring a case in line with the stored runs and tell what that means; None when somebody was quicker."""
        before = [line_of(one) for one in await stored.lines(self.transaction, [row.id])]
        looks = await self._looks(row, before)
        case, lines, news = settle(case_of(row), before, looks, self.now_ns, pace_of(self.section))
        changed = [line_row(row.id, one) for one, old in zip(lines, before, strict=True) if one != old]
        after = _row(row, case)
        if changed or after != row:
            kept = await stored.store(self.transaction, after, changed)
            if kept is None:
                return None
            row = kept
        await stored.note(self.transaction, [self._found(row.id, one) for one, old in zip(lines, before, strict=True) if _worth(one, old)])
        if tell_opening:
            await self.tell(row, "case-opened", row.openings, row.opened_ns, lines)
        for one in news:
            await self.tell(row, one.kind, one.episode, one.at_ns, one.lines, lines)
        return row

    async def _looks(self, row: stored.CaseRow, lines: Sequence[Line]) -> dict[Where, Look]:
        sites, hosts = {line.site for line in lines}, {line.host for line in lines}
        runs = await stored.runs_of(self.transaction, sites, hosts, row.opened_ns - stored.LOOK_BACK_NS, SIGHTINGS)
        found: dict[Where, list[Seen]] = {}
        for run in runs:
            finding = read(run.finding)
            sure = finding.deterministic if finding else False
            seen = Seen(run.id, run.agent, run.target, run.route, run.verdict, run.first_ns, run.last_ns, run.rounds, sure, run.device_key)
            found.setdefault((run.place, beside.host_of(run.target)), []).append(seen)
        return {where: look(mine, self.now_ns) for where, mine in found.items()}

    def _found(self, number: int, line: Line) -> stored.EntryRow:
        text = f"{line.site}, {line.host}: {case_sentences.line_words(line, self.zone(line.site))}"
        return stored.EntryRow(number, self.now_ns, "", line.look.state, text)

    async def note(self, row: stored.CaseRow, by: str, text: str) -> stored.CaseRow | None:
        """Write into a case's log; it counts as a change, so reminders wait again. Raises Refused."""
        _short(by=by)
        if not text.strip() or len(text) > LONGEST_NOTE:
            raise Refused(f"text: a note has 1 to {LONGEST_NOTE} characters")
        await self._log(row.id, "note", text.strip(), by)
        return await stored.store(self.transaction, replace(row, changed_ns=self.now_ns), [])

    async def close(self, row: stored.CaseRow, by: str, report: str) -> stored.CaseRow | None:
        """Close a case with its report. Raises Refused."""
        _short(by=by)
        if row.state == "closed":
            raise Refused(f"case {row.id} is closed already; reopen it if it goes on")
        lines = [line_of(one) for one in await stored.lines(self.transaction, [row.id])]
        after = replace(
            row, state="closed", changed_ns=self.now_ns, closed_ns=self.now_ns, closed_by=by.strip(), report=printable(report, 2**20)
        )
        kept = await stored.store(self.transaction, after, [])
        if kept is not None:
            await slow(self.transaction, row.id, self.now_ns)
            await self._log(row.id, "closed", f"closed; it was {row.state}", by)
            await self.tell(replace(kept, state=row.state), "case-closed", row.openings, self.now_ns, lines)
        return kept

    async def reopen(self, row: stored.CaseRow, by: str) -> stored.CaseRow | None:
        """Open a closed case again, and settle it: what was proved counts on, and what has returned since is told. Raises Refused."""
        _short(by=by)
        if row.state != "closed":
            raise Refused(f"case {row.id} is {row.state}, not closed; nothing is to be reopened")
        before = [line_of(one) for one in await stored.lines(self.transaction, [row.id])]
        again = replace(row, state=state_of(before), openings=row.openings + 1, changed_ns=self.now_ns, closed_ns=0, closed_by="")
        kept = await stored.store(self.transaction, again, [])
        if kept is None:
            return None
        await self._log(row.id, "reopened", "opened again", by)
        await self.quicken(row.id, [(line.site, line.host) for line in before])
        return await self.settle(kept, tell_opening=True)

    async def _log(self, number: int, kind: str, text: str, by: str = "") -> None:
        entry = stored.EntryRow(number, self.now_ns, printable(by.strip(), LONGEST["by"]), kind, printable(text))
        await stored.note(self.transaction, [entry])

    async def tell(
        self, row: stored.CaseRow, kind: str, episode: int, at_ns: int, about: Sequence[Line], lines: Sequence[Line] = ()
    ) -> None:
        """Tell one event of a case; its scope is the case, so that all of them are one alert."""
        name = case_sentences.named(row.id, row.ticket)
        sentence = printable(self._sentence(name, row, kind, at_ns, about))
        body = {
            "case": row.id,
            "ticket": row.ticket,
            "title": row.title,
            "place": about[0].site if len({line.site for line in about}) == 1 else "",
            "places": sorted({line.site for line in about}),
            "hosts": sorted({line.host for line in about})[:50],
            "agents_agree": min(line.look.agree for line in about),
            "agents_reporting": max(line.look.reporting for line in about),
            "verdict": about[0].look.verdict,
            "state": row.state,
            "lines": len(lines or about),
            "bypassed": sum(line.cleared for line in lines or about),
            "responsible": "nobody" if kind == "case-closed" else "intermediary",
            "evidence": [f"{line.site}, {line.host}: {case_sentences.line_words(line, self.zone(line.site))}" for line in about[:50]],
        }
        event = EventRow(kind, KINDS[kind].severity, "", f"case {row.id}", episode, at_ns, self.now_ns, sentence, canonical(body))
        if await publish(self.database, self.transaction, event, self.now_ns):
            self.fresh.append(sentence)
        if kind in {"case-proved", "case-broken", "case-reminder"}:
            await self._log(row.id, kind.removeprefix("case-"), sentence)

    def _sentence(self, name: str, row: stored.CaseRow, kind: str, at_ns: int, about: Sequence[Line]) -> str:
        match kind:
            case "case-opened":
                return case_sentences.opened(name, about)
            case "case-proved":
                return case_sentences.proved(name, about, row.opened_by, self.zone)
            case "case-broken":
                return case_sentences.broken(name, about, at_ns, self.zone)
            case "case-reminder":
                return case_sentences.reminder(name, about, row.state, row.changed_ns, row.opened_by)
            case _:
                return case_sentences.closed(name, about, row.state, row.closed_by)


def pace_of(section: CaseSection) -> Pace:
    """Return the pace of reminders as configured."""
    return Pace(int(section.remind_after_h * HOUR_NS), int(section.remind_every_h * HOUR_NS))


def _worth(after: Line, before: Line) -> bool:
    """Return whether a line's change is worth an entry: its state, not the number of agents."""
    return after.look.state != before.look.state


def _short(**texts: str) -> None:
    for name, text in texts.items():
        if len(text) > LONGEST[name]:
            raise Refused(f"{name}: has {len(text)} characters; write at most {LONGEST[name]}")


def case_of(row: stored.CaseRow) -> Case:
    """Return what decides about a stored case."""
    return Case(cast("CaseState", row.state), row.opened_ns, row.changed_ns, row.reminded_ns, row.proofs, row.returns, row.reminders)


def _row(row: stored.CaseRow, case: Case) -> stored.CaseRow:
    return replace(
        row,
        state=case.state,
        changed_ns=case.changed_ns,
        reminded_ns=case.reminded_ns,
        proofs=case.proofs,
        returns=case.returns,
        reminders=case.reminders,
    )


def line_of(row: stored.LineRow) -> Line:
    """Return a stored line as the rules see it."""
    waiting = tuple(filter(None, row.waiting.split(",")))
    seen = Look(
        cast("LineState", row.state),
        row.verdict,
        row.held_ns,
        row.until_ns,
        row.clean_ns,
        row.agree,
        row.reporting,
        waiting,
        row.device_key,
    )
    return Line(row.site, row.host, seen, row.cleared, row.returns)


def line_row(number: int, line: Line) -> stored.LineRow:
    """Return a line as it is stored."""
    seen = line.look
    return stored.LineRow(
        number,
        line.site,
        line.host,
        seen.state,
        seen.verdict,
        seen.held_ns,
        seen.until_ns,
        seen.clean_ns,
        seen.agree,
        seen.reporting,
        ",".join(seen.waiting),
        seen.device_key,
        line.cleared,
        line.returns,
    )
