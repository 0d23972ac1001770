"""What is counted of one site, workload and route in one stretch of time, and the figures people read of it. Pure.

A tally is made from raw points, merged with others of the same key (percentiles never are), and kept as bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from server.watcher.rollups.sketch import Sketch, decode, encode, read_varints, varints

PHASES: Final = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms", "rtt_ms", "tax_ms")
"""What has percentiles: the phases of a web request; the round trip of a media probe; what a way costs beside the direct one, which may
be negative. A phase is added at the end, never renamed: fields are named after them."""
LASTING: Final = ("total_ms", "tax_ms")
"""Those whose distribution is kept for long; the others' only as long as a day may have to be summed up anew."""
PASSING: Final = tuple(name for name in PHASES if name not in LASTING)
QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
ENOUGH: Final = 24
"""Samples below which no percentile is shown (design §6): the 95th would be the largest value itself."""
_COUNTS: Final = ("count", "reached", "judged", "inspected", "agents", "hours")


class Key(NamedTuple):
    """What a rollup is about, at its site."""

    workload: str
    route: str


@dataclass(slots=True)
class Tally:
    """`count` web probes, of which `reached` the service; `judged` findings with a conclusive verdict, of which `inspected` say so.

    `agents` is the most that took part in one hour, `hours` how many hours have something.
    """

    count: int = 0
    reached: int = 0
    judged: int = 0
    inspected: int = 0
    agents: int = 0
    hours: int = 0
    sketches: dict[str, Sketch] = field(default_factory=dict)

    def add(self, phase: str, value: float) -> None:
        """Take one measured time in, ms."""
        sketch = self.sketches.get(phase)
        if sketch is None:
            sketch = self.sketches[phase] = Sketch()
        sketch.add(value)

    def merge(self, other: "Tally") -> None:
        """Take all of another in."""
        for name in ("count", "reached", "judged", "inspected", "hours"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.agents = max(self.agents, other.agents)
        for phase, sketch in other.sketches.items():
            self.sketches.setdefault(phase, Sketch()).merge(sketch)

    def figures(self) -> dict[str, float | int]:
        """Return what is shown: counts, shares from 0 to 1, and percentiles of the phases with ENOUGH samples, as `total_ms_p95`."""
        found: dict[str, float | int] = {name: getattr(self, name) for name in _COUNTS}
        if self.count:
            found["availability"] = self.reached / self.count
        if self.judged:
            found["inspected_share"] = self.inspected / self.judged
        for phase in PHASES:
            sketch = self.sketches.get(phase)
            if sketch is not None and sketch.count >= ENOUGH:
                values = sketch.at_each([q for _, q in QUANTILES])
                found |= {f"{phase}_{name}": value for (name, _), value in zip(QUANTILES, values, strict=True)}
        return found


FIGURES: Final[Mapping[str, type]] = {
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys(("availability", "inspected_share"), float),
    **{f"{phase}_{name}": float for phase in PHASES for name, _ in QUANTILES},
}
"""Every figure there can be and its type, in the order of a table's columns."""


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return one tally of all."""
    whole = Tally()
    for one in tallies:
        whole.merge(one)
    return whole


def pack(tally: Tally, phases: Sequence[str]) -> bytes:
    """Return the counts and the named phases' sketches as bytes; equal tallies give equal bytes."""
    parts = [encode(tally.sketches[name]) if name in tally.sketches else b"" for name in phases]
    head = varints([*(getattr(tally, name) for name in _COUNTS), *(len(part) for part in parts)])
    return varints([len(head)]) + head + b"".join(parts)


def unpack(stored: bytes, phases: Sequence[str]) -> Tally:
    """Return the tally of bytes `pack` made with the same phases. Raises ValueError for other bytes."""
    numbers, tally = read_varints(stored), Tally()
    try:
        length = next(numbers)
        for name in _COUNTS:
            setattr(tally, name, next(numbers))
        sizes = [next(numbers) for _ in phases]
    except StopIteration:
        raise ValueError("a tally that ends before its end") from None
    at = len(varints([length])) + length
    for name, size in zip(phases, sizes, strict=True):
        if size:
            tally.sketches[name] = decode(stored[at : at + size])
        at += size
    return tally
