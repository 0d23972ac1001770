"""The words of a site's state with rank, shape and colour, and Grafana's value mappings made of them. Data and two functions.

The word and the shape say the state, the colour only repeats it (palette: Okabe and Ito). Yellow on white and green under white text
fall short of 4.5 : 1, so words stand on the page's own background and the colour sits behind the shape alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

GREEN, SKY, YELLOW, VERMILION, PURPLE, BLUE, ORANGE, GREY = (
    "#009E73",
    "#56B4E9",
    "#F0E442",
    "#D55E00",
    "#CC79A7",
    "#0072B2",
    "#E69F00",
    "#8C8C8C",
)
INK = "text"
"""Grafana's name for its own text colour: black on the light theme, white on the dark one."""


@dataclass(frozen=True, slots=True)
class State:
    """One verdict word, or `silent`. `rank` orders worst first and is what measurement `site_state` stores."""

    word: str
    rank: int
    shape: str
    colour: str

    @property
    def text(self) -> str:
        """Return shape and word."""
        return f"{self.shape} {self.word}"


STATES: Final = (
    State("blocked", 11, "■", INK),
    State("inspected", 10, "▲", VERMILION),
    State("altered", 9, "▲", VERMILION),
    State("redirected", 8, "▲", VERMILION),
    State("captive", 7, "▲", VERMILION),
    State("unreachable", 6, "■", INK),
    State("silent", 5, "⋯", GREY),
    State("proxied", 4, "◇", YELLOW),
    State("spliced", 3, "◇", YELLOW),
    State("inconclusive", 2, "○", GREY),
    State("sanctioned", 1, "◐", SKY),
    State("clean", 0, "●", GREEN),
)
"""Worst first; shapes are those of the console's pages (`server/console/words.py`, held by a test)."""


@dataclass(frozen=True, slots=True)
class Family:
    """States of one shape: a series of a chart, a layer of the map. `symbol` is Grafana's marker, `filled` its opacity."""

    name: str
    ranks: tuple[int, ...]
    colour: str
    symbol: str
    filled: float
    turned: int = 0
    size: int = 6


FAMILIES: Final = (
    Family("■ blocked or unreachable", (11, 6), INK, "square", 0.9, size=8),
    Family("▲ inspected, altered, redirected or captive", (10, 9, 8, 7), VERMILION, "triangle", 0.9, size=9),
    Family("⋯ silent", (5,), GREY, "x-mark", 0.9, size=7),
    Family("◇ proxied or spliced", (4, 3), YELLOW, "square", 0.6, turned=45, size=7),
    Family("○ inconclusive", (2,), GREY, "circle", 0.0),
    Family("◐ sanctioned", (1,), SKY, "circle", 0.3),
    Family("● clean", (0,), GREEN, "circle", 0.9),
)

AGENT_STATES: Final = (("reporting", "● reporting"), ("late", "◔ late"), ("silent", "⋯ silent"))
SEVERITIES: Final = ("P1", "P1 urgent"), ("P2", "P2 act today"), ("P3", "P3 look into it"), ("P4", "P4 for information"), ("none", "none")
KINDS: Final = (
    ("appeared", "▲ new device"),
    ("left", "● left"),
    ("returned", "▲ returned"),
    ("discovered", "◇ not known to be new"),
    ("retired", "● retired"),
    ("spread", "▲ seen at more sites"),
    ("approval-lapsed", "◇ approval ended"),
    ("cloned-identity", "○ cloned identity"),
    ("site-down", "■ site cannot reach"),
    ("site-up", "● site reaches again"),
    ("site-silent", "⋯ site silent"),
    ("site-heard", "● site heard again"),
    ("summary-changed", "◇ Microsoft's word changed"),
    ("coverage-changed", "◇ bypass changed"),
    ("agent-silent", "⋯ agent silent"),
    ("agent-heard", "● agent heard again"),
    ("agent-lagging", "◇ agent late"),
    ("agent-clock", "◇ clock wrong"),
    ("agent-dropping", "◇ reports discarded"),
    ("agent-plan", "◇ old plan"),
    ("agent-software", "◇ old software"),
    ("agent-well", "● agent well again"),
    ("gateway-changed", "◇ new gateway"),
    ("egress-moved", "◇ egress moved"),
    ("egress-disagrees", "◇ egress not agreed"),
    ("egress-cloud", "▲ egress in a cloud"),
    ("front-door-moved", "◇ front door moved"),
    ("rotation", "◇ authority changed"),
    ("feed-changed", "◇ endpoint list changed"),
    ("feed-stale", "◇ endpoint list old"),
    ("latency-regressed", "▲ slower"),
    ("latency-recovered", "● as fast as before"),
    ("latency-usual", "◇ slower, as usual now"),
    ("case-opened", "◇ case opened"),
    ("case-proved", "● bypass proved"),
    ("case-broken", "▲ decrypted again"),
    ("case-reminder", "◇ case waits"),
    ("case-closed", "● case closed"),
)
TRUTH: Final = (("true", "yes"), ("false", "no"))


def _mapping(options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "value", "options": options}]


def by_word(*, colour: bool = True) -> list[dict[str, Any]]:
    """Return the mapping of a verdict word to shape and word, with its colour where something is filled with it."""
    return _mapping({one.word: _result(one.text, one.colour if colour else "", at) for at, one in enumerate(STATES)})


def by_rank(*, words: bool = False) -> list[dict[str, Any]]:
    """Return the mapping of a rank to its shape, or to shape and word."""
    return _mapping({str(one.rank): _result(one.text if words else one.shape, one.colour, at) for at, one in enumerate(STATES)})


def by_table(table: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the mapping of other words, in the page's own colour."""
    return _mapping({word: _result(text, "", at) for at, (word, text) in enumerate(table)})


def yes_or_no() -> list[dict[str, Any]]:
    """Return the mapping of a truth value."""
    return by_table(TRUTH)


def _result(text: str, colour: str, index: int) -> dict[str, Any]:
    return {"text": text, "index": index} | ({"color": colour} if colour else {})
