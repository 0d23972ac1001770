"""Bytes to reports and back: JSON, optionally zlib (plain, or with a preset dictionary); caps before and after inflating; content ids.

`decode` has three outcomes: a Report, `Newer` (a later major version: the agent keeps it), or `Malformed` (never will be one).
Nothing else is raised for any bytes.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wire.dictionary import DICTIONARY
from wire.facts import Facts
from wire.model import Range
from wire.report import MAJOR, Report
from wire.vocabulary import KINDS

MAX_WIRE_BYTES = 1 << 20
"""1 MiB: a first report with 200 whole chains is about 400 kB (25 chains are 41 kB, measured)."""
MAX_INFLATED_BYTES = 4 << 20
"""4 MiB: zlib makes 8:1 of our reports (measured), so a legitimate report stays far below."""
_ZLIB_FIRST_BYTE = 0x78
_PRESET_DICTIONARY = 0x20
"""FDICT in the second byte of a zlib stream (RFC 1950): it was made with DICTIONARY, whose checksum zlib compares."""
_facts: TypeAdapter[Any] = TypeAdapter(Facts)


class Malformed(Exception):  # noqa: N818 - an outcome, named as the outcome
    """These bytes are not a report and never will be. The text says why, without the bytes."""


class Newer(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A report of a later major version: not ours to read, not the sender's fault."""

    def __init__(self, major: int) -> None:
        super().__init__(f"report has major version {major}, this centre reads up to {MAJOR}; upgrade the centre")
        self.major = major


def content_id(data: bytes) -> str:
    """Return the first 128 bits of SHA-256 as base64url without padding (22 characters)."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()[:16]).decode().rstrip("=")


def facts_bytes(facts: Any) -> bytes:  # noqa: ANN401 - any member of the Facts union
    """Return the canonical bytes of a facts body: what is hashed, sent and stored."""
    plain = facts.model_dump(mode="json", exclude_defaults=True) | {"kind": facts.kind}
    return canonical(plain)


def canonical(plain: object) -> bytes:
    """Return JSON with sorted keys and no blanks: the same object gives the same bytes. Raises ValueError for NaN and half characters."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_facts(body: bytes) -> Any:  # noqa: ANN401 - a member of the Facts union
    """Return the facts a stored body holds; unknown kinds come back as RawFacts. Raises Malformed."""
    try:
        return _facts.validate_python(_wrap_unknown(json.loads(body)))
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise Malformed(_reason(error)) from None


def encode(  # noqa: PLR0913 - a report has these parts
    agent: str,
    stream: str,
    seq: int,
    *,
    cycle: bytes,
    digest: str,
    previous: str | None = None,
    former: str | None = None,
    dropped: Iterable[Range] = (),
    facts: Mapping[str, bytes] = {},
    certificates: Mapping[str, bytes] = {},
    compress: bool = True,
) -> bytes:
    """Put identity and bodies around the spooled bytes of a cycle and return the payload.

    `facts` maps id to canonical bytes, `certificates` id to DER. `cycle` goes in unchanged.
    """
    head: dict[str, object] = {"major": MAJOR, "agent": agent, "stream": stream, "seq": seq, "digest": digest}
    if previous is not None:
        head["previous"] = previous
    if former is not None:
        head["former"] = former
    gone = [list(pair) for pair in dropped]
    if gone:
        head["dropped"] = gone
    parts = [json.dumps(head, separators=(",", ":")).encode()[:-1], b',"cycle":', cycle]
    if facts:
        parts += [b',"facts":{', b",".join(b'"%s":%s' % (key.encode(), body) for key, body in facts.items()), b"}"]
    if certificates:
        plain = {key: base64.b64encode(der).decode() for key, der in certificates.items()}
        parts += [b',"certificates":', json.dumps(plain, separators=(",", ":")).encode()]
    payload = b"".join([*parts, b"}"])
    if not compress:
        return payload
    deflater = zlib.compressobj(6, zdict=DICTIONARY)
    return deflater.compress(payload) + deflater.flush()


def decode(payload: bytes) -> Report:
    """Return the report in `payload`. Raises Malformed or Newer, nothing else, whatever the bytes."""
    text = inflate(payload)
    try:
        report = Report.model_validate_json(text)
        # Only then can there be raw data (the word may be spelled in escapes); looking costs 0.3 us, asking each observation 3.
        return _keepable(report) if b'"raw"' in text or b"\\u00" in text else report
    except ValidationError as error:
        first = error
    # Not readable as it stands: a newer major version, kinds this version does not know, or rubbish.
    try:
        plain = json.loads(text, parse_constant=_no_constant)
        if not isinstance(plain, dict):
            raise Malformed("not a JSON object")
        major = plain.get("major", MAJOR)
        if isinstance(major, int) and major > MAJOR:
            raise Newer(major)
        if _wrap_report(plain):
            return _keepable(Report.model_validate(plain))
    except ValidationError as error:
        raise Malformed(_reason(error)) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed(_reason(error)) from None
    raise Malformed(_reason(first)) from None


def facts_bodies(payload: bytes) -> dict[str, bytes]:
    """Return id -> canonical bytes of the facts bodies in a payload that `decode` accepted.

    The bytes are made from what was sent, not from what this version understood, so fields of a newer agent are kept and hashed too.
    Raises Malformed when a body does not hash to its id.
    """
    try:
        bodies = {key: canonical(body) for key, body in json.loads(inflate(payload)).get("facts", {}).items()}
    except (ValueError, RecursionError) as error:
        raise Malformed(_reason(error)) from None
    for key, body in bodies.items():
        if content_id(body) != key:
            raise Malformed(f"facts {key}: the body does not hash to its id")
    return bodies


def certificate_bodies(report: Report) -> dict[str, bytes]:
    """Return id -> DER of the certificates that came with a report. Raises Malformed when one does not hash to its id."""
    bodies: dict[str, bytes] = {}
    for key, text in report.certificates.items():
        try:
            bodies[key] = base64.b64decode(text, validate=True)
        except ValueError:
            raise Malformed(f"certificate {key}: not base64") from None
        if content_id(bodies[key]) != key:
            raise Malformed(f"certificate {key}: the bytes do not hash to its id")
    return bodies


def inflate(payload: bytes) -> bytes:
    """Return the JSON text of a payload, within both caps. Raises Malformed."""
    if len(payload) > MAX_WIRE_BYTES:
        raise Malformed(f"{len(payload)} bytes, more than the cap of {MAX_WIRE_BYTES}")
    if payload[:1] == b"{":
        return payload
    if not payload or payload[0] != _ZLIB_FIRST_BYTE:
        raise Malformed("neither JSON nor zlib: the first byte is not '{' or 0x78")
    inflater = zlib.decompressobj(zdict=DICTIONARY) if payload[1:2] and payload[1] & _PRESET_DICTIONARY else zlib.decompressobj()
    try:
        text = inflater.decompress(payload, MAX_INFLATED_BYTES + 1)
    except zlib.error:
        raise Malformed("zlib data is damaged") from None
    if len(text) > MAX_INFLATED_BYTES:
        raise Malformed(f"inflates to more than the cap of {MAX_INFLATED_BYTES} bytes")
    if not inflater.eof:
        raise Malformed("zlib data ends early")
    return text


def _keepable(report: Report) -> Report:
    """Return the report if what it holds raw can be written again. Raises Malformed: no schema has looked into raw data."""
    raw = [one.data for one in (*report.cycle.observations, *report.facts.values()) if one.kind == "raw"]
    if raw:
        try:
            canonical(raw)
            report.model_dump_json()  # knows how deep is too deep
        except (ValueError, RecursionError):
            raise Malformed("an observation or facts of an unknown kind hold NaN, half a character, or too deep a nesting") from None
    return report


def _wrap_report(plain: dict[str, Any]) -> bool:
    """Put observations and facts of unknown kinds into raw wrappers, in place; return whether there were any."""
    cycle = plain.get("cycle")
    found = False
    observations = cycle.get("observations") if isinstance(cycle, dict) else None
    if isinstance(observations, list):
        for index, item in enumerate(observations):
            wrapped = _wrap_unknown(item)
            found |= wrapped is not item
            observations[index] = wrapped
    facts = plain.get("facts")
    if isinstance(facts, dict):
        for key, item in facts.items():
            wrapped = _wrap_unknown(item)
            found |= wrapped is not item
            facts[key] = wrapped
    return found


def _wrap_unknown(item: Any) -> Any:  # noqa: ANN401 - plain JSON in, plain JSON out
    if isinstance(item, dict) and isinstance(item.get("kind"), str) and item["kind"] not in KINDS:
        return {"kind": "raw", "of": item["kind"][:64], "data": item}
    return item


def _no_constant(name: str) -> float:
    raise Malformed(f"{name} is not a number JSON knows")


def _reason(error: Exception) -> str:
    """Name the place and the fault of the first error, without repeating input."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])[:120] or 'report'}: {first['msg']}"[:200]
    return f"not JSON: {type(error).__name__}"
