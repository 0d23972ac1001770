"""The rows a report must become, worked out from its bytes alone: the oracle of every end-to-end test.

It shares no code with `server/collector/points.py`; what the two disagree about is a fault of one of them.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.lab.readback import Key, Rows

_NOT_FIELDS = {"kind", "at_us", "answers"}
_OF_FACTS = {"web": ("tls", "http", "page"), "dns": ("resolver",), "egress": ("address", "signed", "asn", "as_name", "dns_address")}


def rows_of(agent: str, site: str, stream: str, seq: int, cycle: bytes, facts: Mapping[str, bytes]) -> Rows:
    """Return the `web`, `dns` and `egress` rows of one spooled cycle; `facts` holds the bodies its observations name."""
    plain = json.loads(cycle)
    rows: Rows = {}
    for index, seen in enumerate(plain["observations"]):
        body = json.loads(facts[seen["facts"]])
        time_ns = (plain["started_ns"] + seen["at_us"] * 1000) // 1000 * 1000 + index
        rows[_key(seen["kind"], site, agent, body), time_ns] = _fields(seen, body) | {"stream": stream, "seq": seq}
    return rows


def _key(measurement: str, site: str, agent: str, body: Mapping[str, Any]) -> Key:
    target = body["target"]
    name = f"{target['host']}:{target.get('port', 443)}"
    return (measurement, site, agent, name, body.get("route", "direct"), target["workload"], target["category"])


def _fields(seen: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"clock": "kernel"} | {name: value for name, value in seen.items() if name not in _NOT_FIELDS}
    fields |= {name: body[name] for name in _OF_FACTS[seen["kind"]] if body.get(name)}
    if seen["kind"] == "dns":
        fields |= {"answers": " ".join(seen.get("answers", [])), "cnames": " ".join(body.get("cnames", []))}
    if seen["kind"] == "web" and body.get("trust"):
        fields |= {"trust_os": body["trust"]["os"], "trust_public": body["trust"]["public"]}
    if body.get("failure"):
        fields |= {"failure": body["failure"], "stage": body.get("stage", "")}
    return fields


def difference(expected: Rows, found: Rows, most: int = 5) -> str:
    """Return what differs between two sets of rows in numbers, with the first few of each kind; empty when they are equal."""
    lost = [key for key in expected if key not in found]
    unissued = [key for key in found if key not in expected]
    wrong = [key for key in expected if key in found and expected[key] != found[key]]
    if not (lost or unissued or wrong):
        return ""
    lines = [
        f"{len(expected)} rows expected, {len(found)} found: {len(lost)} lost, {len(unissued)} unissued, {len(wrong)} with other fields"
    ]
    lines += [f"  lost      {key}" for key in lost[:most]] + [f"  unissued  {key} {found[key]}" for key in unissued[:most]]
    lines += [f"  differs   {key}: {_apart(expected[key], found[key])}" for key in wrong[:most]]
    return "\n".join(lines)


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    names = sorted({*one, *other})
    return ", ".join(f"{name}: {one.get(name)!r} became {other.get(name)!r}" for name in names if one.get(name) != other.get(name))
