"""Maps: offline outlines below, one layer a shape above, each fed by one query."""

from dashboards.geography import OUTLINES, family, geomap, labels, markers, outlines, refs, route, symbol
from dashboards.panel import Query
from dashboards.states import FAMILIES, INK


def test_the_base_of_the_map_is_grafanas_own_file() -> None:
    """No tile is fetched from anywhere."""
    made = geomap("T", "D", [Query("q")], [], [], (12, 10), "one").made(1, 0, 0)
    assert made["options"]["basemap"] == outlines()
    assert outlines()["config"]["src"] == OUTLINES == "public/maps/countries.geojson"
    assert made["options"]["view"]["layer"] == "one"


def test_each_shape_is_a_layer_without_names() -> None:
    """Shape carries the state; names of near sites would lie over one another, the tooltip and the list have them."""
    layers = [family(one, "A") for one in FAMILIES]
    styles = [one["config"]["style"] for one in layers]
    assert len({(one["symbol"]["fixed"], one["rotation"]["fixed"], one["opacity"]) for one in styles}) == len(FAMILIES)
    assert [one["name"] for one in layers] == [one.name for one in FAMILIES]


def test_names_are_written_in_the_pages_own_ink() -> None:
    """A marker's colour need not be readable; its name must be."""
    made = labels("site", "B", "name", lower=14)
    assert made["config"]["style"]["color"] == {"fixed": INK}
    assert made["config"]["style"]["textConfig"]["offsetY"] == 14
    assert "symbol" not in made["config"]["style"]


def test_a_layer_draws_one_query() -> None:
    """Coordinates by the names of the columns, rows by the query's reference."""
    for layer in (markers("m", "C", symbol("cross", "red")), route("r", "C")):
        assert layer["filterData"] == {"id": "byRefId", "options": "C"}
        assert layer["location"] == {"mode": "coords", "latitude": "lat", "longitude": "lon"}
    assert refs([Query("q")] * 3) == "ABC"
