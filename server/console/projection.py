"""Where a place lies on the map: the Natural Earth projection, scaled to the map's own units. Pure arithmetic.

Polynomials: Šavrič, Jenny, Patterson, Petrovič, Hurni, "A Polynomial Equation for the Natural Earth Projection" (2011).
The map leaves out what nobody works on: it ends south of Cape Horn.
"""

import math

WIDTH = 1000.0
"""Map units from -180 to 180 degrees at the equator."""
NORTH, SOUTH = 84.0, -57.0
"""Degrees shown."""
_SCALE = WIDTH / (2 * math.pi * 0.8707)


def _plane(latitude: float, longitude: float) -> tuple[float, float]:
    phi, lam = math.radians(latitude), math.radians(longitude)
    phi2 = phi * phi
    phi4 = phi2 * phi2
    x = lam * (0.8707 - 0.131979 * phi2 - 0.013791 * phi4 + phi4 * phi4 * phi2 * (0.003971 - 0.001529 * phi2))
    y = phi * (1.007226 + phi2 * (0.015085 + phi2 * (-0.044475 + 0.028874 * phi2 - 0.005916 * phi4)))
    return x, y


_TOP = _plane(NORTH, 0)[1]
HEIGHT = round((_TOP - _plane(SOUTH, 0)[1]) * _SCALE)


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Return (x, y) in map units, x from 0 to WIDTH, y down from NORTH; a place beyond the map's edge is put on the edge."""
    x, y = _plane(max(SOUTH, min(NORTH, latitude)), max(-180.0, min(180.0, longitude)))
    return round(x * _SCALE + WIDTH / 2, 1), round((_TOP - y) * _SCALE, 1)
