"""The wire schema only grows: everything in golden.json is still there and means the same (style rule 7).

golden.json holds the JSON schema of what crosses the network. After adding a field or a word, write it anew with
`MIDDLEWATCH_GROW_SCHEMA=1 scripts/test tests/wire/test_schema.py`; it is written only when nothing was lost, and read by whoever reviews.
"""

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wire.plan import Envelope, Plan
from wire.receipt import Receipt
from wire.report import Report

GOLDEN = Path(__file__).with_name("golden.json")
MAY_RISE = {"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"}
MAY_FALL = {"minLength", "minItems", "minimum", "exclusiveMinimum"}
CHOICES = {"oneOf", "anyOf"}
"""These and `enum` may get more members. A `Literal` of one word is `const` and stays."""


def current() -> dict[str, Any]:
    """Return the schema of all messages, without prose."""
    schema: dict[str, Any] = {model.__name__: model.model_json_schema() for model in (Report, Receipt, Plan, Envelope)}
    return {name: without_prose(part) for name, part in schema.items()}


def without_prose(schema: Any, *, names: bool = False) -> Any:
    """Drop titles and descriptions; under `properties` and `$defs` keys are names of ours and all stay."""
    if isinstance(schema, dict):
        kept = schema if names else {key: value for key, value in schema.items() if key not in {"title", "description"}}
        return {key: without_prose(value, names=key in {"properties", "$defs", "mapping"}) for key, value in kept.items()}
    return [without_prose(item) for item in schema] if isinstance(schema, list) else schema


def lost(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Say what a reader or sender of the old schema could no longer do with the new one."""
    if isinstance(old, dict) and isinstance(new, dict):
        # A default that is an object grows with the fields of its type; what it said before it still says.
        names = path.rsplit(".", 1)[-1] in {"", "properties", "$defs", "mapping"} or ".default" in path
        for key, value in old.items():
            if key in new:
                yield from lost_value(key, value, new[key], f"{path}.{key}")
            elif key not in MAY_RISE | MAY_FALL:
                yield f"{path}.{key} is gone"
        for key in new.keys() - old.keys():
            if not names and key not in {"properties", "$defs", "default"}:
                yield f"{path}.{key} is a new restriction"
    elif old != new:
        yield f"{path} was {old!r} and is {new!r}"


def lost_value(key: str, old: Any, new: Any, path: str) -> Iterator[str]:
    """Say what was lost under one keyword."""
    if key in MAY_RISE | MAY_FALL and isinstance(old, int | float):
        if (new < old) if key in MAY_RISE else (new > old):
            yield f"{path} was {old} and is {new}"
    elif key == "enum":
        yield from (f"{path} lost {word!r}" for word in old if word not in new)
    elif key in CHOICES:
        yield from (f"{path} lost {item!r}" for item in old if all(any(lost(item, other)) for other in new))
    elif key == "required":
        if sorted(old) != sorted(new):
            yield f"{path} was {old} and is {new}"
    elif key == "default":
        if not still(old, new):
            yield f"{path} was {old!r} and is {new!r}"
    else:
        yield from lost(old, new, path)


def still(old: Any, new: Any) -> bool:
    """Return whether a default says what it said before; it may say more: it grows with its type's fields and with the probes."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and still(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(still(one, other) for one, other in zip(old, new, strict=True))
    return bool(old == new)


def test_only_grows() -> None:
    """Nothing that golden.json knows was renamed, retyped, removed or narrowed, and golden.json knows everything."""
    now = current()
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    assert list(lost(golden, now)) == []
    if os.environ.get("MIDDLEWATCH_GROW_SCHEMA"):
        GOLDEN.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
        golden = now
    assert golden == now, "the schema has grown: write golden.json anew (this file says how) and have it reviewed"


def _remove_field(schema: dict[str, Any]) -> None:
    del schema["Report"]["$defs"]["WebObservation"]["properties"]["tls_ms"]


def _rename_word(schema: dict[str, Any]) -> None:
    words = schema["Report"]["$defs"]["WebFacts"]["properties"]["failure"]["anyOf"][0]["enum"]
    words[words.index("timeout")] = "timed_out"


def _retype(schema: dict[str, Any]) -> None:
    schema["Receipt"]["properties"]["upto"]["type"] = "string"


def _require(schema: dict[str, Any]) -> None:
    schema["Report"]["required"].append("previous")


def _no_longer_require(schema: dict[str, Any]) -> None:
    schema["Report"]["required"].remove("digest")


def _narrow(schema: dict[str, Any]) -> None:
    schema["Plan"]["properties"]["targets"]["maxItems"] = 10


def _restrict(schema: dict[str, Any]) -> None:
    schema["Envelope"]["properties"]["signature"]["pattern"] = "^a"


def _other_default(schema: dict[str, Any]) -> None:
    schema["Plan"]["properties"]["cadence_s"]["default"] = 30.0


@pytest.mark.parametrize(
    "change",
    [_remove_field, _rename_word, _retype, _require, _no_longer_require, _narrow, _restrict, _other_default],
    ids=lambda change: change.__name__,
)
def test_losses_are_seen(change: Callable[[dict[str, Any]], None]) -> None:
    """Each way to break an older agent or centre is told; a default counts, for what is absent means the default."""
    changed = copy.deepcopy(current())
    change(changed)
    assert len(list(lost(current(), changed))) >= 1


def test_growth_is_fine() -> None:
    """A new optional field, a new word, a new kind, and a wider limit are no loss."""
    grown = copy.deepcopy(current())
    definitions = grown["Report"]["$defs"]
    definitions["WebObservation"]["properties"]["hops"] = {"type": "integer", "default": 0}
    definitions["WebFacts"]["properties"]["failure"]["anyOf"][0]["enum"].append("tarpit")
    definitions["SmellObservation"] = {"type": "object"}
    grown["Plan"]["properties"]["routes"]["default"][0]["through"] = None
    grown["Plan"]["properties"]["targets"]["maxItems"] = 10_000
    assert list(lost(current(), grown)) == []
