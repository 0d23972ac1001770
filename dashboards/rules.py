"""Grafana's alert rules: on the system only, whether watcher, collector and InfluxDB work. Devices and sites are the watcher's to tell.

A rule never uses a variable. Where no data IS the fault, no data alerts. An error of one query alerts once, by the rule on InfluxDB;
the others show the error and do not resolve on it.
"""

from dataclasses import dataclass
from typing import Any, Literal

from dashboards.dashboard import FLEET
from dashboards.panel import datasource

EXPRESSION = "__expr__"
FOLDER = "Middlewatch"


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition: `query` over the last `window_s`, reduced to `reducer` of each series, against a bound."""

    uid: str
    title: str
    summary: str
    remedy: str
    query: str
    window_s: int
    reducer: Literal["last", "sum", "min"]
    compare: Literal["lt", "gt"]
    bound: float
    lasting: str
    no_data: Literal["Alerting", "OK"]
    error: Literal["Alerting", "Error"] = "Error"


RULES = (
    Rule(
        "mw-influxdb",
        "InfluxDB does not answer",
        "Grafana cannot query InfluxDB: every panel is blind, and the collector stops taking reports.",
        "Look at InfluxDB's log and disk; check the token. Agents keep what they measure; nothing is lost yet.",
        'SELECT count("completeness") FROM "agent_state" WHERE $timeFilter',
        3600,
        "sum",
        "lt",
        0,
        "2m",
        "OK",
        "Alerting",
    ),
    Rule(
        "mw-watcher",
        "The watcher is silent",
        "No agent's state was written for five minutes: the watcher stands still, and nobody would be told of a new device.",
        "Look at /healthz and the log of the centre; a watcher writes every 60 s (watcher.refresh_s).",
        'SELECT count("completeness") FROM "agent_state" WHERE $timeFilter',
        300,
        "sum",
        "lt",
        1,
        "2m",
        "Alerting",
    ),
    Rule(
        "mw-collector",
        "Nothing is stored any more",
        "No finding was stored for 15 minutes: the collector or the broker stands still, or all agents are away at once.",
        "Look at /healthz of the collector and at the broker's log; then ask whether the whole network is down.",
        'SELECT count("verdict") FROM "finding" WHERE $timeFilter',
        900,
        "sum",
        "lt",
        1,
        "5m",
        "Alerting",
    ),
    Rule(
        "mw-newest-report",
        "The newest report is old",
        "No agent at all has reported for 15 minutes, says the watcher; it works itself.",
        "Look at the broker and at the collector's certificate; agents send again by themselves.",
        'SELECT min("age_s") FROM "agent_state" WHERE $timeFilter',
        180,
        "min",
        "gt",
        900,
        "2m",
        "OK",
    ),
    Rule(
        "mw-completeness",
        "Reports of a site are missing",
        "Less than 95 % of the reports of {{ .Labels.site }} that should be there are stored.",
        "Open the site: are its agents late, or did they drop reports? Then look at its way to the broker.",
        'SELECT mean("completeness") FROM "agent_state" WHERE $timeFilter GROUP BY "site"',
        900,
        "last",
        "lt",
        0.95,
        "15m",
        "OK",
    ),
)


def rules() -> dict[str, Any]:
    """Return the provisioning file of all rules; JSON is one of the forms Grafana reads there."""
    made = [_rule(one) for one in RULES]
    group = {"orgId": 1, "name": "Middlewatch itself", "folder": FOLDER, "interval": "1m", "rules": made}
    return {"apiVersion": 1, "groups": [group]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "C",
        "data": [_measured(rule), _reduced(rule), _compared(rule)],
        "for": rule.lasting,
        "noDataState": rule.no_data,
        "execErrState": rule.error,
        "dashboardUid": FLEET,
        "labels": {"middlewatch": "system"},
        "annotations": {"summary": rule.summary, "remedy": rule.remedy},
    }


def _measured(rule: Rule) -> dict[str, Any]:
    model = {
        "refId": "A",
        "datasource": datasource("mw-raw"),
        "rawQuery": True,
        "query": rule.query,
        "resultFormat": "time_series",
        "intervalMs": 60_000,
        "maxDataPoints": 1000,
    }
    window = {"from": rule.window_s, "to": 0}
    return {"refId": "A", "relativeTimeRange": window, "datasourceUid": "mw-raw", "model": model}


def _reduced(rule: Rule) -> dict[str, Any]:
    return _expression("B", {"type": "reduce", "expression": "A", "reducer": rule.reducer, "settings": {"mode": "dropNN"}})


def _compared(rule: Rule) -> dict[str, Any]:
    condition = {"type": "query", "evaluator": {"type": rule.compare, "params": [rule.bound]}}
    return _expression("C", {"type": "threshold", "expression": "B", "conditions": [condition]})


def _expression(ref: str, model: dict[str, Any]) -> dict[str, Any]:
    whole = {"refId": ref, "datasource": {"type": EXPRESSION, "uid": EXPRESSION}, **model}
    return {"refId": ref, "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": EXPRESSION, "model": whole}
