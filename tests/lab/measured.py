"""Every measurement with its tags and fields, put together from the places that spell them. Data only."""

from collections.abc import Mapping

from server.collector import points as collected
from server.watcher import points as told
from server.watcher import state_points as stated
from server.watcher.rollups import points as rolled

_ALWAYS = ("facts", "stream", "seq", "failure", "stage", "suspect", "repeat")
_OF_FACTS = {
    "web": ("tls", "http", "page", "trust_os", "trust_public"),
    "dns": ("answers", "cnames", "resolver", "answered_by_nobody"),
    "egress": ("address", "signed", "asn", "as_name", "dns_address"),
    "host": (
        "system",
        "adapters",
        "vpn",
        "default_by",
        "tunnelled",
        "untunnelled",
        "added_roots",
        "products",
        "proxies",
        "pac_direct",
        "pac_proxied",
        *collected.HEALTH_FIELDS,
    ),
    "media": ("ephemeral", "audio", "realm", "mapped"),
    "path": ("hops", "method", "unroutable", "ends_at", "control_port", "control_ends_at", "mss", "sack", "timestamps", "scaling"),
    "quic": ("version", "alpn", "trust_os", "trust_public"),
    "websocket": ("upgraded", "status", "idle", "tls", "trust_os", "trust_public"),
}
"""What `observation_point` takes of the facts of each kind: its functions cannot be asked. A test holds the sum of all to FIELD_TYPES."""
_OF_FINDINGS = (
    ("verdict", "severity", "responsible", "confidence", "deterministic", "signals", "knowledge"),
    ("device_key", "device_class", "vendor"),
    collected.COST_FIELDS,
)

FIELDS: Mapping[str, frozenset[str]] = {
    **{kind: frozenset((*_ALWAYS, *collected._SAMPLE_FIELDS[kind], *facts)) for kind, facts in _OF_FACTS.items()},
    "finding": frozenset(name for part in _OF_FINDINGS for name in part),
    **{name: frozenset(types) for name, types in stated.FIELD_TYPES.items()},
    **{name: frozenset(types) for name, types in rolled.FIELD_TYPES.items()},
    told.MEASUREMENT: frozenset(told.FIELD_TYPES),
}
TAGS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(collected.MEASUREMENTS, collected.TAGS),
    **stated.TAGS,
    **rolled.TAGS,
    told.MEASUREMENT: told.TAGS,
}
BUCKETS: Mapping[str, str] = {
    **dict.fromkeys(TAGS, "mw-raw"),
    **dict.fromkeys(rolled.TAGS, "mw-rollup"),
    told.MEASUREMENT: "mw-event",
}
"""The data source each measurement is read from."""
