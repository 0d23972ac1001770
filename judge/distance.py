"""How far places are apart, and how far a packet can have come: great circles and the speed of light in fibre. Pure arithmetic.

Light in fibre covers about 100 km of a round trip in a millisecond (refractive index 1.47: 204 km one way). Cables are longer than great
circles, so the bound is a bound: a place farther away than it is not where the packet went.
"""

from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0
KM_PER_RTT_MS = 100.0
"""Microsoft's own working figure is slower still: 25 ms for 500 miles."""


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance of two places in km. Degrees, north and east up."""
    north, other_north = radians(latitude), radians(other_latitude)
    across = sin((other_north - north) / 2) ** 2
    along = sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(across + cos(north) * cos(other_north) * along)))


def rtt_bound_km(rtt_ms: float) -> float:
    """Return how far away the answering end can be at most, in km, for a round trip in milliseconds."""
    return max(0.0, rtt_ms) * KM_PER_RTT_MS


def rtt_floor_ms(km: float) -> float:
    """Return the least round trip in milliseconds over a distance in km."""
    return km / KM_PER_RTT_MS
