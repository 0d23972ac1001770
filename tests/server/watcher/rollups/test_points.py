"""Holds server/watcher/rollups/points.py: tags in their order, fields of their types."""

from server.history import lines
from server.watcher.rollups.points import FIELD_TYPES, TAGS, day_point, hour_point
from server.watcher.rollups.tally import Key, Tally


def test_points() -> None:
    """Both measurements keep to their tags and types, and any store takes them."""
    tally = Tally(count=30, reached=29, judged=30, agents=1, hours=1)
    for step in range(30):
        tally.add("total_ms", float(step))
    for point in (
        hour_point("Porto", Key("Exchange", "direct"), 5, tally),
        day_point("Porto", Key("Exchange", "direct"), "24x7", 5, tally),
    ):
        assert tuple(name for name, _ in point.tags) == TAGS[point.measurement]
        assert {name: type(value) for name, value in point.fields.items()}.items() <= FIELD_TYPES[point.measurement].items()
        assert b"total_ms_p95=" in lines.encode(point)
