"""Runs every query of the dashboards and rules against an InfluxDB over HTTP, with the macros and variables put in as Grafana does."""

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from dashboards import rollups
from dashboards.fleet import fleet
from dashboards.rules import rules
from dashboards.site import site

DATABASES = {"mw-raw": "mw_raw", "mw-rollup": "mw_rollup", "mw-event": "mw_event"}
"""Bucket of each data source, as dashboards/provisioning/datasources says."""


class Asked(NamedTuple):
    """One query where it stands: `place` is the panel's title, the variable, the annotation or the rule."""

    dashboard: str
    place: str
    source: str
    text: str


class Ran(NamedTuple):
    """What a panel's queries returned together: of those that count by state some are empty, for nobody is in that state."""

    dashboard: str
    panel: str
    rows: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Where to ask: `token` may be one that only reads."""

    url: str
    token: str

    def ask(self, source: str, text: str) -> list[dict[str, Any]]:
        """Return the series of one query. Raises AssertionError with InfluxDB's words when it refuses."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            body = urlencode({"db": DATABASES[source], "q": text, "epoch": "ms"})
            kind = "application/x-www-form-urlencoded"
            connection.request("POST", "/query", body, {"Authorization": f"Token {self.token}", "Content-Type": kind})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"{answer.status} {said!r} to {text}"
        result = json.loads(said)["results"][0]
        assert "error" not in result, f"{result['error']}: {text}"
        series: list[dict[str, Any]] = result.get("series", [])
        return series


QUIET_WHEN_WELL: Mapping[str, str] = {
    "Agents that are late, silent or not complete": "every agent reports and nothing is missing",
    "Hours that are not complete, newest first (at most 50)": "nothing is missing",
    "Events, newest first (at most 50)": "nothing changed",
    "annotation Events": "nothing changed",
    "Events of this site, newest first (at most 50)": "nothing changed here",
    "Devices that came or went in this window (at most 50)": "no device came or went",
    "Connections that failed, by target (number a step)": "nothing failed",
    "Failed connections, newest first (at most 50)": "nothing failed",
}
"""What may be empty where all is well, and what that says. On plausible points nothing is."""


_BY_DAY = tuple(
    panel.title
    for panel in (
        rollups.days_of_site(),
        rollups.shares_of_site(),
        rollups.hours_of_site(),
        rollups.windows_of_site(),
        rollups.phases_of_site(),
        rollups.sites_by_day(),
        rollups.fleet_by_day(),
    )
)


NOT_IN_THE_DEMO: Mapping[str, str] = {
    "Where each target's connection ends (hops from the agent)": "on one machine there are no hops",
    "What the path lets through, and where Microsoft's network begins": "on one machine there are no hops",
    "Does Teams media get through? The relay's answers by port": "the demo's plan has no relay",
    "Relay: round trip, jitter, lookup (ms), loss (%)": "the demo's plan has no relay",
    "Does QUIC (HTTP/3 on UDP 443) get through?": "the demo's plan has no QUIC",
    "Hours that are not complete, newest first (at most 50)": "the demo loses nothing",
    **dict.fromkeys(_BY_DAY, "the first hour is summed up ten minutes after it is over"),
    "Does WebSocket get through, and does it outlive silence?": "the demo's plan has no WebSocket",
}
"""Panels that the demo has nothing for, most of them of probes its agents do not run, and why. On plausible points none is empty."""


def asked(made: Mapping[str, Any]) -> Iterator[Asked]:
    """Give every query of a dashboard: panels, variables, annotations."""
    uid = made["uid"]
    for panel in made["panels"]:
        for target in panel.get("targets", []):
            yield Asked(uid, panel["title"], target["datasource"]["uid"], target["query"])
    for variable in made["templating"]["list"]:
        if variable["type"] == "query":
            yield Asked(uid, f"variable {variable['name']}", variable["datasource"]["uid"], variable["query"])
    for mark in made["annotations"]["list"]:
        yield Asked(uid, f"annotation {mark['name']}", mark["datasource"]["uid"], mark["target"]["query"])


def asked_by_rules() -> Iterator[Asked]:
    """Give every rule's query."""
    for group in rules()["groups"]:
        for rule in group["rules"]:
            model = rule["data"][0]["model"]
            yield Asked("rules", rule["title"], rule["data"][0]["datasourceUid"], model["query"])


def everything() -> list[Asked]:
    """Return every query there is."""
    return [*asked(fleet()), *asked(site()), *asked_by_rules()]


def filled(text: str, since_ms: int, until_ms: int, variables: Mapping[str, str], interval: str = "1m") -> str:
    """Return a query as Grafana sends it: time filter, step, and each variable, escaped for a regular expression where it says so."""
    text = text.replace("$timeFilter", f"time >= {since_ms}ms and time <= {until_ms}ms").replace("$__interval", interval)
    for name, value in variables.items():
        plain = ".*" if value == ".*" else re.sub(r"[\\^$*+?.()|{}\[\]/]", r"\\\g<0>", value)
        text = text.replace(f"${{{name}:regex}}", plain).replace(f"${{{name}}}", value)
    return re.sub(r"\$finest\b", interval, text)


def sites(reader: Reader) -> list[str]:
    """Return the sites of the variable's own query."""
    series = reader.ask("mw-raw", next(one.text for one in asked(site()) if one.place == "variable site"))
    return [value for _, value in series[0]["values"]] if series else []


def run_all(url: str, token: str, since: int, until: int | None = None, at: Sequence[str] = ()) -> list[Ran]:
    """Run everything from `since` to `until` (Unix ms, now if None); Site's for each site of `at`, all that are stored if empty.

    Returns one entry a panel, variable, annotation and rule, its rows summed over queries and sites. Raises AssertionError for a query
    that is refused.
    """
    reader = Reader(url, token)
    until_ms = time.time_ns() // 10**6 if until is None else until
    places = list(at) or sites(reader)
    rows: dict[tuple[str, str], int] = {}
    for one in everything():
        for place in places if "${site" in one.text else [""]:
            text = filled(one.text, since, until_ms, {"site": place, "route": ".*", "target": ".*"})
            found = sum(len(series["values"]) for series in reader.ask(one.source, text))
            rows[(one.dashboard, one.place)] = rows.get((one.dashboard, one.place), 0) + found
    return [Ran(dashboard, panel, count) for (dashboard, panel), count in rows.items()]
