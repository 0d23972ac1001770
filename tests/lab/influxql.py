"""A reader for the InfluxQL of our dashboards: which fields and tags of which measurement does a query touch?

Raises ValueError on the rest: it knows SELECT, with sub-queries, and SHOW TAG VALUES: what the builders write and not a word more.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(
    r"""\s+|(?P<name>"(?:[^"\\]|\\.)*")|(?P<text>'(?:[^'\\]|\\.)*')|(?P<pattern>/(?:[^/\\]|\\.)+/(?=\s|$|\)))"""
    r"""|(?P<macro>\$\{\w+:regex\}|\$\w+)|(?P<number>\d+(?:\.\d+)?(?:ms|s|m|h)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign>=~|!~|<>|<=|>=|[=<>(),/*])"""
)
_OF_SELECT = ("select", "from", "where", "group", "by", "as", "and", "or", "order", "time", "desc", "limit", "fill", "null")
WORDS = frozenset((*_OF_SELECT, "show", "tag", "values", "with", "key"))
FUNCTIONS = frozenset(("last", "min", "max", "sum", "count", "mean", "percentile"))
"""Functions that InfluxDB 1, 2 and 3 have."""


class Token(NamedTuple):
    """`kind` is name (quoted), text, pattern, macro, number, word or sign; `value` without quotes, words in small letters."""

    kind: str
    value: str


class Read(NamedTuple):
    """A field or tag that a query reads. `shown` when its value, or a function of it, is among the results."""

    measurement: str
    name: str
    shown: bool


@dataclass(slots=True)
class _Select:
    reads: list[Read] = field(default_factory=list)
    gives: set[str] = field(default_factory=set)


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query. Raises ValueError at what is none."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not InfluxQL as we write it, at {text[at : at + 20]!r}: {text}")
        at = match.end()
        if match.lastgroup is not None:
            value = match[match.lastgroup]
            found.append(
                Token(match.lastgroup, value[1:-1] if value[0] in "\"'" else value.lower() if match.lastgroup == "word" else value)
            )
    return found


def reads(text: str) -> list[Read]:
    """Return all that a query reads of stored measurements."""
    found = tokens(text)
    for token in found:
        if token.kind == "word" and token.value not in WORDS | FUNCTIONS:
            raise ValueError(f"{token.value} is no word of InfluxQL that all versions have: {text}")
    if found[0].value == "show":
        measurement = found[found.index(Token("word", "from")) + 1].value
        return [Read(measurement, token.value, shown=False) for token in found if token.kind == "name" and token.value != measurement]
    return _select(found, text).reads


def _select(found: list[Token], text: str) -> _Select:
    """Read one SELECT, from its first word to its last token."""
    start = _outside(found, "from", text)
    made = _Select()
    if found[start + 1] == Token("sign", "("):
        end = _closing(found, start + 1, text)
        inner = _select(found[start + 2 : end], text)
        made.reads += inner.reads
        rest, source = found[end + 1 :], None
    else:
        inner, rest, source = _Select(), found[start + 2 :], found[start + 1].value
    for tokens_of, shown in ((found[1:start], True), (rest, False)):
        for at, token in enumerate(tokens_of):
            if token.kind != "name":
                continue
            if at and tokens_of[at - 1] == Token("word", "as"):
                made.gives.add(token.value)
            elif source is not None:
                made.reads.append(Read(source, token.value, shown=shown))
                made.gives.add(token.value)
            elif token.value not in inner.gives:
                raise ValueError(f"{token.value} is not in the sub-query: {text}")
            else:
                made.gives.add(token.value)
    return made


def _outside(found: list[Token], word: str, text: str) -> int:
    depth = 0
    for at, token in enumerate(found):
        depth += {"(": 1, ")": -1}.get(token.value, 0) if token.kind == "sign" else 0
        if depth == 0 and token == Token("word", word):
            return at
    raise ValueError(f"no {word}: {text}")


def _closing(found: list[Token], opening: int, text: str) -> int:
    depth = 0
    for at in range(opening, len(found)):
        depth += {"(": 1, ")": -1}.get(found[at].value, 0) if found[at].kind == "sign" else 0
        if depth == 0:
            return at
    raise ValueError(f"a bracket is never closed: {text}")
