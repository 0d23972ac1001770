"""The three sites with real agents: data only. Egress addresses are of 203.0.113.0/24, kept for documentation (RFC 5737)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RealSite:
    """A site whose agents are real processes. `delay_ms` is one way to its front door; `breakout` is where its egress is."""

    name: str
    zone: str
    latitude: float
    longitude: float
    egress_address: str
    breakout: str
    front_door: str
    delay_ms: float
    agents: tuple[str, ...]


REAL_SITES = (
    RealSite("Frankfurt", "Europe/Berlin", 50.11, 8.68, "203.0.113.10", "Frankfurt, DE-CIX", "FRA", 3.0, ("frankfurt-01", "frankfurt-02")),
    RealSite("Lyon", "Europe/Paris", 45.76, 4.84, "203.0.113.20", "Lyon, own breakout", "CDG", 6.0, ("lyon-01",)),
    RealSite("Porto", "Europe/Lisbon", 41.15, -8.61, "203.0.113.30", "Porto, own breakout", "LIS", 7.0, ("porto-01",)),
)
