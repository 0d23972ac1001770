"""The table: every row of Microsoft's connectivity test, in its order. Start here."""

from collections.abc import Callable
from typing import Final

from judge.connectivity import front, hosts, local, marks, voice, way
from judge.connectivity.look import Look
from judge.connectivity.row import Row

ROWS: Final[tuple[Callable[[Look], Row], ...]] = (
    way.location,
    way.egress,
    way.egress_distance,
    local.proxy,
    local.vpn,
    local.vpn_split,
    way.nearby,
    front.dns_time,
    way.resolver,
    front.exchange_front_door,
    front.potential,
    front.sharepoint_front_door,
    front.download,
    front.buffer_bloat,
    voice.media,
    voice.loss,
    voice.latency,
    voice.jitter,
    hosts.http,
    hosts.tls,
    hosts.path,
    hosts.copilot,
    marks.coverage,
    marks.assessment,
)
"""Microsoft 365 network connectivity test, rows as documented 2024-12-04; the last two are ours."""


def rows(look: Look) -> tuple[Row, ...]:
    """Return all rows; what was not measured is a row that says so."""
    return tuple(row(look) for row in ROWS)
