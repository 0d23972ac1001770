"""What stands in the path costs: milliseconds by phase, points, failures, and in whose part of the path the time is spent. Pure arithmetic.

A figure is made of samples taken back to back, or of a time before and a time after; which it was is said. What cannot be known is
`unknown` and is never given to somebody: a segment gets time only from a measurement of its own end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.scores import Score, quantile

Phase = Literal["dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms"]
PHASES: tuple[Phase, ...] = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms")
Times = Mapping[Phase, float | None]
"""Phases of one request, ms; a phase that did not happen is missing or None."""
Method = Literal["back to back", "before and after"]
Segment = Literal["client", "network", "intermediary", "isp", "microsoft", "unknown"]
SEGMENTS: tuple[Segment, ...] = ("client", "network", "intermediary", "isp", "microsoft", "unknown")
_WORDS: dict[Segment, str] = {
    "client": "the client's own link",
    "network": "LAN and WAN",
    "intermediary": "the intermediary",
    "isp": "the Internet provider",
    "microsoft": "Microsoft",
    "unknown": "not known",
}
_SLACK = 1.1
"""Parts are medians of different packets: up to a tenth more than the whole is noise, beyond it the parts do not belong together."""


@dataclass(frozen=True, slots=True)
class Tax:
    """What a request costs more by one way than by the other, ms: by phase and in all; negative when it is quicker.

    `samples` counts the pairs, or the samples of the side with fewer.
    """

    phases: tuple[tuple[Phase, float], ...]
    total_ms: float
    samples: int
    method: Method


@dataclass(frozen=True, slots=True)
class Failures:
    """Shares of requests that failed, in percent, by the way with the intermediary and by the one without."""

    with_percent: float
    without_percent: float

    @property
    def added_percent(self) -> float:
        """Return how many percent more fail with it."""
        return round(self.with_percent - self.without_percent, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One segment's time and its share of the whole."""

    segment: Segment
    ms: float
    percent: float


@dataclass(frozen=True, slots=True)
class Responsibility:
    """The whole time to the first byte, split by whose part of the path it is spent in. `consistent`: the parts fit into the whole."""

    total_ms: float
    parts: tuple[Part, ...]
    consistent: bool

    def of(self, segment: Segment) -> Part:
        """Return one segment's part; of nothing when it has none."""
        return next((one for one in self.parts if one.segment == segment), Part(segment, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of a path's inner ends: least round trips in ms to the first hop, the last private hop, the first hop of AS 8075.

    `added_ms`: what the intermediary adds up to the first byte; `server_ms`: what the server says it worked (`SPIisLatency`).
    """

    first_hop_ms: float | None = None
    private_ms: float | None = None
    microsoft_ms: float | None = None
    added_ms: float | None = None
    server_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """What a finding costs. A part that was not measured is None; `text` is one sentence with what there is."""

    tax: Tax | None = None
    points: float | None = None
    failures: Failures | None = None
    responsibility: Responsibility | None = None
    text: str = ""


def tax_of_pairs(pairs: Sequence[tuple[Times, Times]]) -> Tax | None:
    """Return the inspection tax of (direct, other) requests made back to back: the median of the differences of each phase.

    A phase counts in the pairs where both ways have it, `proxy_ms` as nothing where a way has no proxy. None without a pair of totals.
    """
    phases: list[tuple[Phase, float]] = []
    for phase in PHASES:
        both = [(_time(direct, phase), _time(other, phase)) for direct, other in pairs]
        differences = [other - direct for direct, other in both if direct is not None and other is not None]
        if differences:
            phases.append((phase, round(quantile(differences, 0.5), 3)))
    return _tax(phases, len(pairs), "back to back")


def tax_before_after(before: Sequence[Times], after: Sequence[Times]) -> Tax | None:
    """Return the tax of one way before and after something changed: the difference of each phase's medians. None without both."""
    phases: list[tuple[Phase, float]] = []
    for phase in PHASES:
        earlier = [value for one in before if (value := _time(one, phase)) is not None]
        later = [value for one in after if (value := _time(one, phase)) is not None]
        if earlier and later:
            phases.append((phase, round(quantile(later, 0.5) - quantile(earlier, 0.5), 3)))
    return _tax(phases, min(len(before), len(after)), "before and after")


def points_lost(without: Score, with_it: Score) -> float | None:
    """Return how many points a workload loses by the intermediary; negative when it gains. None when either has no score."""
    if without.points is None or with_it.points is None:
        return None
    return round(without.points - with_it.points, 1)


def failures_of(failed: int, tried: int, failed_without: int, tried_without: int) -> Failures | None:
    """Return the shares of failed requests, or None when one way was never tried."""
    if tried <= 0 or tried_without <= 0:
        return None
    return Failures(round(100 * failed / tried, 1), round(100 * failed_without / tried_without, 1))


def responsibility(round_trip_ms: float, first_byte_ms: float, marks: Marks) -> Responsibility:
    """Split the time from request to first byte at the ends that were measured. All marks are of the way without the intermediary.

    `round_trip_ms`: to the front door without the intermediary. client: to the first hop. network: from there to the last private hop. isp:
    from there to the first hop of AS 8075. microsoft: the rest of the round trip, and the server's work. intermediary: what it adds.
    Time that no mark divides is unknown. Parts that do not fit into the whole are not used: all is unknown then, `consistent` is False.
    """
    total = max(first_byte_ms, 0.0)
    times: dict[Segment, float] = {}
    edge, behind = marks.private_ms, marks.microsoft_ms
    if marks.first_hop_ms is not None:
        times["client"] = marks.first_hop_ms
    if edge is not None:
        times["network"] = max(0.0, edge - (marks.first_hop_ms or 0.0))
    if edge is not None and behind is not None:
        times["isp"] = max(0.0, behind - edge)
    if marks.added_ms is not None:
        times["intermediary"] = max(0.0, marks.added_ms)
    if behind is not None:
        times["microsoft"] = max(0.0, round_trip_ms - behind)
    if marks.server_ms is not None:
        times["microsoft"] = times.get("microsoft", 0.0) + marks.server_ms
    known = sum(times.values())
    consistent = known <= total * _SLACK
    if not consistent:
        times, known = {}, 0.0
    times["unknown"] = max(0.0, total - known)
    whole = sum(times.values()) or 1.0
    parts = tuple(Part(one, round(times[one], 3), round(100 * times[one] / whole, 1)) for one in SEGMENTS if times.get(one))
    return Responsibility(round(total, 3), parts, consistent)


def impact(
    tax: Tax | None = None,
    points: float | None = None,
    failures: Failures | None = None,
    split: Responsibility | None = None,
) -> Impact | None:
    """Return the impact of what was measured, with its sentence; None when nothing was."""
    said = []
    if tax is not None:
        said.append(_tax_words(tax))
    if points is not None and points != 0:
        said.append(f"{'costs' if points > 0 else 'gains'} {abs(points):g} points")
    if failures is not None and failures.added_percent:
        said.append(f"{failures.with_percent:g} % of requests fail, {failures.without_percent:g} % without it")
    if split is not None and (worst := _worst(split)) is not None:
        said.append(f"{worst.percent:.0f} % of the time is spent in the part of {_WORDS[worst.segment]}")
    if tax is None and points is None and failures is None and split is None:
        return None
    text = "; ".join(said)
    return Impact(tax, points, failures, split, f"{text[0].upper()}{text[1:]}." if text else "No measurable difference.")


def _time(times: Times, phase: Phase) -> float | None:
    """Return a phase's time. A way without a proxy spends no time on one, so a proxy's cost is whole."""
    value = times.get(phase)
    return 0.0 if value is None and phase == "proxy_ms" and times.get("total_ms") is not None else value


def _tax(phases: list[tuple[Phase, float]], samples: int, method: Method) -> Tax | None:
    total = dict(phases).get("total_ms")
    if total is None:
        return None
    return Tax(tuple((phase, ms) for phase, ms in phases if phase != "total_ms"), total, samples, method)


def _tax_words(tax: Tax) -> str:
    most = max(tax.phases, key=lambda pair: abs(pair[1]), default=None)
    where = f", most of it in {most[0].removesuffix('_ms').replace('_', ' ')} ({most[1]:+.1f} ms)" if most and abs(most[1]) >= 1 else ""
    count = f"{tax.samples} {'pair' if tax.method == 'back to back' else 'sample'}{'' if tax.samples == 1 else 's'}"
    return f"{tax.total_ms:+.1f} ms a request ({tax.method}, {count}){where}"


def _worst(split: Responsibility) -> Part | None:
    known = [one for one in split.parts if one.segment != "unknown"]
    return max(known, key=lambda one: one.ms, default=None)
