"""One asking of the web service for one instance, by its rules: version first, the list and its changes only when the version is newer.

No database and no clock: the row comes in, what became of it goes out; `deciding.py` says what that means for the next time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.knowledge.endpoints import EndpointList, Instance
from server.feed.answers import BadAnswer, check_plausible, read_dates, read_list, read_version, without_tenant
from server.feed.client import Reply, Service
from server.feed.deciding import WITHOUT_DATES
from server.state.feed import FeedRow

AREAS = "Common,Exchange,SharePoint,Skype"
WITH_INTUNE: frozenset[Instance] = frozenset({"Worldwide", "USGovDoD"})
"""Intune's sets (MEM) come only when they are asked for by name, and exist for these two instances (observed in public copies)."""
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing came of it. `reached` is False when no request can have left."""

    trouble: str
    retry_after_s: float = 0.0
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Same:
    """Our list is the newest; `note` says what was odd."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Newer:
    """There is a newer list. `dates`: name or prefix to the day it is used from, where the service said so."""

    version: str
    body: bytes
    listed: EndpointList
    dates: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


Outcome = Failed | Same | Newer


async def ask(
    service: Service, row: FeedRow, instance: Instance, known: Mapping[Instance, EndpointList], since: str, tenant: str
) -> Outcome:
    """Ask for one instance. `known`: the lists in use, to tell another instance's answer; `since`: the version of ours, ten digits."""
    query = {"ClientRequestId": row.guid}
    try:
        latest = read_version(_good(await service.get(f"/version/{instance}", query), "version"), instance)
        if row.version and latest <= row.version:
            behind = f"version: the service says {latest}, ours is {row.version}; ours is kept"
            return Same(behind if latest < row.version else "")
        areas = f"{AREAS},MEM" if instance in WITH_INTUNE else AREAS
        more = {"ServiceAreas": areas} | ({"TenantName": tenant} if tenant else {})
        body = _good(await service.get(f"/endpoints/{instance}", query | more), "endpoints")
        body = without_tenant(body, tenant) if tenant else body
        listed, note = read_list(body)
        check_plausible(listed, instance, known)
        dates = await _dates(service, f"/changes/{instance}/{row.version or since}", query, needed=row.failures < WITHOUT_DATES)
    except _Refused as refused:
        return Failed(str(refused), refused.retry_after_s, refused.reached)
    except BadAnswer as bad:
        return Failed(str(bad))
    return Newer(latest, body, listed, dates, note)


async def _dates(service: Service, path: str, query: Mapping[str, str], *, needed: bool) -> dict[str, str]:
    try:
        return read_dates(_good(await service.get(path, query), "changes"))
    except (_Refused, BadAnswer):
        if needed:
            raise
        return {}


class _Refused(Exception):  # noqa: N818 - an answer, handled above
    def __init__(self, text: str, retry_after_s: float, *, reached: bool = True) -> None:
        super().__init__(text)
        self.retry_after_s, self.reached = retry_after_s, reached


def _good(reply: Reply, what: str) -> bytes:
    """Return the body of a 200. Raises _Refused."""
    if reply.status == 200:
        return reply.body
    if not reply.status:
        raise _Refused(f"{what}: {reply.fault}", 0.0, reached=reply.reached)
    why = "too many requests; it asks to wait" if reply.status == TOO_MANY else "not the answer of the endpoint web service"
    raise _Refused(f"{what}: status {reply.status}, {why}", reply.retry_after_s)
