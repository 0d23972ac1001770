"""One site's Teams media, QUIC and WebSocket: what gets through beside HTTPS, and how fast. Queries only."""

from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, chart, table
from dashboards.scope import HERE
from dashboards.states import yes_or_no

_BY = ["target", "agent", "route"]
_WHO = (Column("target", "Target", width=260), Column("agent", "Agent", width=120), Column("route", "Route", width=80))
_HOW = (
    Column("failure", "Failed by", width=110, absent="nothing"),
    Column("stage", "in stage", width=100, absent="-"),
    Column("error", "in words", absent="-"),
)
_TRUST = (Column("trust_os", "Trusted here", width=110, absent="no chain"), Column("trust_public", "publicly", width=90, absent="no chain"))


def media() -> Panel:
    """Return what the relay answered, by port."""
    fields = ("ephemeral", "audio", "mapped", "realm", "alternate", "address", "sent", "received", "failure", "stage", "error")
    return table(
        "Does Teams media get through? The relay's answers by port",
        "Which request was answered from any source port, and from one of 50000 to 50019? Silence alone proves nothing.",
        Query(select(last("facts", fields), "media", HERE, _BY)),
        [
            *_WHO,
            Column("ephemeral", "Answer, any port", width=140, absent="none"),
            Column("audio", "Answer, audio port", width=150, absent="none"),
            Column("mapped", "Our address there", width=140, absent="not told"),
            Column("realm", "Realm", width=110, absent="not told"),
            Column("alternate", "Named instead", width=150, absent="nobody"),
            Column("address", "Relay", width=120),
            Column("sent", "Sent", width=60),
            Column("received", "received", width=80),
            *_HOW,
        ],
        (24, 5),
        "media was not measured in this window",
    )


def media_times() -> Panel:
    """Return round trip, jitter and loss of the relay's control plane."""
    means = (
        'mean("rtt_ms") AS "round trip", mean("audio_rtt_ms") AS "round trip, audio port", mean("jitter_ms") AS "jitter", '
        'mean("loss_percent") AS "loss (%)", mean("dns_ms") AS "lookup"'
    )
    names = ("round trip", "round trip, audio port", "jitter", "loss (%)", "lookup")
    return chart(
        "Relay: round trip, jitter, lookup (ms), loss (%)",
        "Is the way to the relay quick and even? Figures of its control plane, not of a call; Microsoft asks for 100 ms, 30 ms and 1 %.",
        [Query(select(means, "media", HERE, steps=True), form="time_series", alias="$col")],
        [Column(name, name) for name in names],
        (24, 7),
    )


def quic() -> Panel:
    """Return how HTTP/3 fares, by target."""
    fields = ("version", "alpn", "status", "trust_os", "trust_public", "handshake_ms", "first_byte_ms", "total_ms", "dns_ms", "address")
    return table(
        "Does QUIC (HTTP/3 on UDP 443) get through?",
        "Devices that read TLS cannot read QUIC and stop it. Compare with what the same host offers over TCP (Alt-Svc).",
        Query(select(last("facts", (*fields, "failure", "stage", "error")), "quic", HERE, _BY)),
        [
            *_WHO,
            Column("version", "Version", width=100, absent="none"),
            Column("alpn", "ALPN", width=70, absent="none"),
            Column("status", "Status", width=70, absent="none"),
            *_TRUST,
            Column("handshake_ms", "Handshake", unit="ms", decimals=0, width=95),
            Column("first_byte_ms", "first byte", unit="ms", decimals=0, width=90),
            Column("total_ms", "in all", unit="ms", decimals=0, width=80),
            Column("dns_ms", "lookup", unit="ms", decimals=0, width=80),
            Column("address", "Server", width=120),
            *_HOW,
        ],
        (24, 5),
        "QUIC was not measured in this window",
    )


def websocket() -> Panel:
    """Return how upgrades fare, by target and route."""
    phases = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "upgrade_ms", "ping_ms")
    words = ("lookup", "connect", "proxy", "TLS", "upgrade", "ping after silence")
    fields = ("upgraded", "status", "idle", "idle_s", *phases, "tls", "trust_os", "trust_public", "address")
    return table(
        "Does WebSocket get through, and does it outlive silence?",
        "Copilot and co-authoring need the upgrade (status 101) and a connection that is not forgotten while nobody speaks.",
        Query(select(last("facts", (*fields, "failure", "stage", "error")), "websocket", HERE, _BY)),
        [
            *_WHO,
            Column("upgraded", "Upgraded", width=90, mappings=yes_or_no()),
            Column("status", "Status", width=70, absent="none"),
            Column("idle", "After silence", width=110, absent="not held"),
            Column("idle_s", "of", unit="s", decimals=0, width=60),
            *(Column(name, word, unit="ms", decimals=0, width=85) for name, word in zip(phases, words, strict=True)),
            Column("tls", "TLS version", width=100, absent="none"),
            *_TRUST,
            Column("address", "Server", width=120, absent="behind a proxy"),
            *_HOW,
        ],
        (24, 5),
        "WebSocket was not measured in this window",
    )
