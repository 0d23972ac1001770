"""deploy/ read against what it names: files and folders that exist, nothing published beyond loopback, no password with a default.

There is no container engine where tests run: the files are parsed and compared, not started.
"""

import re
from typing import Any

import pytest
import yaml

from server.config import BadConfiguration, load_settings
from tests.lab.dashboards import DATABASES
from tests.tree import ROOMS, ROOT

TEXT = (ROOT / "deploy/compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def test_each_service_is_pinned_checked_and_restarted() -> None:
    """No `latest`; a health check each; the centre waits for broker and history."""
    assert {*SERVICES} == {"mosquitto", "influxdb", "centre", "grafana"}
    for name, service in SERVICES.items():
        assert re.search(r":\d+\.\d+\.\d+$", service["image"]), name
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"
    assert {*SERVICES["centre"]["depends_on"]} == {"mosquitto", "influxdb"}
    assert int(SERVICES["grafana"]["image"].split(":")[1].split(".")[0]) >= 11


def test_only_loopback_is_published_and_influxdb_not_at_all() -> None:
    """The broker's address may be set, with loopback when it is not."""
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert ports["influxdb"] == []
    assert SERVICES["influxdb"]["networks"] == ["inside"]
    for port in (one for several in ports.values() for one in several):
        assert port.startswith(("127.0.0.1:", "${MIDDLEWATCH_BROKER_ADDRESS:-127.0.0.1}:"))


def test_no_secret_has_a_default_and_each_missing_one_is_said_in_a_sentence() -> None:
    """Every variable but the broker's address stops compose with words, and is in the example of the environment."""
    said = {name: words for name, sign, words in VARIABLE.findall(TEXT) if sign == "?"}
    asked = {name for name, *_ in VARIABLE.findall(TEXT)}
    assert asked - set(said) == {"MIDDLEWATCH_BROKER_ADDRESS"}
    assert all(len(words) > 20 for words in said.values())
    example = (ROOT / "deploy/environment.example").read_text()
    assert set(re.findall(r"(?m)^(\w+)=$", example)) == set(said)


def test_every_folder_and_file_it_mounts_is_here() -> None:
    """Paths below deploy/; certificates and volumes come from outside."""
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / "deploy" / source).exists(), source
                assert volume.endswith(":ro")


def test_mosquitto_runs_with_what_the_configuration_names() -> None:
    """Each path of deploy/mosquitto is mounted at its place."""
    targets = {
        volume.split(":")[-2] if volume.endswith(":ro") else volume.split(":")[-1].rstrip("/")
        for volume in SERVICES["mosquitto"]["volumes"]
    }
    configured = re.findall(r"(?m)^(?:\w+file|persistence_location) (\S+)$", (ROOT / "deploy/mosquitto/mosquitto.conf").read_text())
    assert {path.rstrip("/") for path in configured} <= targets


def test_the_centres_configuration_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads with the token from the environment, and says what is missing without."""
    with pytest.raises(BadConfiguration, match=r"history\.token"):
        load_settings(ROOT / "deploy/server.toml")
    monkeypatch.setenv("MIDDLEWATCH_HISTORY__TOKEN", "a token")
    settings = load_settings(ROOT / "deploy/server.toml")
    assert settings.history.url == "http://influxdb:8086"
    mounted = " ".join(SERVICES["centre"]["volumes"])
    for path in (settings.broker.ca, settings.broker.certificate, settings.broker.key):
        assert f":{path}:ro" in mounted
    assert "/var/lib/middlewatch/state.db" in settings.state.url


def test_the_image_holds_every_room() -> None:
    """A room that is not copied cannot be installed."""
    text = (ROOT / "deploy/Containerfile").read_text()
    assert set(re.findall(r"(?m)^COPY (\w+) \1$", text)) == set(ROOMS)
    assert "USER middlewatch" in text


def test_grafana_finds_its_sources_and_dashboards() -> None:
    """Uids are those of the panels, buckets those of the collector, the token comes from the environment, the environment is set."""
    sources = yaml.safe_load((ROOT / "dashboards/provisioning/datasources/middlewatch.yaml").read_text())["datasources"]
    assert {one["uid"]: one["jsonData"]["dbName"] for one in sources} == DATABASES
    for one in sources:
        assert (one["database"], one["jsonData"]["httpMode"], one["access"]) == (one["jsonData"]["dbName"], "POST", "proxy")
        assert one["secureJsonData"] == {"httpHeaderValue1": "Token $MIDDLEWATCH_GRAFANA_TOKEN"}
    (provider,) = yaml.safe_load((ROOT / "dashboards/provisioning/dashboards/middlewatch.yaml").read_text())["providers"]
    used = {provider["options"]["path"], sources[0]["url"], "$MIDDLEWATCH_GRAFANA_TOKEN"}
    assert {name.removeprefix("$") for name in used} <= set(SERVICES["grafana"]["environment"])
    mounts = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    assert mounts[SERVICES["grafana"]["environment"]["MIDDLEWATCH_DASHBOARDS"]] == "../dashboards/json"
