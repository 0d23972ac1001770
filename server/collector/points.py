"""Observations and findings to points: the only place where a measurement's tags and fields are spelled.

Tag keys are listed here and nowhere else. A tag is a word with few values; addresses, ids, reasons and verdicts are fields. A field
keeps its name and type for ever. A point's time is the measured nanosecond with its last three digits replaced by the
observation's index, so writing a report again gives the same rows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from judge.finding import Finding
from judge.impact import Impact
from server.history.port import Point, SharedFields, Value
from wire.facts import KnownFacts
from wire.observation import KnownObservation
from wire.report import Health, Report
from wire.target import Target

TAGS: Final = ("site", "agent", "target", "route", "workload", "category")
"""The tag keys of all measurements the collector writes, in their order on the line (the first write fixes it on InfluxDB 3)."""

MEASUREMENTS: Final = ("web", "dns", "egress", "host", "media", "quic", "websocket", "path", "finding")

Tags = tuple[tuple[str, str], ...]


def measured_ns(report: Report, at_us: int, index: int) -> int:
    """Return the time of one observation as it is stored."""
    return (report.cycle.started_ns + at_us * 1000) // 1000 * 1000 + index


class Label(NamedTuple):
    """What a point is about, whoever measured it: the same for all agents, so it is made once for each facts id."""

    target: str
    route: str
    workload: str
    category: str


def label_of(target: Target, route: str, name: str = "") -> Label:
    """Return the label of a target on a route; `name` is a finding's own where it is about an aspect of the target."""
    return Label(name or target.name, route, target.workload, target.category)


def tags_of(label: Label, site: str, agent: str) -> Tags:
    """Return the tags of all points about this target and route. Points of one report share the tuple; the encoder makes use of that."""
    return (
        ("site", site),
        ("agent", agent),
        ("target", label.target),
        ("route", label.route),
        ("workload", label.workload),
        ("category", label.category),
    )


def observation_point(observation: KnownObservation, facts: KnownFacts, tags: Tags, time_ns: int, report: Report) -> Point:
    """Return the point of one observation: its sample, and of its facts what a chart or a table asks for."""
    fields: dict[str, Value] = {"facts": observation.facts, "stream": report.stream, "seq": report.seq}
    sample = observation.__dict__  # a third of the cost of getattr, a thousand times a second
    for name in _SAMPLE_FIELDS[observation.kind]:
        value = sample[name]
        if value is not None:
            fields[name] = value
    _FACT_FIELDS[observation.kind](fields, observation, facts)
    if observation.kind == "host":
        _health(fields, report.cycle.health)
    if facts.failure is not None:
        fields["failure"] = facts.failure
        fields["stage"] = facts.stage or ""
    if observation.suspect:
        fields["suspect"] = True
    if observation.repeat:
        fields["repeat"] = True
    return Point(observation.kind, tags, fields, time_ns)


def _web(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    if facts.tls is not None:
        fields["tls"] = facts.tls
    if facts.page:
        fields["page"] = " ".join(facts.page)
    if facts.http is not None:
        fields["http"] = facts.http
    _trust(fields, facts)


def _dns(fields: dict[str, Value], observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    fields["answers"] = " ".join(observation.answers)
    fields["cnames"] = " ".join(facts.cnames)
    if facts.resolver:
        fields["resolver"] = facts.resolver
    if facts.answered_by_nobody is not None:
        fields["answered_by_nobody"] = facts.answered_by_nobody


def _egress(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    if facts.address is not None:
        fields["address"] = facts.address
    for name in ("signed", "asn", "as_name", "dns_address"):
        if (value := getattr(facts, name)) not in {None, ""}:
            fields[name] = value


def _media(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    for name in ("ephemeral", "audio", "realm", "mapped"):
        if value := getattr(facts, name):
            fields[name] = value


def _quic(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    if facts.version is not None:
        fields["version"] = facts.version
    if facts.alpn is not None:
        fields["alpn"] = facts.alpn
    _trust(fields, facts)


def _websocket(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    fields["upgraded"] = facts.upgraded
    if facts.status is not None:
        fields["status"] = facts.status
    if facts.idle:
        fields["idle"] = facts.idle
    if facts.tls is not None:
        fields["tls"] = facts.tls
    _trust(fields, facts)


def _trust(fields: dict[str, Value], facts: Any) -> None:  # noqa: ANN401 - any facts with a chain
    if facts.trust is not None:
        fields["trust_os"] = facts.trust.os
        fields["trust_public"] = facts.trust.public


def _host(fields: dict[str, Value], _observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    fields["system"] = facts.system
    fields["adapters"] = " ".join(facts.adapters)
    fields["vpn"] = " ".join(facts.vpn)
    fields["default_by"] = facts.default_by
    fields["tunnelled"] = len(facts.tunnelled)
    fields["untunnelled"] = len(facts.untunnelled)
    fields["added_roots"] = "; ".join(one.subject for one in facts.added_roots)
    fields["products"] = " ".join(facts.products)
    fields["proxies"] = ", ".join(f"{one.scope} {one.way} {one.server}".rstrip() for one in facts.proxies if one.way != "none")
    if facts.pac is not None:
        fields["pac_direct"] = len(facts.pac.direct)
        fields["pac_proxied"] = len(facts.pac.proxied)


def _path(fields: dict[str, Value], observation: Any, facts: Any) -> None:  # noqa: ANN401 - the kind chose this function
    fields["hops"] = " ".join(hop or "*" for hop in observation.hops)
    fields["method"] = facts.method
    fields["unroutable"] = facts.unroutable
    for name in ("ends_at", "control_port", "control_ends_at", "mss", "sack", "timestamps", "scaling"):
        value = getattr(facts, name)
        if value is not None:
            fields[name] = value


def _health(fields: dict[str, Value], health: Health) -> None:
    """Add what the agent says of itself, every ten minutes: it is in every report, and a row in each would be too much."""
    for name in HEALTH_FIELDS:
        value = getattr(health, name)
        if value is not None:
            fields[name] = value


HEALTH_FIELDS: Final = ("loop_lag_ms", "rss_mb", "cpu_ms", "spooled", "dropped", "clock_offset_ms", "uplink")
_SAMPLE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "web": (
        "address",
        "dns_ms",
        "connect_ms",
        "proxy_ms",
        "tls_ms",
        "first_byte_ms",
        "body_ms",
        "total_ms",
        "unaccounted_ms",
        "status",
        "body_bytes",
        "front_door",
        "server_ms",
        "health_score",
        "throughput_mbps",
        "bloat_ms",
        "clock",
        "error",
    ),
    "dns": ("dns_ms", "identity", "version", "resolver_egress", "clock", "error"),
    "egress": ("connect_ms", "total_ms", "clock", "error"),
    "host": ("ntp_offset_ms", "roots", "clock", "error"),
    "media": (
        "address",
        "dns_ms",
        "rtt_ms",
        "audio_rtt_ms",
        "jitter_ms",
        "loss_percent",
        "sent",
        "received",
        "alternate",
        "clock",
        "error",
    ),
    "quic": ("address", "dns_ms", "handshake_ms", "first_byte_ms", "total_ms", "status", "clock", "error"),
    "websocket": ("address", "dns_ms", "connect_ms", "proxy_ms", "tls_ms", "upgrade_ms", "ping_ms", "idle_s", "clock", "error"),
    "path": (
        "address",
        "connect_ms",
        "control_ms",
        "icmp_ms",
        "unroutable_ms",
        "microsoft_hop",
        "microsoft_ms",
        "direct_peering",
        "clock",
        "error",
    ),
}
_FACT_FIELDS: Mapping[str, Callable[[dict[str, Value], Any, Any], None]] = {
    "web": _web,
    "dns": _dns,
    "egress": _egress,
    "host": _host,
    "media": _media,
    "quic": _quic,
    "websocket": _websocket,
    "path": _path,
}

COST_FIELDS: Final = ("tax_ms", "tax_tls_ms", "tax_first_byte_ms", "points_lost")
"""What a finding costs, when another way was measured beside the direct one in the same report (`judge/impact.py`)."""

FIELD_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms", "unaccounted_ms"), float),
    **dict.fromkeys(("rtt_ms", "audio_rtt_ms", "jitter_ms", "loss_percent", "handshake_ms", "upgrade_ms", "ping_ms", "idle_s"), float),
    **dict.fromkeys(("status", "body_bytes", "seq", "rounds", "sent", "received"), int),
    **dict.fromkeys(("facts", "stream", "address", "front_door", "clock", "error", "tls", "http", "trust_os", "trust_public"), str),
    **dict.fromkeys(("answers", "cnames", "resolver", "failure", "stage"), str),
    **dict.fromkeys(("ntp_offset_ms", "loop_lag_ms", "rss_mb", "cpu_ms", "clock_offset_ms"), float),
    **dict.fromkeys(("spooled", "dropped"), int),
    **dict.fromkeys(("uplink", "identity", "version", "resolver_egress", "signed", "as_name", "dns_address"), str),
    **dict.fromkeys(("control_ms", "icmp_ms", "unroutable_ms", "microsoft_ms"), float),
    **dict.fromkeys(("ends_at", "control_port", "control_ends_at", "microsoft_hop", "mss"), int),
    **dict.fromkeys(("sack", "timestamps", "scaling", "direct_peering"), bool),
    **dict.fromkeys(("hops", "method", "unroutable"), str),
    **dict.fromkeys(("server_ms", "throughput_mbps", "bloat_ms"), float),
    **dict.fromkeys(("asn", "health_score"), int),
    "page": str,
    "answered_by_nobody": bool,
    **dict.fromkeys(("roots", "tunnelled", "untunnelled", "pac_direct", "pac_proxied"), int),
    **dict.fromkeys(("system", "adapters", "vpn", "default_by", "added_roots", "products", "proxies"), str),
    **dict.fromkeys(("verdict", "severity", "responsible", "vendor", "device_class", "device_key", "signals", "knowledge"), str),
    **dict.fromkeys(("ephemeral", "audio", "realm", "mapped", "alternate", "version", "alpn", "idle"), str),
    **dict.fromkeys(("suspect", "repeat", "deterministic", "upgraded"), bool),
    "confidence": float,
    **dict.fromkeys(COST_FIELDS, float),
}
"""Every field and its type, for ever: InfluxDB refuses a second type. A test holds that each point keeps to it."""


def cost_fields(shared: SharedFields, cost: Impact | None) -> dict[str, Value]:
    """Return a finding's fields with what it costs by this one report; the shared ones as they are where no other way was measured."""
    if cost is None or cost.tax is None:
        return shared
    fields: dict[str, Value] = {**shared, "tax_ms": float(cost.tax.total_ms)}
    for phase, ms in cost.tax.phases:
        if (name := f"tax_{phase}") in COST_FIELDS:
            fields[name] = float(ms)
    if cost.points is not None:
        fields["points_lost"] = float(cost.points)
    return fields


def finding_fields(finding: Finding, knowledge: str) -> SharedFields:
    """Return the fields of a finding's point; the same finding gives the same fields, so they are made once and shared."""
    device = finding.device
    fields = SharedFields(
        verdict=finding.verdict,
        severity=finding.severity,
        responsible=finding.responsible,
        confidence=float(finding.confidence),
        deterministic=finding.deterministic,
        signals=" ".join(one.signal for one in finding.evidence),
        knowledge=knowledge,
    )
    if device is not None:
        fields["device_key"] = finding.device_key
        fields["device_class"] = device.device_class
        if device.vendor:
            fields["vendor"] = device.vendor
    return fields
