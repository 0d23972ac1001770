"""Holds docs/api.md: each request it shows is an endpoint, with a body that is taken, and every page it names is served."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from server.console.api.route import Route
from server.console.api.routes import ROUTES
from server.console.api.serving import BASE

TEXT = Path("docs/api.md").read_text()
REQUESTS = [shlex.split(line) for line in TEXT.splitlines() if line.startswith("curl ")]


def route_of(words: list[str]) -> tuple[Route, str]:
    """Return the endpoint of a request, and its query."""
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    address = urlsplit(next(word for word in words if word.startswith("http://127.0.0.1:8300")))
    path = address.path.removeprefix(BASE)
    for route in ROUTES:
        if route.method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route.path), path):
            return route, address.query
    raise AssertionError(f"no endpoint takes {method} {path}")


def test_requests() -> None:
    """Paths, queries and bodies are what the endpoints take, and a change names the ETag."""
    assert len(REQUESTS) >= 4
    for words in REQUESTS:
        route, query = route_of(words)
        if query:
            assert route.query is not None
            route.query.model_validate(dict(parse_qsl(query)))
        if route.body is not None:
            route.body.model_validate(json.loads(words[words.index("-d") + 1]))
        assert route.changes is any("If-Match" in word for word in words)
