"""Places on the map: the middle, the edges, and that north is up."""

import pytest

from server.console.projection import HEIGHT, WIDTH, project


def test_middle_and_edges() -> None:
    """The meridian of Greenwich is the middle, the date line at the equator the edge."""
    assert project(0, 0)[0] == WIDTH / 2
    assert project(0, 180)[0] == pytest.approx(WIDTH)
    assert project(0, -180)[0] == pytest.approx(0)


def test_north_is_up_and_east_is_right() -> None:
    """Frankfurt is north-east of Porto."""
    frankfurt, porto = project(50.11, 8.68), project(41.15, -8.61)
    assert frankfurt[0] > porto[0]
    assert frankfurt[1] < porto[1]


@pytest.mark.parametrize("place", [(90, 0), (-90, 0), (89, 500), (-89, -500)])
def test_everything_is_on_the_map(place: tuple[float, float]) -> None:
    """A place beyond the edge stands on it."""
    x, y = project(*place)
    assert (0 <= x <= WIDTH, 0 <= y <= HEIGHT) == (True, True)
