"""What every history promises, run against each: `HistoryContract` with a `history` fixture that gives an empty store and a `now_ns`.

Lives here because fake and real must pass the same; nothing in it may know which store it runs against.
"""

import pytest

from server.history.port import History, Point, Value
from server.history.retention import RETENTION_S

MINUTE = 60 * 10**9
TAGS = (("agent", "a1"), ("target", "outlook.office365.com:443"))
OTHER = (("agent", "a2"), ("target", "outlook.office365.com:443"))


class HistoryContract:
    """One test for each sentence of the port."""

    @staticmethod
    async def newest(history: History, *fields: str, measurement: str = "web", since_ns: int = 0, **where: str) -> list[Point]:
        """Read back through the port, series in a fixed order."""
        points = await history.latest("mw_raw", measurement, fields, where, since_ns)
        return sorted(points, key=lambda point: point.tags)

    async def test_read_back(self, history: History, now_ns: int) -> None:
        """A point comes back equal: tags, fields with their types, time."""
        fields: dict[str, Value] = {
            "total_ms": 12.0,
            "status": 200,
            "suspect": False,
            "address": 'a "quoted" \\ text\nwith, all = of it é😀',
            "big": 2**63 - 1,
        }
        point = Point("web", TAGS, fields, now_ns)
        assert await history.write("mw_raw", [point]) == []
        assert await self.newest(history, *fields) == [point]

    async def test_empty(self, history: History) -> None:
        """Writing nothing is fine, and asking for what was never written gives nothing."""
        assert await history.write("mw_raw", []) == []
        assert await self.newest(history, "total_ms", measurement="never") == []
        assert await history.series("mw_raw", "never", "total_ms", {}, 0, 3, 1, "mean") == [(0, None), (1, None), (2, None)]

    async def test_union(self, history: History, now_ns: int) -> None:
        """The same point twice is one row with the union of the fields, the newest value winning."""
        for fields in ({"a": 1.0, "b": 1.0}, {"b": 2.5, "c": 3.0}):
            assert await history.write("mw_raw", [Point("web", TAGS, dict(fields), now_ns)]) == []
        assert await self.newest(history, "a", "b", "c") == [Point("web", TAGS, {"a": 1.0, "b": 2.5, "c": 3.0}, now_ns)]
        assert await history.series("mw_raw", "web", "b", {}, now_ns, now_ns + 1, 1, "count") == [(now_ns, 1.0)]

    async def test_hard_tags(self, history: History, now_ns: int) -> None:
        """Commas, blanks, equals, quotes and backslashes in tags survive; what line protocol cannot carry is rewritten alike."""
        hard = {
            'a,b=c d"e\\f': 'a,b=c d"e\\f',
            "\\,x": "\\,x",
            "é😀 ": "é😀 ",
            "line\nbreak\ttab": "line\\nbreak\\ttab",
            "ends in \\": "ends in /",
        }
        points = [Point("web", (("site", value),), {"a": 1.0}, now_ns) for value in hard]
        assert await history.write("mw_raw", points) == []
        for value, stored in hard.items():
            assert await self.newest(history, "a", site=value) == [Point("web", (("site", stored),), {"a": 1.0}, now_ns)]

    async def test_newest_of_each_series(self, history: History, now_ns: int) -> None:
        """`latest` gives one point a series: the newest that has one of the fields, not older than asked, tags matching."""
        rows = [
            Point("web", TAGS, {"a": 1.0}, now_ns - 2 * MINUTE),
            Point("web", TAGS, {"a": 2.0, "b": 1.0}, now_ns - MINUTE),
            Point("web", TAGS, {"elsewhere": 3.0}, now_ns),
            Point("web", OTHER, {"a": 4.0}, now_ns - 3 * MINUTE),
        ]
        assert await history.write("mw_raw", rows) == []
        first, second = Point("web", TAGS, {"a": 2.0}, now_ns - MINUTE), rows[3]
        assert await self.newest(history, "a") == [first, second]
        assert await self.newest(history, "a", since_ns=now_ns - MINUTE) == [first]
        assert await self.newest(history, "a", agent="a2") == [second]
        assert await self.newest(history, "a", agent="a2", target="nowhere:443") == []

    @pytest.mark.parametrize(
        ("fn", "expected"),
        [
            ("mean", [2.0, None, 6.0]),
            ("min", [1.0, None, 5.0]),
            ("max", [3.0, None, 7.0]),
            ("count", [2.0, None, 2.0]),
            ("last", [3.0, None, 5.0]),
        ],
    )
    async def test_series(self, history: History, now_ns: int, fn: str, expected: list[float | None]) -> None:
        """Steps begin where asked, the end is not included, an empty step is None, and all matching series are taken together."""
        start = now_ns - 10 * MINUTE + 12_345
        values = {start - 1: 99.0, start: 1.0, start + MINUTE - 1: 3.0, start + 2 * MINUTE: 7.0, start + 3 * MINUTE: 99.0}
        rows = [Point("web", TAGS, {"a": value}, time_ns) for time_ns, value in values.items()]
        rows += [Point("web", OTHER, {"a": 5.0}, start + 2 * MINUTE + 1), Point("web", (("agent", "a3"),), {"b": 1.0}, start)]
        assert await history.write("mw_raw", rows) == []
        found = await history.series("mw_raw", "web", "a", {}, start, start + 3 * MINUTE, MINUTE, fn)  # type: ignore[arg-type]
        assert found == [(start + step * MINUTE, value) for step, value in enumerate(expected)]

    async def test_series_of_some(self, history: History, now_ns: int) -> None:
        """Tags in `where` choose the series that are taken; whole numbers come back as floats."""
        await history.write("mw_raw", [Point("web", TAGS, {"n": 1}, now_ns), Point("web", OTHER, {"n": 2}, now_ns)])
        found = await history.series("mw_raw", "web", "n", {"agent": "a2"}, now_ns, now_ns + 1, 1, "max")
        assert found == [(now_ns, 2.0)]
        assert type(found[0][1]) is float

    async def test_samples(self, history: History, now_ns: int) -> None:
        """Every point in [start, end) with one of the fields comes once, by series, oldest first, with only the asked fields it has."""
        rows = [Point("web", TAGS, {"a": float(step), "n": step, "x": "no"}, now_ns + step) for step in range(-1, 6)]
        rows += [Point("web", OTHER, {"a": 7.0}, now_ns + 1), Point("web", OTHER, {"word": "w"}, now_ns + 2)]
        rows += [Point("web", OTHER, {"x": "no"}, now_ns + 3), Point("dns", TAGS, {"a": 1.0}, now_ns)]
        assert await history.write("mw_raw", rows) == []
        fields = ["a", "n", "word"]
        found = [piece async for piece in history.samples("mw_raw", "web", fields, {}, now_ns, now_ns + 5)]
        assert all(len({point.tags for point in piece}) == 1 for piece in found)
        expected = [Point("web", TAGS, {"a": float(step), "n": step}, now_ns + step) for step in range(5)]
        expected += [Point("web", OTHER, {"a": 7.0}, now_ns + 1), Point("web", OTHER, {"word": "w"}, now_ns + 2)]
        assert sorted((point for piece in found for point in piece), key=lambda point: (point.tags, point.time_ns)) == expected
        assert [type(point.fields["a"]) for point in found[0] if "a" in point.fields][:1] == [float]
        some = history.samples("mw_raw", "web", ["a"], {"agent": "a2"}, now_ns, now_ns + 5)
        assert [piece async for piece in some] == [[Point("web", OTHER, {"a": 7.0}, now_ns + 1)]]
        assert [piece async for piece in history.samples("mw_raw", "never", ["a"], {}, 0, now_ns)] == []

    async def test_samples_of_many(self, history: History, now_ns: int) -> None:
        """More rows of a series than one piece holds all come, in order; who stops early leaves the store as good as before."""
        count = 7_000
        for first in range(0, count, 1000):
            rows = [Point("web", TAGS, {"a": float(step)}, now_ns + step) for step in range(first, first + 1000)]
            assert await history.write("mw_raw", rows) == []
        found = [piece async for piece in history.samples("mw_raw", "web", ["a"], {}, now_ns, now_ns + count)]
        assert [point.time_ns for piece in found for point in piece] == [now_ns + step for step in range(count)]
        stopped = history.samples("mw_raw", "web", ["a"], {}, now_ns, now_ns + count)
        async for _ in stopped:
            break
        await stopped.aclose()
        assert len(await self.newest(history, "a")) == 1

    async def test_no_mean_of_text(self, history: History, now_ns: int) -> None:
        """Asking for the mean of a text is a mistake of the asker, said as ValueError; counting texts is fine."""
        await history.write("mw_raw", [Point("web", TAGS, {"word": "x"}, now_ns)])
        assert await history.series("mw_raw", "web", "word", {}, now_ns, now_ns + 1, 1, "count") == [(now_ns, 1.0)]
        with pytest.raises(ValueError, match="history"):
            await history.series("mw_raw", "web", "word", {}, now_ns, now_ns + 1, 1, "mean")

    async def test_conflict(self, history: History, now_ns: int) -> None:
        """A field keeps its type: the point of another type is rejected whole, its neighbours in the batch are stored."""
        assert await history.write("mw_raw", [Point("web", TAGS, {"a": 1.0}, now_ns)]) == []
        good = [Point("web", TAGS, {"a": float(step)}, now_ns + step) for step in range(1, 9)]
        bad = [Point("web", TAGS, {"a": 5, "fresh": 1.0}, now_ns + 20), Point("web", OTHER, {"a": "text"}, now_ns + 21)]
        rejected = await history.write("mw_raw", [bad[0], *good[:4], bad[1], *good[4:]])
        assert sorted((one.reason, one.point.time_ns) for one in rejected) == [("conflict", now_ns + 20), ("conflict", now_ns + 21)]
        assert all("a" in one.message and "type" in one.message for one in rejected)
        assert await self.newest(history, "a", "fresh") == [Point("web", TAGS, {"a": 8.0}, now_ns + 8)]
        assert await history.series("mw_raw", "web", "a", {}, now_ns, now_ns + 30, 30, "count") == [(now_ns, 9.0)]

    async def test_expired(self, history: History, now_ns: int) -> None:
        """Points older than the bucket keeps are rejected as expired, their neighbours stored; rollups live longer, events for ever."""
        kept_s = RETENTION_S["mw_raw"]
        assert kept_s is not None
        old_ns = now_ns - kept_s * 10**9 - 25 * 60 * MINUTE
        rows = [Point("web", TAGS, {"a": 1.0}, old_ns + step * MINUTE) for step in range(5)] + [Point("web", TAGS, {"a": 2.0}, now_ns)]
        rejected = await history.write("mw_raw", rows)
        assert [(one.reason, one.point) for one in rejected] == [("expired", row) for row in rows[:5]]
        assert await self.newest(history, "a") == [rows[5]]
        assert await history.write("mw_rollup", rows) == []
        ancient = [Point("event", TAGS, {"a": 1.0}, now_ns - 3000 * 1440 * MINUTE)]
        assert await history.write("mw_event", ancient) == []
        assert await history.latest("mw_event", "event", ["a"], {}, 0) == ancient

    @pytest.mark.parametrize(
        "broken",
        [
            Point("web", TAGS, {"a": float("nan")}, 1),
            Point("web", TAGS, {"a": float("-inf")}, 1),
            Point("web", TAGS, {"n": 2**63}, 1),
            Point("web", TAGS, {}, 1),
            Point("web", TAGS, {"time": 1.0}, 1),
            Point("#web", TAGS, {"a": 1.0}, 1),
            Point("web", (("time", "x"),), {"a": 1.0}, 1),
            Point("web", (("agent", ""),), {"a": 1.0}, 1),
            Point("web", (("agent", "x"), ("agent", "y")), {"a": 1.0}, 1),
            Point("web", (("agent", "x" * 70_000),), {"a": 1.0}, 1),
            Point("web", TAGS, {"a": 1.0}, 2**63 - 1),
            Point("web", TAGS, {"word": "\ud800"}, 1),
        ],
        ids=lambda point: str(point)[:60].encode("ascii", "replace").decode(),
    )
    async def test_malformed(self, history: History, now_ns: int, broken: Point) -> None:
        """A point that no store can read is rejected with words; its neighbours are stored."""
        good = [Point("web", TAGS, {"a": 1.0}, now_ns), Point("web", TAGS, {"a": 2.0}, now_ns + 1)]
        rejected = await history.write("mw_raw", [good[0], broken, good[1]])
        assert [(one.reason, one.point) for one in rejected] == [("malformed", broken)]
        assert rejected[0].message
        assert await self.newest(history, "a") == [good[1]]

    async def test_buckets_apart(self, history: History, now_ns: int) -> None:
        """What is in one bucket is not in another, types of fields included."""
        assert await history.write("mw_raw", [Point("web", TAGS, {"a": 1.0}, now_ns)]) == []
        assert await history.write("mw_event", [Point("web", TAGS, {"a": "text"}, now_ns)]) == []
        assert await history.latest("mw_event", "web", ["a"], {}, 0) == [Point("web", TAGS, {"a": "text"}, now_ns)]
