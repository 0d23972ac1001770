"""What `check` shows: the verdict first, then the rows that matter, then where to see more. Words and layout only; nothing is decided here.

State is shape, word and colour, never colour alone. rich leaves colours out by itself when the output is no terminal or NO_COLOR is set.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.finding import Finding, Judgement
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
MOST_EVIDENCE = 4
MOST_TEXT = 220
"""One screen first; `--json` has all of it."""
_QUIET: tuple[Verdict, ...] = ("clean", "sanctioned")
OFFLINE = "This machine has no way to the Internet just now: no host answered, not even one that has nothing to do with Microsoft."
OFFLINE_NEXT = "That says nothing about Microsoft 365 or about a device on the way. Check cable, Wi-Fi, VPN and DNS, then run this again."


def progress() -> AbstractContextManager[object]:
    """Return what shows that work is going on, on standard error and only on a terminal."""
    return Console(stderr=True).status("Looking at how this machine reaches Microsoft 365 (a few seconds, half a minute at most)")


def show(judgement: Judgement, *, offline: bool, seconds: float, console: Console | None = None) -> None:
    """Print one judgement for a person."""
    console = console or Console(highlight=False)
    if offline:
        console.print(Text(f"○ {OFFLINE}", style="bold"))
        console.print(OFFLINE_NEXT)
        return
    rows = sorted(judgement.findings, key=lambda one: (_WORST.index(one.severity), one.verdict, one.target.name))
    loud = [one for one in rows if one.verdict not in _QUIET]
    console.print(headline(rows))
    if loud:
        console.print()
        console.print(_table(loud))
        console.print()
        for group in grouped(loud):
            _explain(group, console)
    for verdict in _QUIET:
        quiet = [one.target.host for one in rows if one.verdict == verdict]
        if quiet:
            console.print(Text.assemble(_mark(verdict), f" {len(quiet)} {verdict}: ", ", ".join(dict.fromkeys(quiet))), soft_wrap=True)
    for note in judgement.notes:
        console.print(f"Note: {note}", soft_wrap=True)
    for link in dict.fromkeys(link for one in loud for link in one.links):
        console.print(f"See {link}", soft_wrap=True)
    console.print(
        f"[dim]{len(rows)} looked at in {seconds:.0f} s; knowledge {judgement.knowledge}. Every proof: middlewatch-agent check --json[/dim]"
    )


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


def _table(rows: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("host", "category", "verdict", "severity", "whose job"):
        table.add_column(name, overflow="fold")
    for one in rows:
        host = one.target.host if one.target.port == 443 else one.target.name
        way = "" if one.route == "direct" else f" by {one.route}"
        verdict = Text.assemble(_mark(one.verdict), f" {one.verdict}")
        table.add_row(host + way, one.target.category, verdict, one.severity, JOBS[one.responsible])
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


def _certainty(one: Finding) -> str:
    return f"confidence {one.confidence:.0%}"


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 2]} …"


def _mark(verdict: Verdict) -> tuple[str, str]:
    return SHAPES[verdict]
