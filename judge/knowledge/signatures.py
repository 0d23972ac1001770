"""What names a product besides its certificates: headers, pages, its own test hosts, names in proxy settings, programs on the machine.

Rows and pure look-ups; the evidence they make is the signals'. A row without a product says "some proxy" and no more. Sources and grades
are in each row; the data files are `headers.toml`, `pages.toml`, `selfid.toml`, `proxies.toml`, `local.toml`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from judge.knowledge.row import Name, Pattern, Signature

Direction = Literal["response", "request"]
Where = Literal["body", "title", "location", "server", "host", "address"]
"""Where a page shows its mark; `address` is where the name led instead of to Microsoft, `host` a host that was redirected to."""
System = Literal["windows", "macos", "linux", "any"]


class Mark(Signature):
    """What all marks share: an id of their own and the product of `products.toml` they name, if any."""

    id: Name
    product: str | None = None


class HeaderMark(Mark):
    """A header a product adds. `response`: the endpoint sees it; `request`: only our reflector does, for it is added upstream.

    `header` is lower-case, a trailing `*` stands for any rest. `pattern` (re.search) must be in the value. `shared`: servers and content
    networks send it too, so it counts only where a direct answer lacks it. `generated`: on the product's own pages only.
    """

    direction: Direction
    header: Annotated[str, Field(pattern=r"^[a-z0-9-]+\*?$")]
    pattern: Pattern = ""
    shared: bool = False
    generated: bool = False


class PageMark(Mark):
    """What a product's block or notification page shows."""

    where: Where
    pattern: Annotated[Pattern, Field(min_length=1)]


class SelfProbe(Mark):
    """A question only the product answers in this way: `expect` (re.search) is in the answer when the path leads through it.

    `dns-txt`: a TXT record of `host`; `dns-a`: an address of it; `http`: the body of `path`. What a product does not put itself into is
    answered by its public server, so only `expect` counts. `means`: what the answer shows.
    """

    method: Literal["dns-txt", "dns-a", "http"]
    host: Name
    path: str = "/"
    expect: Annotated[Pattern, Field(min_length=1)]
    means: Name


class ProxyName(Mark):
    """A name in proxy settings, in a PAC file's address or answer, or put behind a host: it shows that traffic is meant to go there."""

    where: Literal["pac", "proxy", "suffix"]
    pattern: Annotated[Pattern, Field(min_length=1)]


class LocalMark(Mark):
    """A program, service, driver, adapter or package on the machine. It shows that the product is installed, not that it sees a flow."""

    kind: Literal["process", "service", "driver", "adapter", "package"]
    system: System
    name: Annotated[Pattern, Field(min_length=1)]
    """The whole name, in any case."""


def header_marks(marks: Iterable[HeaderMark], direction: Direction, headers: Mapping[str, str]) -> list[tuple[HeaderMark, str]]:
    """Return the marks in these headers (lower-case names) with the header that shows each, in the order of the catalogue."""
    found = []
    for mark in marks:
        if mark.enabled and mark.direction == direction:
            names = [name for name in headers if _named(mark.header, name)]
            shown = next((name for name in names if re.search(mark.pattern, headers[name])), None)
            if shown is not None:
                found.append((mark, shown))
    return found


def page_marks(marks: Iterable[PageMark], shown: Mapping[Where, str]) -> list[PageMark]:
    """Return the marks of a page; `shown` holds what there is of it. Marks are looked for in any case."""
    return [mark for mark in marks if mark.enabled and mark.where in shown and re.search(mark.pattern, shown[mark.where], re.IGNORECASE)]


def self_identified(probes: Iterable[SelfProbe], host: str, answer: str) -> list[SelfProbe]:
    """Return the probes of `host` whose expectation is in the answer (TXT texts and addresses one a line)."""
    return [probe for probe in probes if probe.enabled and probe.host == host.lower() and re.search(probe.expect, answer, re.MULTILINE)]


def proxy_names(marks: Iterable[ProxyName], where: Literal["pac", "proxy", "suffix"], text: str) -> list[ProxyName]:
    """Return the marks a PAC's address, a proxy's `host:port` or a host name shows."""
    return [mark for mark in marks if mark.enabled and mark.where == where and re.search(mark.pattern, text.lower())]


def local_marks(marks: Iterable[LocalMark], kind: str, system: str, names: Sequence[str]) -> list[LocalMark]:
    """Return the marks among what runs or is installed on a machine; `system` is windows, macos or linux."""
    lowered = {name.lower() for name in names}
    return [
        mark
        for mark in marks
        if mark.enabled and mark.kind == kind and mark.system in {system, "any"} and _is_among(mark.name.lower(), lowered)
    ]


def _named(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _is_among(pattern: str, names: set[str]) -> bool:
    return any(re.fullmatch(pattern, name) for name in names)
