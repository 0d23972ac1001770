"""What `check` shows: the verdict first, then the rows that matter, then where to see more. Words and layout only; nothing is decided here.

State is shape, word and colour, never colour alone. rich leaves colours out by itself when the output is no terminal or NO_COLOR is set.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.check.checked import Checked
from judge.connectivity.row import Row, State
from judge.costs import dearest
from judge.finding import Finding
from wire.vocabulary import Responsible, Severity, Verdict

SHAPES: dict[Verdict, tuple[str, str]] = {
    "clean": ("●", "#009E73"),
    "sanctioned": ("◐", "#56B4E9"),
    "proxied": ("◇", "#F0E442"),
    "spliced": ("◇", "#F0E442"),
    "inspected": ("▲", "#D55E00"),
    "altered": ("▲", "#D55E00"),
    "redirected": ("▲", "#D55E00"),
    "captive": ("▲", "#D55E00"),
    "blocked": ("■", "default"),
    "unreachable": ("■", "default"),
    "inconclusive": ("○", "#999999"),
}
"""Shape and colour of each verdict, after Okabe and Ito; black on light and white on dark is the terminal's own default."""
JOBS: dict[Responsible, str] = {
    "nobody": "nobody",
    "client": "this machine's administrator",
    "network": "your network team",
    "intermediary": "whoever runs the device",
    "isp": "your Internet provider",
    "microsoft": "Microsoft",
    "unclear": "not clear yet",
}
_WORST: tuple[Severity, ...] = ("critical", "high", "medium", "info", "none")
_STATES: tuple[State, ...] = ("attention", "pass", "information", "unmeasured")
ROW_SHAPES: dict[State, tuple[str, str]] = {
    "pass": ("●", "#009E73"),
    "attention": ("▲", "#D55E00"),
    "information": ("·", "default"),
    "unmeasured": ("⋯", "#999999"),
}
NARROW = 100
"""Columns below which a line of the table would break."""
MOST_QUIET = 8
MOST_EVIDENCE = 4
MOST_TEXT = 220
"""One screen first; `--json` has all of it."""
_QUIET: tuple[Verdict, ...] = ("clean", "sanctioned")
OFFLINE = "This machine has no way to the Internet just now: no host answered, not even one that has nothing to do with Microsoft."
OFFLINE_NEXT = "That says nothing about Microsoft 365 or about a device on the way. Check cable, Wi-Fi, VPN and DNS, then run this again."


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done, on standard error and only on a terminal."""
    with Console(stderr=True).status("Looking at how this machine reaches Microsoft 365 (under a minute)") as status:
        yield status.update


def show(checked: Checked, console: Console | None = None) -> None:
    """Print one check for a person."""
    console = console or Console(highlight=False)
    if checked.status == "offline":
        console.print(Text(f"○ {OFFLINE}", style="bold"))
        console.print(OFFLINE_NEXT)
        return
    rows = worst_first(checked.findings)
    loud = [one for one in rows if one.verdict not in _QUIET]
    console.print(headline(rows))
    if loud:
        console.print()
        console.print(_table(loud, narrow=console.width < NARROW))
        console.print()
        for group in grouped(loud):
            _explain(group, console)
    for verdict in _QUIET:
        quiet = list(dict.fromkeys(one.target.host for one in rows if one.verdict == verdict))
        if quiet:
            more = f" and {len(quiet) - MOST_QUIET} more" if len(quiet) > MOST_QUIET else ""
            console.print(Text.assemble(_mark(verdict), f" {len(quiet)} {verdict}: ", ", ".join(quiet[:MOST_QUIET]), more), soft_wrap=True)
    if checked.rows:
        console.print()
        console.print(_rows(checked.rows))
    _last_words(checked, loud, console)


def _last_words(checked: Checked, loud: Sequence[Finding], console: Console) -> None:
    for note in checked.judgement.notes:
        console.print(f"Note: {note}", soft_wrap=True)
    for link in dict.fromkeys(link for one in loud for link in one.links):
        console.print(f"See {link}", soft_wrap=True)
    told = f"{len(checked.judgement.findings)} connections looked at in {checked.seconds:.0f} s; knowledge {checked.judgement.knowledge}"
    console.print(f"[dim]{told}. Every proof: middlewatch-agent check --json; to mail: --html FILE; for a ticket: --markdown FILE[/dim]")


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings, the worst first."""
    return sorted(findings, key=lambda one: (_WORST.index(one.severity), one.verdict, one.target.name))


def _rows(rows: Sequence[Row]) -> Table:
    """Return the rows of Microsoft's connectivity test; what asks for attention first, what was not measured last."""
    table = Table(box=None, pad_edge=False, show_edge=False, title="As Microsoft's connectivity test asks", title_justify="left")
    for name in ("", "row", "what was seen"):
        table.add_column(name, overflow="fold")
    for one in sorted(rows, key=lambda row: _STATES.index(row.state)):
        table.add_row(Text.assemble(ROW_SHAPES[one.state]), one.title, _short(one.value))
    return table


STATES: dict[State, str] = {"pass": "pass", "attention": "attention", "information": "information", "unmeasured": "not measured"}


def headline(rows: Sequence[Finding]) -> Text:
    """Return the first line: the worst verdict, on how many hosts, and its sentence."""
    worst = next((one for one in rows if one.verdict not in _QUIET), None)
    if worst is None:
        allowed = sum(one.verdict == "sanctioned" for one in rows)
        told = f"No sign of a device between this machine and Microsoft 365 on {len(rows) - allowed} of {len(rows)} connections"
        return Text.assemble(_mark("clean"), (f" {told}{', the rest is sanctioned by policy' if allowed else ''}.", "bold"))
    same = sum(one.verdict == worst.verdict for one in rows)
    return Text.assemble(_mark(worst.verdict), (f" {same} of {len(rows)} connections {worst.verdict}. {worst.sentence}", "bold"))


def grouped(rows: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings by what they have in common, verdict and device: it is explained once, not once a host."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for one in rows:
        groups.setdefault((one.verdict, one.device_key), []).append(one)
    return list(groups.values())


def _table(rows: Sequence[Finding], *, narrow: bool) -> Table:
    """Return one line a finding; on a narrow terminal without the category, which the severity speaks for."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("host", "verdict", "severity", "whose job") if narrow else ("host", "category", "verdict", "severity", "whose job"):
        table.add_column(name, overflow="fold")
    for one in rows:
        host = one.target.host if one.target.port == 443 else one.target.name
        way = "" if one.route == "direct" else f" by {one.route}"
        verdict = Text.assemble(_mark(one.verdict), f" {one.verdict}")
        table.add_row(host + way, *(() if narrow else (one.target.category,)), verdict, one.severity, JOBS[one.responsible])
    return table


def _explain(group: Sequence[Finding], console: Console) -> None:
    """Print why, once for all findings of a group: evidence, strongest first, and why it is not something else."""
    worst = group[0]
    console.print(Text.assemble(_mark(worst.verdict), f" Why {worst.verdict}, {len(group)} of these ({_certainty(worst)}):"))
    evidence = {one.signal: one for finding in reversed(group) for one in finding.evidence}
    told = sorted(evidence.values(), key=lambda one: -one.weight)[:MOST_EVIDENCE]
    for text in dict.fromkeys(one.text for one in told):
        console.print(f"  - {_short(text)}", soft_wrap=True)
    if not told or worst.why_not.partition(": ")[2] not in {one.text for one in told}:
        console.print(f"  {_short(worst.why_not)}", soft_wrap=True)
    if cost := dearest(group):
        console.print(f"  It costs: {_short(cost)}", soft_wrap=True)


def _certainty(one: Finding) -> str:
    return f"confidence {one.confidence:.0%}"


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 2]} …"


def _mark(verdict: Verdict) -> tuple[str, str]:
    return SHAPES[verdict]
