"""Serves routes over HTTP: reads requests, refuses what is not as described, writes answers and problems. Decides nothing.

A change must come as JSON (or the route's own media type) from our own page or from a program: no other page can make a browser send it.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote

from aiohttp import web
from pydantic import BaseModel, ValidationError

from server.console import guarding
from server.console.api.route import Answer, Call, Problem, Route, tag_of
from server.means import Means
from server.state.database import STATE_FAULTS, fault_of

BASE = "/api/v1"
MOST_BYTES = 8 << 20
"""Of a request's body: a location file of 50,000 sites is about 5 MB."""
M = TypeVar("M", bound=BaseModel)
_log = logging.getLogger(__name__)


class Api:
    """Routes on one application. `listens` is the host it may be asked by."""

    def __init__(self, means: Means, routes: Sequence[Route], document: bytes, listens: str) -> None:
        self._means = means
        self._routes = routes
        self._document = document
        self._listens = listens

    def add(self, app: web.Application) -> None:
        """Add everything below `/api/v1`; what is not there is answered as a problem, too."""
        for route in self._routes:
            app.router.add_route(route.method, BASE + route.path, self._handler(route))
        app.router.add_get(f"{BASE}/openapi.json", self._described)
        app.router.add_route("*", BASE + "/{rest:.*}", self._unknown)

    def _handler(self, route: Route) -> Any:  # noqa: ANN401 - aiohttp's handler
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                self._admit(request, route.method)
                return _answer(await route.handler(await self._call(request, route)), request)
            except Problem as problem:
                return _problem(problem, request)
            except STATE_FAULTS as error:
                return _problem(_fault(error), request)

        return handle

    async def read(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
        """Return an endpoint's answer as a program gets it, its ETag under `etag` when it has a revision. Raises Problem."""
        answer = await self.act("GET", path, query, None)
        plain = answer.content.model_dump(mode="json") if isinstance(answer.content, BaseModel) else answer.content
        return {**plain, "etag": tag_of(answer.revision)} if answer.revision is not None and isinstance(plain, dict) else plain

    async def act(self, method: str, path: str, fields: Mapping[str, Any], etag: str | None, raw: bytes = b"") -> Answer:
        """Do what a page of ours asks: the same endpoint, checked the same way. Raises Problem.

        `fields` are the body, or of an endpoint that takes none its query; `raw` is a body that is no JSON.
        """
        for route in self._routes:
            if route.method == method and _fits(route.path, path):
                names = {part[1:-1]: unquote(one) for part, one in _pairs(route.path, path) if part.startswith("{")}
                body = _checked(route.body, fields, "body") if route.body else None
                query = _checked(route.query, {} if body else fields, "query") if route.query else None
                try:
                    return await route.handler(Call(self._means, names, query, body, raw, etag))
                except STATE_FAULTS as error:
                    raise _fault(error) from None
        raise Problem(404, "Not found", f"There is nothing to do at {path} by {method}.")

    async def _described(self, request: web.Request) -> web.StreamResponse:
        try:
            self._admit(request, "GET")
        except Problem as problem:
            return _problem(problem, request)
        return _answer(Answer(self._document), request)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        methods = sorted(route.method for route in self._routes if _fits(route.path, request.path.removeprefix(BASE)))
        if methods:
            allow = {"Allow": ", ".join(methods)}
            return _problem(Problem(405, "Not allowed", f"{request.path} takes {allow['Allow']}.", headers=allow), request)
        detail = f"There is no {request.path}; {BASE}/openapi.json lists what there is."
        return _problem(Problem(404, "Not found", detail), request)

    def _admit(self, request: web.Request, method: str) -> None:
        if not guarding.is_our_host(request.headers.get("Host", ""), self._listens):
            raise Problem(421, "Another host", f"This console answers on {self._listens} and on this machine's own name only.")
        if method != "GET" and not guarding.is_same_origin(request):
            raise Problem(403, "Another origin", "This may be asked from our own page or by a program, not from another page.")

    async def _call(self, request: web.Request, route: Route) -> Call:
        query = _checked(route.query, dict(request.query), "query") if route.query else None
        if route.query is None and request.query:
            raise Problem(422, "Unknown parameter", f"query.{next(iter(request.query))}: {route.path} takes no parameters; leave it out.")
        body, raw = None, b""
        if route.body or route.raw:
            raw = await _body(request, route.raw or "application/json")
            body = _checked(route.body, _json(raw), "body") if route.body else None
        return Call(self._means, dict(request.match_info), query, body, b"" if route.body else raw, request.headers.get("If-Match"))


async def _body(request: web.Request, media: str) -> bytes:
    if request.content_type != media:
        raise Problem(415, "Another media type", f"Content-Type: is {request.content_type}; send {media}.")
    found = bytearray()
    async for chunk in request.content.iter_chunked(1 << 16):
        found += chunk
        if len(found) > MOST_BYTES:
            raise Problem(413, "Too large", f"body: is larger than {MOST_BYTES >> 20} MB; send it in parts.")
    return bytes(found)


def _json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Not JSON", f"body: is not JSON ({error}).") from None


def _checked(model: type[M], plain: Any, where: str) -> M:  # noqa: ANN401 - any JSON
    try:
        return model.model_validate(plain, strict=False)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        places = [{"place": ".".join([where, *(str(part) for part in one["loc"])]), "message": _said(one)} for one in errors]
        detail = "; ".join(f"{one['place']}: {one['message']}" for one in places[:5])
        raise Problem(422, "Not as described", detail, errors=places) from None


def _said(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    if error["type"] == "extra_forbidden":
        return "there is no such field; remove it, or look for a spelling mistake"
    return str(error["msg"]).removeprefix("Value error, ")


def _answer(answer: Answer, request: web.Request) -> web.Response:
    headers = {**guarding.HEADERS, "Cache-Control": "no-cache", **answer.headers}
    if answer.content is None:
        headers |= {"ETag": tag_of(answer.revision)} if answer.revision is not None else {}
        return web.Response(status=204 if answer.status == 200 else answer.status, headers=headers)
    body = answer.content if isinstance(answer.content, bytes) else answer.content.model_dump_json().encode()
    tag = tag_of(answer.revision) if answer.revision is not None else f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers["ETag"] = tag
    if request.method == "GET" and tag in {one.strip() for one in request.headers.get("If-None-Match", "").split(",")}:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = f"{answer.media}; charset=utf-8" if answer.media.startswith("text/") else answer.media
    response = web.Response(status=answer.status, body=body, headers=headers)
    response.enable_compression()
    return response


def _problem(problem: Problem, request: web.Request) -> web.Response:
    """Return RFC 9457's document. Its `type` is about:blank: the status says the kind, the detail what to do."""
    told = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    body = json.dumps({**told, "instance": request.path, **problem.more}).encode()
    headers = {**guarding.HEADERS, **problem.headers, "Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return web.Response(status=problem.status, body=body, headers=headers)


def _fault(error: Exception) -> Problem:
    match fault_of(error):
        case "overtaken":
            return Problem(409, "Overtaken", "Somebody changed the same at the same moment; read it again, repeat what you meant.")
        case "refused":
            return Problem(422, "Refused", "The state database cannot hold this text or number; remove control characters and shorten it.")
        case "away":
            _log.warning("api: state database: %s", type(error).__name__)
            return Problem(503, "Away", "The state database does not answer; nothing was changed. Try again.", headers={"Retry-After": "5"})


def _fits(pattern: str, path: str) -> bool:
    return pattern.count("/") == path.count("/") and all(one.startswith("{") or one == two for one, two in _pairs(pattern, path))


def _pairs(pattern: str, path: str) -> Iterator[tuple[str, str]]:
    return zip(pattern.split("/"), path.split("/"), strict=True)
