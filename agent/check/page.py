"""`check --html`: one self-contained page that a help desk can mail. No script, nothing fetched; every value escaped by Jinja2.

Words come from `terminal.py`, proofs from `proof.py`; the template lays them out.
"""

from datetime import UTC, datetime
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from agent.check import markdown
from agent.check.checked import Checked
from agent.check.proof import PHASES, chains, waterfalls
from agent.check.terminal import JOBS, OFFLINE, OFFLINE_NEXT, ROW_SHAPES, SHAPES, STATES, grouped, headline, worst_first
from agent.reporter import SOFTWARE
from judge.costs import dearest

COLOURS = {"dns": "#CC79A7", "connect": "#0072B2", "proxy": "#E69F00", "tls": "#D55E00", "first byte": "#009E73", "body": "#56B4E9"}
"""Of each phase, after Okabe and Ito; every bar also has its name and time in words."""


def render(checked: Checked) -> str:
    """Return the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("agent.check").joinpath("page.html").read_text(encoding="utf-8"))
    rows = worst_first(checked.findings)
    falls = waterfalls(checked.samples, checked.asked)
    first, dot, rest = headline(rows).plain.partition(".")
    return template.render(
        checked=checked,
        measured=datetime.fromtimestamp(checked.measured_ns / 1e9, UTC),
        software=SOFTWARE,
        offline=f"{OFFLINE} {OFFLINE_NEXT}" if checked.status == "offline" else "",
        headline=first + dot,
        sentence=rest.strip(),
        groups=grouped([one for one in rows if one.verdict not in {"clean", "sanctioned"}]),
        quiet=[one for one in rows if one.verdict in {"clean", "sanctioned"}],
        shapes={verdict: shape for verdict, (shape, _) in SHAPES.items()},
        row_shapes={state: shape for state, (shape, _) in ROW_SHAPES.items()},
        states=STATES,
        jobs=JOBS,
        waterfalls=falls,
        scale=max((one.total for one in falls), default=1.0) or 1.0,
        colours=COLOURS,
        dearest=dearest,
        phases=[phase.removesuffix("_ms").replace("_", " ") for phase in PHASES],
        chains=chains(checked.samples, checked.certificates),
        ticket="\n".join(markdown.evidence(checked)),
    )
