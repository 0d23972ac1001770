"""The history port over InfluxDB: writes by `/api/v2/write`, reads by InfluxQL. The only file that knows InfluxDB.

Both paths are served alike by 2.x and 3.x; a bucket is a database of the same name by its virtual mapping (2.9, measured). No answer of
the server is trusted to say which points it took: 2.9 reports the first failing shard only and leaves the others running
(v1/coordinator/points_writer.go), so whatever is not rejected is written again until a 204. That is safe because a rewritten point is
the same row.
"""

import gzip
import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, get_args

import aiohttp

from server.history import lines
from server.history.port import Bucket, Condition, Function, Point, Reason, Rejected, Unavailable
from server.history.retention import RETENTION_S

MAX_LINES = 5_000
MAX_BYTES = 8 << 20
"""One request. 10,000 lines or 10 MB is InfluxData's advice and 3.x's limit on a body; we stay below both."""
CHUNK_ROWS = 5_000
"""Rows of one piece of a long answer: a few hundred kB; the server ends a piece with each series anyway."""
MAX_WAIT_S = 300.0
"""A longer `Retry-After` is not believed: a wrong clock in a proxy must not stop the collector for a day."""
_SETUP = "run `middlewatch-server setup`, or check history.org and history.url"
_DROPPED = re.compile(r"dropped=(\d+)")

Line = tuple[Point, bytes]


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """`url` without a path (`http://127.0.0.1:8086`); `timeout_s` bounds one request (8,000 lines took up to 0.4 s, measured)."""

    url: str
    token: str
    org: str
    timeout_s: float = 10.0


class _Refused(Exception):  # noqa: N818 - an answer, handled three lines further on
    """400, 413 or 422: something in this request can not be stored as it is."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Influx:
    """One server, one organisation, three buckets. Make it and use it on one event loop."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._types: dict[tuple[str, str, str], str] = {}
        self.requests = 0

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        """Return when all points but the rejected ones are durable. Requests: one per 5,000 points or 8 MiB, plus those of `_part`."""
        rejected: list[Rejected] = []
        ready: list[Line] = []
        heads: lines.Heads = {}
        for point in points:
            try:
                ready.append((point, lines.encode(point, heads)))
            except ValueError as error:
                rejected.append(Rejected(point, "malformed", str(error)))
        for request in _requests(ready):
            rejected += await self._store(bucket, request)
        return rejected

    async def _store(self, bucket: Bucket, request: list[Line]) -> list[Rejected]:
        try:
            await self._post(bucket, request)
        except _Refused as refused:
            return await self._part(bucket, request, refused)
        return []

    async def _part(self, bucket: Bucket, request: list[Line], refused: _Refused) -> list[Rejected]:
        """Halve a refused request until the guilty points stand alone, or the server says that all of it was dropped.

        Points of one measurement and shape are put side by side first: what is refused is nearly always one field of one measurement, or
        all that is old, so its points fall out together. At most 2n - 1 requests for n points; 2 log2 n for one group.
        """
        if len(request) == 1 or _dropped(refused) == len(request):
            return [Rejected(point, _reason(refused), f"{refused.status}: {refused}"[:500]) for point, _ in request]
        if refused.status != 413:  # too large says nothing about single points
            request = sorted(request, key=_likeness)
        middle = len(request) // 2
        return await self._store(bucket, request[:middle]) + await self._store(bucket, request[middle:])

    async def _post(self, bucket: Bucket, request: Sequence[Line]) -> None:
        body = gzip.compress(b"\n".join(line for _, line in request), compresslevel=1, mtime=0)
        query = {"org": self._settings.org, "bucket": bucket, "precision": "ns"}
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        await self._ask("POST", "/api/v2/write", params=query, data=body, headers=headers)

    async def latest(self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], since_ns: int) -> list[Point]:
        """Return the newest point of each series, tags sorted by key; only the asked fields it has."""
        columns = ", ".join(f'"{lines.name(field)}"' for field in fields)
        condition, values = _condition(where)
        source = f'FROM "{lines.name(measurement)}" WHERE time >= {since_ns:d}{condition}'
        statement = f"SELECT {columns} {source} GROUP BY * ORDER BY time DESC LIMIT 1"
        points = []
        for series in await self._query(bucket, statement, values):
            tags = tuple(sorted((key, value) for key, value in series.get("tags", {}).items() if value))
            for time_ns, *row in series["values"]:
                found = {field: value for field, value in zip(series["columns"][1:], row, strict=True) if value is not None}
                points.append(Point(measurement, tags, await self._typed(bucket, measurement, found), time_ns))
        return points

    async def series(
        self,
        bucket: Bucket,
        measurement: str,
        field: str,
        where: Mapping[str, str],
        start_ns: int,
        end_ns: int,
        step_ns: int,
        fn: Function,
    ) -> list[tuple[int, float | None]]:
        """Return (step start, value) for each step in [start, end); None where there is no data, for `count` too."""
        if fn not in get_args(Function) or step_ns <= 0:
            raise ValueError(f"history: {fn} over steps of {step_ns} ns is not something a series can be asked")
        condition, values = _condition(where)
        source = f'FROM "{lines.name(measurement)}" WHERE time >= {start_ns:d} AND time < {end_ns:d}{condition}'
        step = f"time({step_ns:d}ns, {start_ns % step_ns:d}ns)"
        statement = f'SELECT {fn}("{lines.name(field)}") {source} GROUP BY {step} fill(none)'
        answer = await self._query(bucket, statement, values)
        found = {row[0]: float(row[1]) for series in answer for row in series["values"] if row[1] is not None}
        return [(at_ns, found.get(at_ns)) for at_ns in range(start_ns, end_ns, step_ns)]

    async def samples(
        self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], start_ns: int, end_ns: int
    ) -> AsyncGenerator[list[Point], None]:
        """Give the points in [start, end) that have one of the fields, in pieces of at most CHUNK_ROWS: the server's own, one by one."""
        columns = ", ".join(f'"{lines.name(field)}"' for field in fields)
        condition, values = _condition(where)
        source = f'FROM "{lines.name(measurement)}" WHERE time >= {start_ns:d} AND time < {end_ns:d}{condition}'
        form = {"db": bucket, "epoch": "ns", "q": f"SELECT {columns} {source} GROUP BY *", "params": json.dumps(values)}
        floats: frozenset[str] | None = None
        async with aclosing(self._stream(form | {"chunked": "true", "chunk_size": str(CHUNK_ROWS)})) as pieces:
            async for piece in pieces:
                for series in _series_of(bucket, piece, form["q"]):
                    if floats is None:
                        await self._know_types(bucket, measurement)
                        floats = frozenset(field for field in fields if self._types.get((bucket, measurement, field)) == "float")
                    yield _points_of(measurement, series, floats)

    async def check(self) -> None:
        """Raise Unavailable unless this token may write to and read from all three buckets. Writes nothing."""
        for bucket in get_args(Bucket):
            await self._post(bucket, ())
            await self._query(bucket, "SHOW MEASUREMENTS LIMIT 1", {})

    async def create_buckets(self) -> list[Bucket]:
        """Make those of the three buckets that are missing; return them. Needs a token that may."""
        org = {"org": self._settings.org}
        made: list[Bucket] = []
        try:
            found = (await self._ask("GET", "/api/v2/orgs", params=org))["orgs"]
            there = {one["name"] for one in (await self._ask("GET", "/api/v2/buckets", params=org | {"limit": "100"}))["buckets"]}
            for bucket, seconds in RETENTION_S.items():
                if bucket not in there:
                    rules = [{"type": "expire", "everySeconds": seconds}] if seconds is not None else []
                    body = {"orgID": found[0]["id"], "name": bucket, "retentionRules": rules}
                    await self._ask("POST", "/api/v2/buckets", json=body)
                    made.append(bucket)
        except (_Refused, LookupError, TypeError) as error:
            why = str(error) if isinstance(error, _Refused) else "the token sees no such organisation"
            text = f"history.org: {self._settings.org} cannot be given buckets: {why}; use a token of it that may create buckets"
            raise Unavailable("refused", text, 30.0) from None
        return made

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _typed(self, bucket: Bucket, measurement: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Make floats of the numbers that are: InfluxDB's JSON writes the float 1.0 as 1. Types never change and are asked once."""
        whole = [field for field, value in fields.items() if type(value) is int]
        if any((bucket, measurement, field) not in self._types for field in whole):
            await self._know_types(bucket, measurement)
        return fields | {field: float(fields[field]) for field in whole if self._types.get((bucket, measurement, field)) == "float"}

    async def _know_types(self, bucket: Bucket, measurement: str) -> None:
        for series in await self._query(bucket, f'SHOW FIELD KEYS FROM "{measurement}"', {}):
            self._types.update({(bucket, measurement, field): kind for field, kind in series["values"]})

    async def _query(self, bucket: Bucket, statement: str, values: dict[str, str]) -> list[dict[str, Any]]:
        form = {"db": bucket, "epoch": "ns", "q": statement, "params": json.dumps(values)}
        try:
            return _series_of(bucket, await self._ask("POST", "/query", data=form), statement)
        except _Refused as refused:
            raise ValueError(f"history: InfluxDB cannot answer ({refused}): {statement}") from None

    async def _stream(self, form: dict[str, str]) -> AsyncGenerator[Any, None]:
        """Give the JSON lines of a chunked answer. The time limit is for each piece: how long all take is the reader's own doing."""
        limit = self._settings.timeout_s
        request = {"data": form, "timeout": aiohttp.ClientTimeout(total=None, sock_connect=limit, sock_read=limit)}
        with self._told():
            async with self._asking("POST", "/query", request) as answer:
                if answer.status != 200:
                    wait, text = answer.headers.get("Retry-After", ""), await answer.text(errors="replace")
                    meant = _meaning(self._url, answer.status, _json(text), wait)
                    raise ValueError(f"history: InfluxDB cannot answer ({meant}): {form['q']}") if isinstance(meant, _Refused) else meant
                rest = b""
                async for part in answer.content.iter_any():
                    *whole, rest = (rest + part).split(b"\n")
                    for line in whole:
                        if line:
                            yield self._piece(line)
                if rest:
                    yield self._piece(rest)

    async def _ask(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - aiohttp's arguments in, JSON out
        """Send one request and return its JSON, or None. Raises _Refused or Unavailable."""
        with self._told():
            try:
                status, wait, text = await self._exchange(method, path, request)
            except (
                aiohttp.ServerDisconnectedError,
                ConnectionResetError,
            ):  # a restart closes idle connections; every request may be repeated
                status, wait, text = await self._exchange(method, path, request)
        plain = _json(text)
        if 200 <= status < 300 and (plain is not None or not text):
            return plain
        raise _meaning(self._url, status, plain, wait)

    async def _exchange(self, method: str, path: str, request: dict[str, Any]) -> tuple[int, str, str]:
        """Return status, Retry-After and text of one answer."""
        async with self._asking(method, path, request) as answer:
            return answer.status, answer.headers.get("Retry-After", ""), await answer.text(errors="replace")

    def _piece(self, line: bytes) -> Any:  # noqa: ANN401 - any JSON
        plain = _json(line.decode(errors="replace"))
        if plain is None:
            raise Unavailable("away", f"history.url: {self._url} answers with what is no JSON; is something else there?", 30.0)
        return plain

    def _asking(self, method: str, path: str, request: dict[str, Any]) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s), trust_env=False)
        self.requests += 1
        headers = {"Authorization": f"Token {self._settings.token}"} | request.get("headers", {})
        return self._session.request(method, self._url + path, allow_redirects=False, **(request | {"headers": headers}))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what a connection that fails means."""
        try:
            yield
        except TimeoutError:
            limit = self._settings.timeout_s
            raise Unavailable("slow", f"history.url: {self._url} did not answer within {limit:g} s (history.timeout_s)") from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Unavailable("away", f"history.url: {self._url!r} is not an address; write http://host:8086", 30.0) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable("away", f"history.url: {self._url} does not answer ({error}); check that InfluxDB runs there") from None


def _meaning(url: str, status: int, plain: Any, wait: str) -> _Refused | Unavailable:  # noqa: ANN401 - whatever the server said
    """Return what an answer that is not a success means for the data."""
    said = str(plain.get("message") or plain.get("error") or "") if isinstance(plain, dict) else ""
    if status == 413 or (status in {400, 422} and said):
        return _Refused(status, said or "request too large")
    condition: Condition
    if status == 404:
        condition, text, after = "missing_bucket", f"{said or 'not found'}; {_SETUP}", 30.0
    elif status in {429, 503}:
        condition, text, after = "busy", f"it asks to wait; {said}", min(float(wait), MAX_WAIT_S) if wait.isdigit() else 5.0
    elif status in {401, 403}:
        condition, text, after = "refused", f"{said}; give history.token read and write on mw_raw, mw_rollup and mw_event", 30.0
    elif status >= 500:
        condition, text, after = "away", f"its own failure: {said}; see InfluxDB's log", 5.0
    else:
        condition, text, after = "refused", f"not an answer of InfluxDB's; is something else at history.url? {said}", 30.0
    return Unavailable(condition, f"history.url: {url} answers {status}: {text}", after)


def _requests(ready: list[Line]) -> Iterator[list[Line]]:
    """Cut lines into requests within both limits; a single line above them travels alone."""
    start = size = 0
    for index, (_, line) in enumerate(ready):
        if index > start and (index - start == MAX_LINES or size + len(line) + 1 > MAX_BYTES):
            yield ready[start:index]
            start, size = index, 0
        size += len(line) + 1
    if ready[start:]:
        yield ready[start:]


def _likeness(line: Line) -> tuple[str, tuple[str, ...], int]:
    point = line[0]
    return point.measurement, tuple(f"{name} {type(value).__name__}" for name, value in point.fields.items()), point.time_ns


def _dropped(refused: _Refused) -> int:
    found = _DROPPED.search(str(refused))
    return int(found[1]) if found and refused.status == 422 else 0


def _reason(refused: _Refused) -> Reason:
    """Read 2.9's words (tsdb/field_validator.go, v1/coordinator/points_writer.go)."""
    if "type conflict" in str(refused):
        return "conflict"
    return "expired" if "outside retention policy" in str(refused) or "pending deletion" in str(refused) else "malformed"


def _series_of(bucket: Bucket, plain: Any, statement: str) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Return the series of an answer. Raises Unavailable for a bucket that is not there, ValueError for what cannot be asked."""
    result = plain["results"][0]
    if "database not found" in result.get("error", ""):
        raise Unavailable("missing_bucket", f"history.url: bucket {bucket} is not there, or history.token may not read it; {_SETUP}", 30.0)
    if "error" in result:
        raise ValueError(f"history: InfluxDB cannot answer ({result['error']}): {statement}")
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def _points_of(measurement: str, series: dict[str, Any], floats: frozenset[str]) -> list[Point]:
    """Return the rows of one series as points that share their tags. `floats`: the fields whose whole numbers are floats."""
    tags = tuple(sorted((key, value) for key, value in series.get("tags", {}).items() if value))
    names = series["columns"][1:]
    points = []
    for time_ns, *row in series["values"]:
        found = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        fields = {name: float(value) if name in floats else value for name, value in found.items()}
        points.append(Point(measurement, tags, fields, time_ns))
    return points


def _condition(where: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the tag part of a WHERE and its bound values. Names cannot be bound, so they must be plain names."""
    values = {f"w{index}": lines.tag_value(value) for index, value in enumerate(where.values())}
    return "".join(f' AND "{lines.name(tag)}" = $w{index}' for index, tag in enumerate(where)), values


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None
