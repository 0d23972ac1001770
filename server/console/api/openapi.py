"""The OpenAPI document, made from the routes and their models: what is served is what is described. Pure."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.console.api.route import Route

VERSION = "3.1.0"
REF = "#/components/schemas/{model}"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What was wrong, where, and the remedy (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}


def document(routes: Sequence[Route], version: str, base: str) -> bytes:
    """Return the document as JSON. Raises pydantic's errors for a model that has no schema: a mistake of ours."""
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for route in routes:
        wanted += [(route.returns, "serialization")] if _is_model(route.returns) else []
        wanted += [(route.body, "validation")] if route.body else []
    named, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named)
    schemas = {**definitions.get("$defs", {}), "Problem": PROBLEM}
    whole = {
        "openapi": VERSION,
        "info": {"title": "Middlewatch", "version": version, "description": "What the centre knows and decides, to read and to act on."},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - whatever a route returns
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _operation(route: Route, named: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's mapping
    problem = {"content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}}
    good: dict[str, Any] = {"description": "Done."}
    if _is_model(route.returns):
        good["content"] = {route.media: {"schema": named[route.returns, "serialization"]}}
    elif route.returns is not None or route.media != "application/json":
        schema = TypeAdapter(route.returns).json_schema(ref_template=REF) if route.returns not in {None, bytes, str} else {"type": "string"}
        good["content"] = {route.media: {"schema": schema}}
    empty = route.status == 200 and "content" not in good
    told: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _name_of(route),
        "tags": [route.part],
        "parameters": _parameters(route),
        "responses": {"204" if empty else str(route.status): good, "default": {"description": "What was wrong.", **problem}},
    }
    if route.body:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": named[route.body, "validation"]}}}
    elif route.raw:
        told["requestBody"] = {"required": True, "content": {route.raw: {"schema": {"type": "string"}}}}
    return told


def _parameters(route: Route) -> list[dict[str, Any]]:
    text = {"type": "string"}
    found = [{"name": name, "in": "path", "required": True, "schema": text} for name in re.findall(r"{(\w+)}", route.path)]
    if route.query:
        schema = TypeAdapter(route.query).json_schema(ref_template=REF)
        required = schema.get("required", [])
        for name, one in schema["properties"].items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": one})
    if route.changes:
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": text})
    return found


def _name_of(route: Route) -> str:
    """Return a name for programs that are made from the document: `get_sites_name`."""
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")
