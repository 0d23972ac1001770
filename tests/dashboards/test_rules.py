"""Rules: on the system only, no variables, no data alerts where it is the fault."""

from dashboards.rules import RULES, rules

GROUP = rules()["groups"][0]


def test_each_rule_is_query_reduce_threshold() -> None:
    """Grafana wants one number a series before it compares."""
    for rule in GROUP["rules"]:
        kinds = [step["model"].get("type", "query") for step in rule["data"]]
        assert kinds == ["query", "reduce", "threshold"]
        assert [step["refId"] for step in rule["data"]] == ["A", "B", "C"]
        assert rule["condition"] == "C"
        assert rule["data"][0]["datasourceUid"] == "mw-raw"
        assert rule["data"][0]["relativeTimeRange"]["from"] > 0


def test_no_rule_uses_a_variable_or_speaks_of_a_device() -> None:
    """Variables mean nothing to a rule; a dollar in its texts would be taken for the environment. Devices are the watcher's to tell."""
    for rule in GROUP["rules"]:
        query = rule["data"][0]["model"]["query"]
        assert query.count("$") == query.count("$timeFilter") == 1
        assert "$" not in f"{rule['title']}{rule['annotations']}{rule['labels']}"
        assert rule["labels"] == {"middlewatch": "system"}
    assert not {"device", "verdict <>", "site_state"} & set(" ".join(one.query for one in RULES).replace('"', " ").split())


def test_silence_alerts_where_it_is_the_fault_and_one_rule_tells_of_influxdb() -> None:
    """Watcher and collector by no data, InfluxDB by the error; the others neither alert twice nor resolve on an error."""
    assert {one.uid for one in RULES if one.no_data == "Alerting"} == {"mw-watcher", "mw-collector"}
    assert {one.uid for one in RULES if one.error == "Alerting"} == {"mw-influxdb"}
    assert len({one.uid for one in RULES}) == len(RULES)


def test_each_rule_says_what_it_means_and_what_to_do() -> None:
    """A sentence and a remedy."""
    for one in RULES:
        assert one.summary.endswith(".")
        assert one.remedy.endswith(".")
