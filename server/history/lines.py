"""Points to InfluxDB line protocol, and the rules of what any store of ours takes. Pure; no I/O.

One line costs a tenth of the client library's `Point` (23 us, measured) because the escaped tags are cached and names are not
escaped at all: names are our own constants, so a strange one is refused. The rules were tried against influxd 1.6.7 and 2.9.1
(`tests/server/history/test_lines.py` tries them again), which answer a single bad line by refusing its whole batch.
"""

import re
from functools import lru_cache
from math import isfinite

from server.history.port import Point, SharedFields

MAX_PAIR_BYTES = 2_000
"""One tag. Measurement and tags together may have 65,535 bytes (`MaxKeyLength` in influxd's models/points.go): thirty such tags."""
MAX_STRING_BYTES = 65_536
"""One string: 70 KB is taken by 2.9 but not by every store; our own texts are capped at 256 characters in `wire`."""
_FIRST_NS, _LAST_NS = 2 - 2**63, 2**63 - 2
"""`MinNanoTime` and `MaxNanoTime` of influxd's models/time.go."""
_RESERVED = frozenset({"time"})
"""A tag of that name refuses the batch, a field of that name refuses the point. Names with a leading underscore are InfluxDB's own."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
_TAG_SPECIAL = re.compile(r"[,= \n\r\t\0\\]")
_CONTROL = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"})
_TAG_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})


Heads = dict[int, str]
"""Escaped tags by the identity of their tuple: good as long as the points that hold those tuples live, that is, for one batch."""


def encode(point: Point, heads: Heads | None = None) -> bytes:
    """Return one line without its newline, time in nanoseconds. Raises ValueError, with a sentence, for what no store of ours takes.

    A NaN or infinity raises instead of being left out: `wire` refuses them at the door, so one here is a mistake to be seen.
    `heads` saves work when the points of a batch share their tags' tuples.
    """
    fields, time_ns = point.fields, point.time_ns
    if not fields or not _FIRST_NS <= time_ns <= _LAST_NS:
        raise ValueError(f"a point of {point.measurement} has no fields, or a time outside 64 bits of nanoseconds ({time_ns})")
    head = None if heads is None else heads.get(id(point.tags))
    if head is None:
        head = _tags(point.measurement, point.tags)
        if heads is not None:
            heads[id(point.tags)] = head
    if type(fields) is SharedFields:
        text = fields.made = fields.made or _text_of(point)
    else:
        text = _text_of(point)
    return f"{_measurement(point.measurement)}{head} {text} {time_ns}".encode()


def _text_of(point: Point) -> str:
    parts = []
    for key, value in zip(_keys(tuple(point.fields)), point.fields.values(), strict=True):
        kind = type(value)
        if kind is float and isfinite(value):  # type: ignore[arg-type]
            parts.append(f"{key}{value!r}")
        elif kind is str:
            parts.append(f'{key}"{_text(value)}"')  # type: ignore[arg-type]
        elif kind is bool:
            parts.append(f"{key}true" if value else f"{key}false")
        elif kind is int and -(2**63) <= value < 2**63:  # type: ignore[operator]
            parts.append(f"{key}{value}i")
        else:
            raise ValueError(
                f"{point.measurement}: field {key}{str(value)[:40]} ({kind.__name__}) is no finite 64-bit number, bool or string"
            )
    return ",".join(parts)


def tag_value(value: str) -> str:
    """Return the value a store will give back for a tag: line protocol cannot carry control characters or a last backslash.

    Control characters become their two-character escapes, a last backslash a slash. Raises ValueError when empty.
    """
    if not value:
        raise ValueError("a tag value is empty")
    if not _TAG_SPECIAL.search(value):
        return value
    plain = value.translate(_CONTROL)
    return f"{plain[:-1]}/" if plain[-1] == "\\" else plain


def name(text: str) -> str:
    """Return a measurement, tag or field name unchanged if it may be one; raises ValueError. Safe to put between quotes in a query."""
    if not _NAME.fullmatch(text) or text in _RESERVED:
        raise ValueError(f"{text[:40]!r} cannot name a measurement, tag or field: use letters, digits and _, a letter first, not 'time'")
    return text


@lru_cache(maxsize=1024)  # each probe makes a handful of field sets; bounded against a mistake
def _keys(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name(field)}=" for field in fields)


def _tags(measurement: str, tags: tuple[tuple[str, str], ...]) -> str:
    """Return the tags. Cached by pair, not by set: a fleet has as many sets as agents times targets, and few pairs."""
    if len({key for key, _ in tags}) < len(tags):
        raise ValueError(f"a point of {measurement} has one tag twice: {', '.join(key for key, _ in tags)}")
    return "".join([_pair(key, value) for key, value in tags])


@lru_cache(maxsize=1024)  # a dozen; bounded against a mistake
def _measurement(measurement: str) -> str:
    return name(measurement)


@lru_cache(maxsize=65_536)  # agents, targets, sites; 0.2 kB each
def _pair(key: str, value: str) -> str:
    if not value:
        raise ValueError(f"tag {key} is empty")
    pair = f",{name(key)}={(_TAG_SPECIAL.search(value) and tag_value(value).translate(_TAG_ESCAPES)) or value}"
    if len(pair.encode()) > MAX_PAIR_BYTES:
        raise ValueError(f"tag {key} is longer than {MAX_PAIR_BYTES} bytes: {value[:40]}")
    return pair


def _text(value: str) -> str:
    if len(value) > MAX_STRING_BYTES // 4 and len(value.encode()) > MAX_STRING_BYTES:
        raise ValueError(f"a string of more than {MAX_STRING_BYTES} bytes: {value[:40]}")
    return value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value
