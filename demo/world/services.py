"""What each service says to a GET without sign-in: status, header fields in their order, body. Pure; no socket and no certificate.

Fields and their spelling are those of captured answers (Exchange of 2022 to 2024, the edge, the control target); values that vary by
request vary here too. The code of the front door is the site's, in all of them.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from judge.chain import names_cover

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. Content-Length is added by whoever sends it."""

    status: int
    headers: Fields
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the names it answers to, the median of its own work in ms, and where its names point."""

    name: str
    hosts: Sequence[str]
    think_ms: float
    aliases: Sequence[str]
    """CNAMEs after the name; `{host}` is the name asked, `{code}` the front door's."""
    addresses: Sequence[str]
    """One or more; `{site}` is the site's number: only unicast front doors have other addresses at another site."""


SERVICES = (
    Service(
        "Exchange",
        ("outlook.office365.com", "outlook.office.com", "outlook.cloud.microsoft"),
        6.0,
        (
            "ooc-g2.tm-4.office.com",
            "outlook.ms-acdc.office.com",
            "{code}-efz.ms-acdc.office.com",
        ),
        ("52.97.{site}.2", "52.97.{site}.18"),
    ),
    Service(
        "SharePoint",
        ("*.sharepoint.com",),
        16.0,
        ("187170-ipv4e.farm.dprodmgd104.sharepointonline.com.akadns.net", "dual-spo-0005.spo-msedge.net"),
        ("13.107.136.10", "13.107.138.10"),
    ),
    Service(
        "Teams",
        ("teams.microsoft.com", "*.teams.microsoft.com", "teams.cloud.microsoft"),
        5.0,
        ("teams.office.com", "s-0005.dual-s-msedge.net"),
        ("52.113.194.132", "52.123.128.14"),
    ),
    Service(
        "sign-in",
        ("login.microsoftonline.com", "*.login.microsoftonline.com", "login.microsoft.com"),
        9.0,
        ("login.mso.msidentity.com", "ak.privatelink.msidentity.com"),
        ("20.190.{site}.1", "20.190.{site}.67"),
    ),
    Service("media", ("*.tr.teams.microsoft.com",), 0.2, (), ("52.112.{site}.40",)),
    Service("control", ("www.gstatic.com",), 1.5, (), ("142.250.{site}.99",)),
    Service("edge", (), 5.0, ("{host}-afd.s-msedge.net",), ("13.107.6.171",)),
)
"""The last serves every other name."""
_HTML = (("Content-Type", "text/html; charset=utf-8"),)


def service_of(host: str) -> Service:
    """Return the service that answers to a name."""
    return next((one for one in SERVICES if names_cover(one.hosts, host)), SERVICES[-1])


class FrontDoor:
    """The front doors nearest to one site. `number` is the site's, from 1; chance is seeded, so a world repeats itself."""

    def __init__(self, code: str, number: int) -> None:
        self.code = code
        self.number = number
        self._chance = random.Random(f"{code} {number}")  # noqa: S311 - jitter and request ids, no secret

    def think_s(self, host: str) -> float:
        """Return how long a service works on one request, in seconds: log-normal, one in forty above twice the median."""
        return service_of(host).think_ms * math.exp(self._chance.gauss(0.0, 0.35)) / 1000

    def answer(self, host: str, now: datetime) -> Answer:
        """Return what `host` answers at `now`."""
        service = service_of(host).name
        date = (("Date", format_datetime(now.astimezone(UTC), usegmt=True)),)
        if service == "Exchange":
            return Answer(302, (("Location", f"https://{host}/owa/"), *_SERVER, *self._exchange(), *date))
        if service == "SharePoint":
            return Answer(403, (*_HTML, *self._sharepoint(now), *date), _page("403 FORBIDDEN"))
        if service == "Teams":
            fields = (*_HTML, ("MS-CV", f"{self._id()[:22]}.0"), ("Alt-Svc", 'h3=":443"'), *self._edge(now), *date)
            return Answer(200, fields, _page("Microsoft Teams"))
        if service == "sign-in":
            return Answer(200, (*_HTML, *self._sign_in(), *self._edge(now), *date), _page("Sign in to your account"))
        if service == "control":
            return Answer(204, (("Cross-Origin-Resource-Policy", "cross-origin"), ("Server", "sffe"), *date))
        return Answer(200, (*_HTML, ("X-Cache", "CONFIG_NOCACHE"), *self._edge(now), *date), _page(host))

    def _exchange(self) -> Fields:
        forest = f"{self.code[:2]}0P281"
        first, last = (self._chance.randrange(1, 400) for _ in range(2))
        reporting = f"https://exo.nel.measure.office.net/api/report?TenantId=&FrontEnd=Cafe&DestinationEndpoint={self.code}"
        group = f'{{"group":"NelOfficeUpload1","max_age":7200,"endpoints":[{{"url":"{reporting}"}}],"include_subdomains":true}}'
        return (
            ("request-id", self._guid()),
            ("X-CalculatedFETarget", f"{forest}CU{first:03}.internal.outlook.com"),
            ("X-FEProxyInfo", f"{forest}CA{first:04}.EURP281.PROD.OUTLOOK.COM"),
            ("X-Proxy-RoutingCorrectness", "1"),
            ("X-Proxy-BackendServerStatus", "302"),
            ("X-FEEFZInfo", self.code),
            ("X-FirstHopCafeEFZ", self.code),
            ("X-FEServer", f"{forest}CA{first:04}"),
            ("X-FEServer", f"{forest}CA{last:04}"),
            ("Report-To", group),
            ("NEL", '{"report_to":"NelOfficeUpload1","max_age":7200,"include_subdomains":true,"success_fraction":0.01}'),
            ("Alt-Svc", 'h3=":443"'),
        )

    def _sharepoint(self, now: datetime) -> Fields:
        guid, took_ms = self._guid(), self._chance.randrange(6, 30)
        return (
            ("X-SharePointHealthScore", str(self._chance.randrange(0, 3))),
            ("SPRequestGuid", guid),
            ("request-id", guid),
            ("MS-CV", f"{self._id()[:22]}.0"),
            ("SPRequestDuration", str(took_ms)),
            ("SPIisLatency", "1"),
            ("MicrosoftSharePointTeamServices", "16.0.0.26712"),
            ("Alt-Svc", 'h3=":443"'),
            *self._edge(now),
        )

    def _sign_in(self) -> Fields:
        return (
            ("Cache-Control", "no-store, no-cache"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("x-ms-request-id", self._guid()),
            ("x-ms-ests-server", f"2.1.22203.5 - {self.code}LR1 ProdSlices"),
        )

    def _edge(self, now: datetime) -> Fields:
        server = f"{self.code}{self._chance.randrange(20, 32)}EDGE{self._chance.randrange(300, 1000):04}"
        stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (("X-MSEdge-Ref", f"Ref A: {self._id()} Ref B: {server} Ref C: {stamp}"),)

    def _id(self) -> str:
        return f"{self._chance.getrandbits(128):032X}"

    def _guid(self) -> str:
        text = self._id().lower()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


_SERVER = (("Server", "Microsoft-HTTPAPI/2.0"),)


def _page(title: str) -> bytes:
    """Return a page as large as the services' own unauthenticated ones begin: the first byte is what is measured."""
    return f"<!doctype html><title>{title}</title><p>{title}: the demo's stand-in, not the service.</p>\n".encode().ljust(2048)
