"""The map: every placed site is a marker, the worst on top, ways out dashed where facts are missing, labels apart."""

from typing import Any

import pytest

from server.console import map_view
from server.console.map_view import Label, MapView
from server.console.projection import HEIGHT, WIDTH
from server.fleet.registry import Place
from tests.fakes.pictures import picture, site

HERE = Place(50.0, 8.0)


def test_one_marker_a_site() -> None:
    """All placed sites are on the map; one without a place is named beside it."""
    seen = map_view.view([site("A", place=HERE), site("B")], "A")
    assert [one.site for one in seen.markers] == ["A"]
    assert seen.unplaced == ["B"]


def test_worst_and_chosen_are_drawn_last() -> None:
    """What is drawn last lies on top: real over simulated, bad over good, the chosen one over all."""
    far = [
        site("good", place=HERE),
        site("bad", "blocked", place=HERE),
        site("sim", "blocked", place=HERE, simulated=True),
        site("mine", place=HERE),
    ]
    assert [one.site for one in map_view.view(far, "mine").markers] == ["sim", "good", "bad", "mine"]


def test_simulated_sites_are_smaller_and_say_so() -> None:
    """A simulated site has a smaller marker, no label, and the word in its title."""
    seen = map_view.view([site("real", place=HERE), site("sim", place=Place(0, 0), simulated=True)], "real")
    small, large = sorted(seen.markers, key=lambda one: one.size)
    assert (small.site, large.site) == ("sim", "real")
    assert small.title == "sim: clean (simulated)"
    assert [one.text for one in seen.labels] == ["real"]


def test_way_out_of_the_chosen_site() -> None:
    """The chosen site has a line to its egress and on to its front door; others have none."""
    known: dict[str, Any] = {"place": HERE, "egress_place": Place(50.1, 8.5), "front_door_place": Place(50.0, 8.6)}
    seen = map_view.view([site("A", **known), site("B", **known)], "A")
    assert [(way.stop, way.dashed, way.far) for way in seen.ways] == [("egress", False, False), ("door", False, False)]


@pytest.mark.parametrize(
    ("known", "dashed"),
    [
        ({"egress_place": Place(50.1, 8.5)}, True),
        ({"front_door_place": Place(50.0, 8.6)}, True),
        ({"egress_place": Place(50.1, 8.5), "front_door_place": Place(1.3, 103.9)}, True),
    ],
    ids=["no front door", "no egress", "they disagree"],
)
def test_dashed_ways(known: dict[str, Any], *, dashed: bool) -> None:
    """A way with a fact missing, or with an egress and a front door far apart, is dashed."""
    seen = map_view.view([site("A", place=HERE, **known)], "A")
    assert {way.dashed for way in seen.ways} == {dashed}


def test_backhaul_is_drawn_without_being_chosen() -> None:
    """A site that leaves over 800 km away has its line, and says how far."""
    far = site("far", place=HERE, egress_place=Place(32.8, -96.8), front_door_place=Place(32.9, -97.0), distance_km=8200.0)
    seen = map_view.view([site("A", place=HERE), far], "A")
    assert {way.far for way in seen.ways} == {True}
    assert next(one for one in seen.markers if one.site == "far").title.endswith("backhaul, leaves 8\u202f200 km away")


def test_labels_do_not_cover_each_other() -> None:
    """Sites that lie together have their names on different sides, or none."""
    near = [site(name, place=Place(50 + step / 10, 8 + step / 10)) for step, name in enumerate(("Frankfurt", "Offenbach", "Hanau"))]
    seen = map_view.view(near, "Hanau")
    assert seen.labels[0].text == "Hanau"
    areas = [_area(one, seen) for one in seen.labels]
    pairs = [(one, other) for index, one in enumerate(areas) for other in areas[index + 1 :]]
    assert not any(map_view._meet(one, other) for one, other in pairs)


def _area(label: Label, seen: MapView) -> map_view.Box:
    high = map_view.LABEL * seen.unit
    wide = len(label.text) * high * 0.5
    left = {"start": label.x, "end": label.x - wide, "middle": label.x - wide / 2}[label.anchor]
    return left, label.y - high, left + wide, label.y


def test_map_is_cut_to_what_there_is() -> None:
    """Sites of one country show that country, in the shape of the whole map; none show the world."""
    box = map_view.view([site("A", place=HERE)], "A").box
    assert map_view.NARROWEST <= box[2] < 300
    assert box[3] == pytest.approx(box[2] * HEIGHT / WIDTH, abs=0.1)
    assert map_view.view([], "").box == (0.0, 0.0, WIDTH, HEIGHT)


def test_thousand_sites() -> None:
    """A thousand sites are a thousand markers."""
    sites = picture(sites=1000).sites
    assert len(map_view.view(sites, "Frankfurt").markers) == len(sites) == 1003
