"""What the web service's answers must be: bytes in, checked values out, or BadAnswer with what is wrong. Pure.

Shapes: Microsoft 365 IP address and URL web service. Nothing is taken in part.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from judge.knowledge.endpoints import EndpointList, EndpointSet, Instance, read_set

_VERSION = re.compile(r"20\d{8}", re.ASCII)
_DATE = re.compile(r"20\d{6}", re.ASCII)
_AREAS = {"Exchange", "SharePoint", "Skype", "Common", "MEM"}
_HOST = re.compile(r"[A-Za-z0-9*._-]{1,253}", re.ASCII)
"""A host name or a pattern of one; all 400 of Worldwide's are (2025-12)."""
MOST_SETS = 1000
"""Ten times what Worldwide has with Intune's (79 in 2025-12)."""


class BadAnswer(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The answer is none of the service's, or cannot be right; the text says why."""


def read_version(body: bytes, instance: Instance) -> str:
    """Return the ten digits of an instance's latest version. Raises BadAnswer."""
    plain = _json(body, "version")
    if not isinstance(plain, dict):
        raise BadAnswer("version: is not one object; is this the endpoint web service?")
    if str(plain.get("instance", "")).lower() != instance.lower():
        raise BadAnswer(f"version: speaks of instance {str(plain.get('instance'))[:40]!r}, asked was {instance}")
    latest = plain.get("latest")
    if not isinstance(latest, str) or not _VERSION.fullmatch(latest) or int(latest) >= 2**31:
        raise BadAnswer(f"version: latest {str(latest)[:40]!r} is not ten digits")
    return latest


def read_list(body: bytes) -> tuple[EndpointList, str]:
    """Return the list of an `endpoints` answer and what was odd about it. Raises BadAnswer.

    A service area nobody has heard of counts as Common, and what is no host name is left out: one odd entry must not cost the whole list.
    """
    odd: list[str] = []
    sets = [_set(one, index, odd) for index, one in enumerate(_sets(body), 1)]
    if len({one.id for one in sets}) < len(sets):
        raise BadAnswer("endpoints: an id stands twice")
    if not any(one.category == "Optimize" for one in sets):
        raise BadAnswer("endpoints: no set is Optimize")
    return EndpointList(sets), "; ".join(dict.fromkeys(odd))


def without_tenant(body: bytes, tenant: str) -> bytes:
    """Return an `endpoints` answer with the patterns in place again where the service filled in a tenant's name. Raises BadAnswer.

    The judge sees the names of other tenants too, and our own names of the tenant are made from the patterns.
    """
    plain = _sets(body)
    for one in plain:
        if isinstance(one, dict) and "urls" in one:
            one["urls"] = list(dict.fromkeys(_pattern(url, tenant) for url in _texts(one["urls"])))
    return json.dumps(plain, separators=(",", ":")).encode()


def read_dates(body: bytes) -> dict[str, str]:
    """Return from `changes` from which day (YYYY-MM-DD) a name or prefix that was added is used. Raises BadAnswer."""
    plain = _json(body, "changes")
    if not isinstance(plain, list):
        raise BadAnswer("changes: is not a list")
    dates: dict[str, str] = {}
    for one in plain:
        added = one.get("add") if isinstance(one, dict) else None
        day = str(added.get("effectiveDate", "")) if isinstance(added, dict) else ""
        if isinstance(added, dict) and _DATE.fullmatch(day):
            names = (*_texts(added.get("urls")), *_texts(added.get("ips")))
            dates |= dict.fromkeys((name.lower() for name in names), f"{day[:4]}-{day[4:6]}-{day[6:]}")
    return dates


def check_plausible(listed: EndpointList, instance: Instance, known: Mapping[Instance, EndpointList]) -> None:
    """Refuse a list that cannot be the instance's: nearer to another's, or with less than half of the names there were. Raises BadAnswer.

    The answer does not say which instance it is of, and the same set ids mean other things in each.
    """
    names, held = names_of(listed), names_of(known[instance])
    nearest = max(known, key=lambda one: (_likeness(names, names_of(known[one])), one == instance))
    if nearest != instance:
        raise BadAnswer(f"endpoints: looks like the list of {nearest}, asked was {instance}")
    if 2 * len(names & held) < len(held):
        raise BadAnswer(f"endpoints: holds only {len(names & held)} of the {len(held)} names there were; it is not taken")


def names_of(listed: EndpointList) -> set[str]:
    """Return all names and patterns of a list."""
    return {url.lower() for one in listed.sets for url in one.urls}


def _sets(body: bytes) -> list[Any]:
    plain = _json(body, "endpoints")
    if not isinstance(plain, list) or not 0 < len(plain) <= MOST_SETS:
        raise BadAnswer("endpoints: is not a list of endpoint sets; is this the endpoint web service?")
    return plain


def _set(plain: Any, index: int, odd: list[str]) -> EndpointSet:  # noqa: ANN401 - any JSON
    if not isinstance(plain, dict):
        raise BadAnswer(f"endpoints: set {index} is not an object")
    area = str(plain.get("serviceArea", ""))
    if area not in _AREAS:
        odd.append(f"service area {area[:40]!r} is new; it counts as Common")
        plain = plain | {"serviceArea": "Common"}
    if strange := [url for url in _texts(plain.get("urls")) if not _HOST.fullmatch(url)]:
        odd.append(f"set {index}: {strange[0][:40]!r} is no host name; it is left out")
        plain = plain | {"urls": [url for url in _texts(plain["urls"]) if url not in strange]}
    try:
        return read_set(plain)
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"endpoints: set {index}: {type(error).__name__}: {str(error)[:120]}") from None


def _pattern(url: str, tenant: str) -> str:
    """Return the pattern of a name that carries the tenant's: the service fills it in where the list has an asterisk."""
    head, _, rest = url.lower().partition(".")
    if head in {tenant, f"{tenant}-my"} and rest:
        return f"*.{rest}"
    return url.replace(f".{tenant}.onmicrosoft.", ".*.onmicrosoft.")


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    return [str(one) for one in value] if isinstance(value, list) else []


def _json(body: bytes, what: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer(f"{what}: is not JSON ({len(body)} bytes); cut short, or is something else at feed.url?") from None
