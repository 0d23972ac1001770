"""The line-protocol encoder against two oracles: the client library's own encoder, and a real influxd that reads the lines back."""

import time
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point as OraclePoint
from influxdb_client.domain.write_precision import WritePrecision

from server.history import lines
from server.history.influx import Influx
from server.history.port import Point, Value
from tests.servers.influx import Influx as InfluxServer

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True).filter(lambda name: name != "time")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TAG_VALUES = TEXTS.filter(bool)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(INTEGERS, FLOATS, st.booleans(), TEXTS)
POINTS = st.builds(
    Point,
    NAMES,
    st.dictionaries(NAMES, TAG_VALUES, max_size=7).map(lambda tags: tuple(sorted(tags.items()))),
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=12),
    st.integers(0, 2**63 - 2),
)
numbers = count()


def oracle_line(point: Point) -> str:
    """Return the client library's line for the same point."""
    oracle: Any = OraclePoint(point.measurement)  # type: ignore[no-untyped-call]
    oracle.time(point.time_ns, WritePrecision.NS)
    for key, value in point.tags:
        oracle.tag(key, value)
    for key, field in point.fields.items():
        oracle.field(key, field)
    return str(oracle.to_line_protocol())


def same_as_oracle(value: Value) -> bool:
    """Return whether both spell a value alike: the library writes the float 5.0 as `5`, which is the same number to InfluxDB."""
    return type(value) is not float or not repr(value).endswith(".0")


@given(POINTS)
def test_same_as_the_client_library(point: Point) -> None:
    """With tags and fields in the library's order (sorted) both encoders write the same line."""
    point.fields = {key: value for key, value in sorted(point.fields.items()) if same_as_oracle(value)} or {"a": 1}
    point.tags = tuple((key, value) for key, value in point.tags if not value.endswith("\\") and "\0" not in value)
    assert lines.encode(point).decode() == oracle_line(point)


async def read_back(store: Influx, points: list[Point]) -> list[Point]:
    """Write points of one measurement and return them as InfluxDB gives them back."""
    assert await store.write("mw_raw", points) == []
    fields = sorted({name for point in points for name in point.fields})
    return await store.latest("mw_raw", points[0].measurement, fields, {}, 0)


@given(
    st.lists(
        st.tuples(TAG_VALUES, INTEGERS, FLOATS, st.booleans(), TEXTS),
        min_size=1,
        max_size=20,
        unique_by=lambda row: lines.tag_value(row[0]),
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_real_server_reads_the_same(influx: InfluxServer, rows: list[tuple[str, int, float, bool, str]]) -> None:
    """The real influxd takes every line and gives back equal values of equal types; tags as `tag_value` says."""
    store = Influx(influx.settings())
    measurement, time_ns = f"m{next(numbers)}", time.time_ns()
    written = [
        Point(measurement, (("other", "x"), ("site", tag)), {"i": whole, "f": number, "b": flag, "s": text}, time_ns)
        for tag, whole, number, flag, text in rows
    ]
    found = await read_back(store, written)
    await store.close()
    expected = [
        Point(measurement, (("other", "x"), ("site", lines.tag_value(row[0]))), point.fields, time_ns)
        for row, point in zip(rows, written, strict=True)
    ]
    by_site = {point.tags[1][1]: point for point in found}
    assert [by_site[point.tags[1][1]] for point in expected] == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("value", "stored"),
    [("plain", "plain"), ("ends\\", "ends/"), ("ends\\\\", "ends\\/"), ("\\", "/"), ("a\nb\r\t\0", "a\\nb\\r\\t\\0"), ("a, =", "a, =")],
)
def test_tag_value(value: str, stored: str) -> None:
    """Only what line protocol cannot carry is rewritten."""
    assert lines.tag_value(value) == stored
    assert lines.tag_value(stored) == stored


def test_empty_tag_value() -> None:
    """An empty tag value refuses the batch at influxd (400), so it is refused here."""
    with pytest.raises(ValueError, match="empty"):
        lines.tag_value("")


@pytest.mark.parametrize("word", ["", "time", "_field", "#web", "a b", "a,b", 'a"b', "1a", "é", "a" * 129, "a\n"])
def test_names(word: str) -> None:
    """A name is a plain word; what InfluxDB reserves, or would read as something else, is refused wherever a name stands."""
    point = Point("web", (("agent", "a1"),), {"total_ms": 1.0}, 1)
    for broken in (
        Point(word, point.tags, point.fields, 1),
        Point("web", ((word, "x"),), point.fields, 1),
        Point("web", point.tags, {word: 1.0}, 1),
    ):
        with pytest.raises(ValueError, match="cannot name"):
            lines.encode(broken)


def test_example() -> None:
    """One whole line, as documentation."""
    tags = (("agent", "a1"), ("site", "Frankfurt am Main"))
    point = Point("web", tags, {"total_ms": 5.0, "status": 200, "suspect": False, "error": 'said "no"'}, 1_795_000_000_123_456_789)
    assert lines.encode(point) == (
        b'web,agent=a1,site=Frankfurt\\ am\\ Main total_ms=5.0,status=200i,suspect=false,error="said \\"no\\"" 1795000000123456789'
    )


@pytest.mark.parametrize(("time_ns", "fine"), [(2 - 2**63, True), (2**63 - 2, True), (1 - 2**63, False), (2**63 - 1, False)])
def test_time_limits(time_ns: int, fine: bool) -> None:  # noqa: FBT001 - a table's column
    """The first and last nanosecond InfluxDB takes are taken, the next ones refused."""
    point = Point("web", (), {"a": 1.0}, time_ns)
    if fine:
        assert lines.encode(point).endswith(str(time_ns).encode())
    else:
        with pytest.raises(ValueError, match="64 bits"):
            lines.encode(point)


def test_caches_are_bounded() -> None:
    """However many series, names and values pass through, what is remembered of them has a bound."""
    caches = [value for value in vars(lines).values() if hasattr(value, "cache_info")]
    assert caches
    for number in range(2_000):
        lines.encode(Point("web", (("agent", f"a{number}"),), {f"f{number}": 1.0}, 1))
    for cache in caches:
        assert cache.cache_info().currsize <= cache.cache_info().maxsize <= 65_536
