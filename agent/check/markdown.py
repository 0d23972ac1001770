"""`check --markdown`: the evidence as text for a ticket: what, since when, on which hosts, whose job, and what proves it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from agent.check.checked import Checked
from agent.check.proof import Chain, chains
from agent.check.terminal import JOBS, OFFLINE, OFFLINE_NEXT, ROW_SHAPES, SHAPES, STATES, grouped, headline, worst_first
from agent.reporter import SOFTWARE
from judge.costs import dearest
from judge.finding import Finding

MOST_CHAINS = 3
"""Those of most hosts; the page and the JSON have all."""


def render(checked: Checked) -> str:
    """Return the document."""
    return "\n".join(_lines(checked))


def _lines(checked: Checked) -> Iterator[str]:
    yield "# How this machine reaches Microsoft 365"
    yield ""
    yield from evidence(checked)
    yield ""
    yield "## As Microsoft's connectivity test asks"
    yield ""
    yield "| | row | what was seen | attention when |"
    yield "| --- | --- | --- | --- |"
    for row in checked.rows:
        yield f"| {ROW_SHAPES[row.state][0]} {STATES[row.state]} | {row.title} | {cell(row.value)} | {cell(row.fails_when)} |"
    for row in checked.rows:
        if row.state == "attention" and row.details:
            yield ""
            yield f"### {row.title}"
            yield from (f"- {text(one)}" for one in row.details)


def evidence(checked: Checked) -> Iterator[str]:
    """Return the block to paste into a ticket: it stands alone."""
    measured = datetime.fromtimestamp(checked.measured_ns / 1e9, UTC)
    yield f"Measured {measured:%Y-%m-%d %H:%M:%S} UTC by {SOFTWARE}, knowledge {checked.judgement.knowledge}."
    if checked.lab:
        yield "**Laboratory: what this machine trusts and where it connects was set by hand.**"
    yield ""
    if checked.status == "offline":
        yield f"**{OFFLINE}** {OFFLINE_NEXT}"
        return
    rows = worst_first(checked.findings)
    yield f"**{text(headline(rows).plain)}**"
    for group in grouped([one for one in rows if one.verdict not in {"clean", "sanctioned"}]):
        yield ""
        yield from _group(group)
    shown = chains(checked.samples, checked.certificates)[:MOST_CHAINS]
    if any(one.verdict in {"inspected", "sanctioned"} for one in rows) and shown:
        yield ""
        yield "Chains as captured, leaf first:"
        for chain in shown:
            yield from _chain(chain)


def _group(group: list[Finding]) -> Iterator[str]:
    worst = group[0]
    yield f"### {SHAPES[worst.verdict][0]} {worst.verdict}: {len(group)} connections"
    yield f"- Hosts: {', '.join(dict.fromkeys(one.target.host for one in group))}"
    yield f"- {text(worst.sentence)}"
    yield f"- For: {JOBS[worst.responsible]}. Severity {worst.severity}, confidence {worst.confidence:.0%}."
    told = {one.text for finding in group for one in finding.evidence if one.weight > 0}
    yield from (f"- Evidence: {text(one)}" for one in sorted(told))
    yield f"- {text(worst.why_not)}"
    if cost := dearest(group):
        yield f"- It costs: {text(cost)}"
    if worst.native:
        yield f"- Instead: {text(worst.native)}"
    yield from (f"- See {link}" for link in worst.links)


def _chain(chain: Chain) -> Iterator[str]:
    yield f"- {', '.join(chain.hosts[:6])}{' …' if len(chain.hosts) > 6 else ''}"
    for one in chain.certificates:
        fields = one.fields
        dates = f"{fields.not_before:%Y-%m-%d} to {fields.not_after:%Y-%m-%d}" if fields.not_before and fields.not_after else "no dates"
        key = f"{fields.key_type} {fields.key_bits}"
        yield f"  - {text(str(fields.subject))}; issued by {text(str(fields.issuer))}; {dates}; {key}; log timestamps: {fields.sct_count}"


def text(value: str) -> str:
    """Return a value that cannot be taken for markup: names in certificates are a stranger's."""
    escaped = "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in value)
    return " ".join(escaped.split())


def cell(value: str) -> str:
    """Return a value for a table's cell."""
    return text(value) or " "
