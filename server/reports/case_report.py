"""The proof of a bypass case, and its closing report, as Markdown for the ticket: what was asked, line by line what is so, timings, log.

One document for two readers: Microsoft's support engineer wants to know whether the device is out of the path and since when; the
owner of the device, what it cost and what is still open. Text only; what it says is read by `gather`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from server.fleet.registry import Registry
from server.history.port import History, Unavailable
from server.reports.markdown import host, table, text
from server.reports.timings import ENOUGH, MOST_LINES, Spread, Timing, timings
from server.state import cases as stored
from server.state import devices
from server.state.database import Transaction
from server.watcher import case_sentences
from server.watcher.case_sentences import moment
from server.watcher.casekeeping import line_of
from server.watcher.cases import ENOUGH_AGENTS, ENOUGH_ROUNDS, Line, Where
from server.watcher.sentences import JOB

ARTICLE = "https://learn.microsoft.com/troubleshoot/microsoft-365-apps/office-suite-issues/office-365-third-party-network-devices"
"""Microsoft's article on third-party network devices; `judge/knowledge/data/guidance.toml` holds the same, and a test holds them equal."""
STATES: Mapping[str, str] = {"held": "▲ held", "clearing": "○ not sure yet", "bypassed": "● bypassed", "unknown": "⋯ no data"}
"""Shape and word, as everywhere."""
HEADLINE: Mapping[str, str] = {
    "open": "not proved yet",
    "proved": "bypassed on every host",
    "broken": "decryption has returned",
    "closed": "closed",
}


@dataclass(frozen=True, slots=True)
class CaseReport:
    """All that is said of a case. `timing` is None when the history did not answer, which `trouble` then says."""

    row: stored.CaseRow
    lines: tuple[Line, ...]
    entries: tuple[stored.EntryRow, ...]
    makes: Mapping[str, str]
    timing: Mapping[Where, Timing] | None
    trouble: str
    zones: Mapping[str, str]
    at_ns: int

    @property
    def own_zone(self) -> str:
        """Return the zone in which the case's own times are told: its sites' where they share one, else UTC."""
        shared = {self.zone(line.site) for line in self.lines}
        return shared.pop() if len(shared) == 1 else "UTC"

    def zone(self, site: str) -> str:
        """Return a site's time zone."""
        return self.zones.get(site, "UTC")


async def gather(transaction: Transaction, history: History, registry: Registry, row: stored.CaseRow, now_ns: int) -> CaseReport:
    """Return what there is to say of a case now, or, of a closed one, at its closing."""
    lines = tuple(line_of(one) for one in await stored.lines(transaction, [row.id]))
    at_ns = row.closed_ns or now_ns
    timing, trouble = None, ""
    try:
        timing = await timings(history, lines, at_ns)
    except Unavailable as away:
        trouble = str(away)
    zones = {site: registry.sites[site].zone for site in {line.site for line in lines} if site in registry.sites}
    makes = await _makes(transaction, {line.look.device_key for line in lines if line.look.device_key})
    return CaseReport(row, lines, tuple(await stored.entries(transaction, row.id)), makes, timing, trouble, zones, at_ns)


async def _makes(transaction: Transaction, keys: set[str]) -> dict[str, str]:
    """Return what the devices behind these keys are called."""
    split = {key: (key.partition(":")[0], key.partition(":")[2]) for key in keys}
    owners = await devices.owners(transaction, set(split.values()))
    rows = await devices.load(transaction, set(owners.values()))
    return {key: called(rows[owners[pair]]) for key, pair in split.items() if owners.get(pair) in rows}


def called(row: devices.DeviceRow) -> str:
    """Return what a stored device is called: its make, a guess marked as one, and the name it signs by, which tells installations apart."""
    signs = re.search(r"CN=([^,]+)", row.issuer)
    by = f", signing as {signs[1].strip()}" if signs else ""
    make = row.product if row.product.startswith(row.vendor) else f"{row.vendor} {row.product}".strip()
    if row.vendor:
        return f"{make}{by}"
    return f"possibly {row.possible}, not proven{by}" if row.possible else f"unknown make{by}"


def proof(report: CaseReport) -> str:
    """Return the block to paste into a ticket: it stands alone."""
    return "\n".join(_proof(report)) + "\n"


def closing(report: CaseReport, by: str) -> str:
    """Return the closing report: the proof, how the case went, and its log."""
    return "\n".join([*_proof(report, by), *_course(report)]) + "\n"


def _proof(report: CaseReport, closed_by: str | None = None) -> Iterator[str]:
    row = report.row
    name = case_sentences.named(row.id, row.ticket)
    state = "closed, " if closed_by is not None else ""
    yield f"# {text(name)}: {state}{HEADLINE[row.state]}"
    yield ""
    yield f"**{text(_verdict(report))}**"
    yield ""
    yield f"{text(row.title)}. Opened {moment(row.opened_ns, report.own_zone)}{f' by {text(row.opened_by)}' if row.opened_by else ''}."
    if closed_by is not None:
        yield f"Closed {moment(report.at_ns, report.own_zone)}{f' by {text(closed_by)}' if closed_by else ''}."
    yield f"This states what was measured up to {moment(report.at_ns, report.own_zone)}."
    yield ""
    yield "## Host by host"
    yield ""
    yield from table(["", "site", "host", "what was seen", "device"], [_line(report, line) for line in report.lines])
    yield ""
    yield "## What it cost"
    yield ""
    yield from _costs(report)
    yield ""
    yield "## How this was measured, and what it does not prove"
    yield ""
    yield from (f"- {one}" for one in _limits())


def _verdict(report: CaseReport) -> str:
    lines = report.lines
    clean = sum(line.cleared for line in lines)
    least = min((line.look for line in lines), key=lambda look: look.agree, default=None)
    agree = f" On each at least {least.agree} of {least.reporting} agents agree." if least and least.reporting else ""
    if clean == len(lines):
        which = f"these {len(lines)} hosts" if len(lines) > 1 else "this host"
        return f"Nothing decrypts or holds up {which} any more; below, since when.{agree}"
    held = sum(line.look.state == "held" for line in lines)
    back = sum(line.returns > 0 and not line.cleared for line in lines)
    returned = f", {back} of them after a bypass" if back else ""
    return f"{clean} of {len(lines)} hosts are bypassed; {held} are held by a device now{returned}. For: {JOB['intermediary']}."


def _line(report: CaseReport, line: Line) -> list[str]:
    told = case_sentences.line_words(line, report.zone(line.site))
    device = report.makes.get(line.look.device_key, "not recognised") if line.look.device_key or line.look.held_ns else "none seen"
    returned = f" Returned {line.returns} time{'s' * (line.returns > 1)} while the case was open." if line.returns else ""
    return [STATES[line.look.state], text(line.site), host(line.host), text(told + returned), text(device)]


def _costs(report: CaseReport) -> Iterator[str]:
    if report.timing is None:
        yield f"No timings: {text(report.trouble)}"
        return
    rows = [_cost(line, report.timing.get((line.site, line.host), Timing())) for line in report.lines[:MOST_LINES]]
    yield from table(["site", "host", "with the device, total", "without", "with the device, first byte", "without", "samples"], rows)
    yield ""
    rest = f" Of {len(report.lines)} lines the first {MOST_LINES} are timed." if len(report.lines) > MOST_LINES else ""
    what = "Medians in ms of direct HTTPS requests by the site's agents, of the newest day of each stretch"
    yield f"{what}; shown from {ENOUGH} samples on.{rest}"


def _cost(line: Line, timing: Timing) -> list[str]:
    held, free = timing.held or Spread(0, None, None, 0, 0), timing.free or Spread(0, None, None, 0, 0)
    figures = [_ms(held.total_ms), _ms(free.total_ms), _ms(held.first_byte_ms), _ms(free.first_byte_ms)]
    return [text(line.site), host(line.host), *figures, f"{held.count} and {free.count}"]


def _ms(value: float | None) -> str:
    return "too few samples" if value is None else f"{value:.1f}"


def _limits() -> Iterator[str]:
    yield "Agents on machines at the site connect to each host as programs do and look at the certificate chain, the headers and the path."
    yield (
        f"A host counts as bypassed when every agent that saw the device sees it gone in at least {ENOUGH_ROUNDS} rounds, nobody sees it "
        f"still, and at least {ENOUGH_AGENTS} agents (all, where fewer report) and half of those that report agree."
    )
    yield "Silence proves nothing: an agent that saw the device and reports no more keeps its line open."
    yield "Machines without an agent, hosts that are not listed, and a device that passes traffic through unchanged are not covered."
    yield (
        "Microsoft asks that such devices are named in a support request, and that decryption of the affected traffic is off and the "
        f"device bypassed until the request is solved: <{ARTICLE}>"
    )


def _course(report: CaseReport) -> Iterator[str]:
    row = report.row
    yield ""
    yield "## How the case went"
    yield ""
    times = {"proved": row.proofs, "broken by a return": row.returns, "reminded of": row.reminders, "opened": row.openings}
    yield "; ".join(f"{what} {count} time{'s' * (count != 1)}" for what, count in times.items()) + "."
    yield ""
    rows = [[moment(at_ns, report.own_zone), text(who), text(what), text(said)] for at_ns, who, what, said in _log(report.entries)]
    yield from table(["when", "who", "what", "in words"], rows)


def _log(entries: Sequence[stored.EntryRow]) -> Iterator[tuple[int, str, str, str]]:
    """Give the log for a reader: lines that changed at one moment to one state are told by the first of them; doubt is left out."""
    for (at_ns, by, kind), same in groupby(entries, key=lambda one: (one.at_ns, one.by, one.kind)):
        told = [one.text for one in same]
        if by or kind not in STATES:
            yield from ((at_ns, by or "Middlewatch", kind, one) for one in told)
        elif kind in {"held", "bypassed"}:
            more = f" And {len(told) - 1} more at this moment." if len(told) > 1 else ""
            yield at_ns, "Middlewatch", kind, told[0] + more


def summary(lines: Sequence[Line]) -> str:
    """Return how many lines are bypassed, for a list: `3 of 4 bypassed`."""
    return f"{sum(line.cleared for line in lines)} of {len(lines)} bypassed"
