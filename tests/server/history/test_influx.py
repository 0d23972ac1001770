"""InfluxDB as history: the contract against the real server, and each of its unhappy answers against a fake one."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from server.history.influx import Influx, InfluxSettings
from server.history.port import Point, Unavailable
from tests.contracts.history import TAGS, HistoryContract
from tests.fakes.influx import Answer, FakeInflux
from tests.servers.influx import Influx as InfluxServer
from tests.servers.process import free_port


def points(*words: str) -> list[Point]:
    """Return one point for each word; the fake judges a point by its word."""
    return [Point("web", TAGS, {"word": word}, step) for step, word in enumerate(words, 1)]


def named(unavailable: Unavailable) -> tuple[str, float]:
    """Return what a program goes by."""
    return unavailable.condition, unavailable.retry_after


@pytest.fixture
def now_ns() -> int:
    """Give the real time: the real server believes in no other."""
    return time.time_ns()


@pytest.fixture
async def history(influx: InfluxServer) -> AsyncIterator[Influx]:
    """Give an empty organisation of a real server."""
    store = Influx(influx.fresh())
    yield store
    await store.close()


@pytest.fixture
async def fake() -> AsyncIterator[FakeInflux]:
    """Give a fake server that behaves until it is told otherwise."""
    server = FakeInflux()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(fake: FakeInflux) -> AsyncIterator[Influx]:
    """Give a client of the fake server that is not patient."""
    store = Influx(InfluxSettings(fake.url, "token", "org", timeout_s=5.0))
    yield store
    await store.close()


class TestInflux(HistoryContract):
    """InfluxDB keeps every promise of the port."""


@pytest.mark.parametrize(
    ("answer", "condition", "words"),
    [
        (Answer(200, '{"results":[{"error":"database not found: mw_raw"}]}'), "missing_bucket", "middlewatch-server setup"),
        (Answer(200, '{"results":[{"series":[]}]}\n<html>'), "away", "no JSON"),
        (Answer(503, "", {"Retry-After": "7"}), "busy", "asks to wait"),
        (Answer(401, '{"message":"unauthorized access"}'), "refused", "history.token"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_samples_that_do_not_come(fake: FakeInflux, client: Influx, answer: Answer, condition: str, words: str) -> None:
    """A long answer that fails, at its beginning or on its way, is Unavailable with the remedy, never fewer samples."""
    fake.answer = lambda _: answer
    with pytest.raises(Unavailable, match=words) as caught:
        _ = [piece async for piece in client.samples("mw_raw", "web", ["a"], {}, 0, 9)]
    assert caught.value.condition == condition


async def test_samples_that_cannot_be_asked(fake: FakeInflux, client: Influx) -> None:
    """What InfluxDB calls a mistake of the asker is one, in its words."""
    fake.answer = lambda _: Answer(200, '{"results":[{"series":[]}]}\n{"results":[{"error":"max-select-point limit exceeded"}]}')
    with pytest.raises(ValueError, match="max-select-point"):
        _ = [piece async for piece in client.samples("mw_raw", "web", ["a"], {}, 0, 9)]


async def test_check_and_create(influx: InfluxServer) -> None:
    """`check` tells a missing bucket, `create_buckets` makes exactly what is missing, twice does no harm, then `check` is content."""
    store = Influx(influx.fresh(buckets=False))
    with pytest.raises(Unavailable, match=r"bucket.*mw_raw.*middlewatch-server setup") as caught:
        await store.check()
    assert caught.value.condition == "missing_bucket"
    assert await store.create_buckets() == ["mw_raw", "mw_rollup", "mw_event"]
    assert await store.create_buckets() == []
    await store.check()
    await store.close()


async def test_wrong_token(influx: InfluxServer) -> None:
    """A wrong token is `refused`, for writing, reading, checking and setting up, and the sentence names history.token."""
    store = Influx(InfluxSettings(influx.url, "wrong", "middlewatch"))
    for work in (store.write("mw_raw", points("a")), store.latest("mw_raw", "web", ["a"], {}, 0), store.check(), store.create_buckets()):
        with pytest.raises(Unavailable, match=r"401.*history\.token") as caught:
            await work
        assert caught.value.condition == "refused"
    await store.close()


async def test_wrong_org(influx: InfluxServer) -> None:
    """An organisation that is not there is told as missing, with both settings named."""
    settings = influx.settings()
    store = Influx(InfluxSettings(settings.url, settings.token, "nobody"))
    with pytest.raises(Unavailable, match=r"history\.org") as caught:
        await store.check()
    assert caught.value.condition == "missing_bucket"
    await store.close()


async def test_many_points(influx: InfluxServer) -> None:
    """More than one request's worth of points goes in several requests, and all arrive."""
    store = Influx(influx.fresh())
    start = time.time_ns()
    rows = [Point("web", TAGS, {"n": step}, start + step) for step in range(12_001)]
    assert await store.write("mw_raw", rows) == []
    assert store.requests == 3
    assert await store.series("mw_raw", "web", "n", {}, start, start + 12_001, 12_001, "count") == [(start, 12_001.0)]
    await store.close()


async def test_guilty_of_many(influx: InfluxServer) -> None:
    """Half of a real batch, interleaved, in conflict and old at once: exactly those are rejected, in few requests."""
    store = Influx(influx.fresh())
    start = time.time_ns()
    good = [Point("web", TAGS, {"n": step}, start + step) for step in range(1000)]
    conflict = [Point("web", TAGS, {"n": float(step)}, start + 10_000 + step) for step in range(500)]
    old = [Point("web", TAGS, {"n": step}, 1000 + step) for step in range(500)]
    await store.write("mw_raw", good[:1])
    before = store.requests
    mixed = [point for four in zip(good[::2], conflict, good[1::2], old, strict=True) for point in four]
    rejected = await store.write("mw_raw", mixed)
    assert sorted(one.point.time_ns for one in rejected if one.reason == "conflict") == [point.time_ns for point in conflict]
    assert sorted(one.point.time_ns for one in rejected if one.reason == "expired") == [point.time_ns for point in old]
    assert len(rejected) == 1000
    assert store.requests - before <= 4 * 11  # two groups, log2(2000) halvings, two halves each
    assert await store.series("mw_raw", "web", "n", {}, start, start + 1000, 1000, "count") == [(start, 1000.0)]
    await store.close()


async def test_one_unreadable(fake: FakeInflux, client: Influx) -> None:
    """400 refuses the whole batch: the guilty line is found by halving and the rest written."""
    rejected = await client.write("mw_raw", points(*["a"] * 700, "unreadable", *["b"] * 300))
    assert [(one.reason, one.point.fields["word"]) for one in rejected] == [("malformed", "unreadable")]
    assert "unable to parse" in rejected[0].message
    assert len(set(fake.stored)) == 1000
    assert fake.requests <= 1 + 2 * 10


async def test_all_unreadable(fake: FakeInflux, client: Influx) -> None:
    """The worst batch costs at most 2n - 1 requests."""
    assert len(await client.write("mw_raw", points(*["unreadable"] * 64))) == 64
    assert fake.requests == 127


async def test_all_old(fake: FakeInflux, client: Influx) -> None:
    """A whole batch older than the retention (an agent back from a long absence) costs one request."""
    rejected = await client.write("mw_raw", points(*["ancient"] * 5000))
    assert {one.reason for one in rejected} == {"expired"}
    assert (len(rejected), fake.requests) == (5000, 1)


async def test_one_conflict_in_many(fake: FakeInflux, client: Influx) -> None:
    """One conflict in a full request costs two requests for each halving."""
    rejected = await client.write("mw_raw", points(*["a"] * 3000, "conflict", *["b"] * 1999))
    assert [one.reason for one in rejected] == ["conflict"]
    assert fake.requests <= 1 + 2 * 13
    assert len(set(fake.stored)) == 4999


async def test_too_large(fake: FakeInflux, client: Influx) -> None:
    """413 halves until it fits; a single point that is too large by itself is rejected."""
    fake.answer = lambda lines: Answer(413) if len(lines) > 100 or "huge" in lines[0] else Answer(stored=tuple(lines))
    assert await client.write("mw_raw", points(*["a"] * 350)) == []
    assert (len(fake.stored), fake.requests) == (350, 7)
    assert [one.reason for one in await client.write("mw_raw", points("huge"))] == ["malformed"]


@pytest.mark.parametrize(
    ("answer", "expected", "sentence"),
    [
        (Answer(401, '{"code":"unauthorized","message":"unauthorized access"}'), ("refused", 30.0), "history.token"),
        (Answer(403, '{"code":"forbidden","message":"insufficient permissions"}'), ("refused", 30.0), "history.token"),
        (Answer(404, '{"code":"not found","message":"bucket mw_raw not found"}'), ("missing_bucket", 30.0), "middlewatch-server setup"),
        (Answer(429, headers={"Retry-After": "17"}), ("busy", 17.0), "asks to wait"),
        (Answer(503, headers={"Retry-After": "86400"}), ("busy", 300.0), "asks to wait"),
        (Answer(503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), ("busy", 5.0), "asks to wait"),
        (Answer(500, '{"code":"internal error","message":"disk full"}'), ("away", 5.0), "disk full"),
        (Answer(502, "<html>Bad Gateway</html>"), ("away", 5.0), "502"),
        (Answer(400, "<html>Bad Request</html>"), ("refused", 30.0), "something else at history.url"),
        (Answer(422, "not JSON"), ("refused", 30.0), "something else at history.url"),
        (Answer(301, headers={"Location": "http://127.0.0.1:1/"}), ("refused", 30.0), "something else at history.url"),
        (Answer(200, "<html>Welcome</html>"), ("refused", 30.0), "something else at history.url"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
async def test_unhappy_answers(fake: FakeInflux, client: Influx, answer: Answer, expected: tuple[str, float], sentence: str) -> None:
    """Each answer that is not about the points rejects none of them, and says what it is and what to do."""
    fake.answer = lambda lines: answer
    with pytest.raises(Unavailable, match=r"history\.url: http://127\.0\.0\.1") as caught:
        await client.write("mw_raw", points("a", "b"))
    assert named(caught.value) == expected
    assert sentence in str(caught.value)
    assert fake.requests == 1
    fake.answer = lambda lines: Answer(stored=tuple(lines))
    assert await client.write("mw_raw", points("a", "b")) == []


async def test_trouble_while_parting(fake: FakeInflux, client: Influx) -> None:
    """When the server goes away in the middle of halving, nothing is promised; the next try gets the same verdict."""
    normal = fake.answer
    fake.answer = lambda lines: normal(lines) if fake.requests < 4 else Answer(503)
    with pytest.raises(Unavailable):
        await client.write("mw_raw", points(*["a"] * 50, "conflict", *["b"] * 50))
    fake.answer = normal
    rejected = await client.write("mw_raw", points(*["a"] * 50, "conflict", *["b"] * 50))
    assert [one.point.fields["word"] for one in rejected] == ["conflict"]
    assert len(set(fake.stored)) == 100


async def test_slow(fake: FakeInflux) -> None:
    """A server that takes the request and does not answer is `slow`, with the setting that says how long we wait."""
    fake.silence = asyncio.Event()
    store = Influx(InfluxSettings(fake.url, "token", "org", timeout_s=0.05))
    with pytest.raises(Unavailable, match=r"0\.05 s \(history\.timeout_s\)") as caught:
        await store.write("mw_raw", points("a"))
    assert caught.value.condition == "slow"
    fake.silence.set()
    await store.close()


@pytest.mark.parametrize("url", [f"http://127.0.0.1:{free_port()}", "mqtt://127.0.0.1", "nonsense", ""])
async def test_away(url: str) -> None:
    """Nobody listening, or an address that is none, is `away` and names history.url."""
    store = Influx(InfluxSettings(url, "token", "org"))
    with pytest.raises(Unavailable, match=r"history\.url") as caught:
        await store.write("mw_raw", points("a"))
    assert caught.value.condition == "away"
    await store.close()


async def test_restarted_server(fake: FakeInflux, client: Influx) -> None:
    """A server that closed our idle connection (a restart) is asked again at once instead of being called away."""
    await client.write("mw_raw", points("a"))
    port = int(fake.url.rsplit(":", 1)[1])
    await fake.stop()
    await fake.start(port)
    assert await client.write("mw_raw", points("b")) == []


async def test_bad_points_stay_home(fake: FakeInflux, client: Influx) -> None:
    """A point the encoder refuses is rejected without asking the server."""
    bad = Point("web", TAGS, {"a": float("nan")}, 1)
    rejected = await client.write("mw_raw", [bad])
    assert [(one.reason, one.point) for one in rejected] == [("malformed", bad)]
    assert fake.requests == 0


async def test_names_cannot_inject(client: Influx) -> None:
    """Names go between quotes in a query, so a strange one is refused before anything is sent."""
    for work in (
        client.latest("mw_raw", 'web" WHERE 1=1; --', ["a"], {}, 0),
        client.latest("mw_raw", "web", ['a"'], {}, 0),
        client.latest("mw_raw", "web", ["a"], {'agent" = "x': "y"}, 0),
        client.series("mw_raw", "web", "a", {}, 0, 10, 0, "mean"),
    ):
        with pytest.raises(ValueError, match=r"cannot name|not something"):
            await work


async def test_token_without_rights(influx: InfluxServer) -> None:
    """A token that may not create buckets is told so when setting up, with the setting and the remedy."""
    settings = influx.fresh(buckets=False)
    stranger = influx.fresh()
    store = Influx(InfluxSettings(settings.url, stranger.token, settings.org))
    with pytest.raises(Unavailable, match=r"history\.") as caught:
        await store.create_buckets()
    assert caught.value.condition in {"refused", "missing_bucket"}
    await store.close()
