"""Holds server/console/api/openapi.py: the document describes every route, and every reference in it leads somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from server.console.api.openapi import document
from server.console.api.routes import ROUTES
from server.console.api.serving import BASE
from tests.fakes.api import asking


def refs(plain: Any) -> Iterator[str]:
    """Give every reference."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            if key == "$ref":
                yield value
            else:
                yield from refs(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from refs(value)


def test_document() -> None:
    """Each route is there under its own name, with its parameters; references and names are whole and unique."""
    told = json.loads(document(ROUTES, "1.0", BASE))
    validate(told)
    assert told["openapi"].startswith("3.1")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)
    for route in ROUTES:
        operation = told["paths"][route.path][route.method.lower()]
        wanted = set(re.findall(r"{(\w+)}", route.path))
        assert {one["name"] for one in operation["parameters"] if one["in"] == "path"} == wanted
        assert operation["summary"].endswith("."), route.path
        assert ("requestBody" in operation) is bool(route.body or route.raw)
    for one in refs(told):
        assert one.removeprefix("#/components/schemas/") in told["components"]["schemas"], one


async def test_served(tmp_path: Path) -> None:
    """The document is served as it is made."""
    async with asking(tmp_path) as ask:
        told = await ask("GET", "/openapi.json")
    assert (told.status, told.body["servers"]) == (200, [{"url": BASE}])
