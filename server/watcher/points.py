"""An event as a point of measurement `event` in bucket `mw_event`, and as the JSON its outbox letter keeps. Names are for ever."""

import json
from collections.abc import Mapping

from server.history.port import Point, Value
from server.state.events import EventRow
from wire.codec import canonical

MEASUREMENT = "event"
TAGS = ("kind", "scope", "severity")
FIELDS = ("device", "vendor", "product", "device_class", "issuer", "verdict", "responsible", "native")
"""Text fields taken from the event's body when it has them; always there are `sentence`, `episode`, `made_ms`, and counts of agents."""

FIELD_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("sentence", "hosts", *FIELDS), str),
    **dict.fromkeys(("episode", "made_ms", "agents_agree", "agents_reporting"), int),
}
"""Every field and its type, for ever. `made_ms` is Unix milliseconds; `hosts` is a list with commas."""


def event_point(event: EventRow, number: int) -> bytes:
    """Return the letter of an event. The last three digits of its time are its row number's: two events of one moment are two points."""
    body = json.loads(event.body)
    fields: dict[str, Value] = {"sentence": event.sentence, "episode": event.episode, "made_ms": event.made_ns // 10**6}
    fields |= {name: str(body[name]) for name in FIELDS if body.get(name)}
    if event.device:
        fields["device"] = event.device
    if body.get("hosts"):
        fields["hosts"] = ", ".join(body["hosts"])
    for name in ("agents_agree", "agents_reporting"):
        if name in body:
            fields[name] = int(body[name])
    tags = {"kind": event.kind, "scope": event.scope, "severity": event.severity}
    time_ns = event.at_ns - event.at_ns % 1000 + number % 1000
    return canonical({"tags": tags, "fields": fields, "time_ns": time_ns})


def read_point(letter: bytes) -> Point:
    """Return the point a letter keeps. An empty tag is left out: no store has empty ones."""
    plain = json.loads(letter)
    tags = tuple((name, plain["tags"][name]) for name in TAGS if plain["tags"][name])
    return Point(MEASUREMENT, tags, plain["fields"], plain["time_ns"])
