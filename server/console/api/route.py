"""What an endpoint is: a row of data with a handler, from which it is served and described. No HTTP library in here.

Reads: every answer has an ETag. Changes of what has a revision need `If-Match` with it: two people who edit the same thing at once are
told, the second of them by 412 with the present revision, and nothing of either is lost.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from server.means import Means

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
MOST_ITEMS = 1000
"""Items of one page: a thousand sites are one answer of about 0.5 MB."""


class Resource(BaseModel):
    """What comes in and goes out: a name nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class Listing(BaseModel, Generic[T]):
    """One page. `next` is what to give as `after` for the one behind it; null at the end."""

    items: list[T]
    next: str | None = None


class PageQuery(Resource):
    """Which page of a list: at most `limit` items behind the one that `after` names."""

    limit: int = Field(100, ge=1, le=MOST_ITEMS)
    after: str = Field("", max_length=512)


class Problem(Exception):  # noqa: N818 - an answer, named as RFC 9457 names it
    """An answer that says what was wrong: `status`, a short `title`, a `detail` that names the place and the remedy."""

    def __init__(self, status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:  # noqa: ANN401
        super().__init__(detail)
        self.status, self.title, self.detail, self.headers, self.more = status, title, detail, headers or {}, more


def not_found(what: str, name: str, remedy: str) -> Problem:
    """Return the answer for a thing that is not there."""
    return Problem(404, "Not found", f"There is no {what} {name!r}; {remedy}")


def tag_of(revision: int) -> str:
    """Return the ETag of a revision."""
    return f'"r{revision}"'


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked: `names` are the path's, `query` and `body` are of the route's models, `raw` a body that is no JSON."""

    means: Means
    names: Mapping[str, str]
    query: BaseModel | None = None
    body: BaseModel | None = None
    raw: bytes = b""
    match: str | None = None

    def asked(self, model: type[M]) -> M:
        """Return the query, as the route's model."""
        assert isinstance(self.query, model)  # noqa: S101 - the route says so
        return self.query

    def given(self, model: type[M]) -> M:
        """Return the body, as the route's model."""
        assert isinstance(self.body, model)  # noqa: S101 - the route says so
        return self.body

    def expect(self, revision: int, what: str) -> None:
        """Hold `If-Match` against the revision that stands now, within the transaction that changes it. Raises Problem 428 or 412."""
        if self.match is None:
            detail = f'Send If-Match: {tag_of(revision)} (the ETag of your last read), so that nobody\'s change of "{what}" is overwritten.'
            raise Problem(428, "If-Match is missing", detail, headers={"ETag": tag_of(revision)})
        if self.match.strip() != "*" and tag_of(revision) not in {one.strip() for one in self.match.split(",")}:
            detail = f'"{what}" has changed since you read it (it is {tag_of(revision)} now); read it again, and repeat what you meant.'
            raise Problem(412, "It has changed", detail, headers={"ETag": tag_of(revision)})


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: a model, or bytes of another `media` type. `revision` makes the ETag; without it the content does."""

    content: BaseModel | bytes | None = None
    status: int = 200
    revision: int | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint below `/api/v1`. `path` has names in braces: `/sites/{name}`.

    `returns`: the model of its good answer, None for none; `media` when it is not JSON. `raw`: the body is bytes of this media type, not
    a model. `changes`: it changes what has a revision, so `If-Match` is described (the handler calls `Call.expect`).
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    returns: Any = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    raw: str = ""
    media: str = "application/json"
    status: int = 200
    changes: bool = False

    @property
    def part(self) -> str:
        """Return the first word of the path: what it is listed under."""
        return self.path.split("/")[1].partition(".")[0]


def page_of(items: list[T], limit: int, name_of: Callable[[T], str]) -> Listing[T]:
    """Return a page of at most `limit` from a list that was read with one item more."""
    return Listing(items=items[:limit], next=name_of(items[limit - 1]) if len(items) > limit else None)
