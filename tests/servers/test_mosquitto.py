"""The broker fixture, the shipped configuration and access list, tried with mosquitto's own clients."""

import subprocess
from pathlib import Path

from tests.servers.certificates import COLLECTOR, Certificates, Identity
from tests.servers.fixtures import programs
from tests.servers.mosquitto import Mosquitto

REPORT = "mw/v1/agent/agent-01/report/0123456789abcdef0123456789abcdef/1"


def client(tool: str, broker: Mosquitto, who: Identity, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mosquitto_pub or mosquitto_sub as one identity, on MQTT 5 so that a refusal is told."""
    tls = ["--cafile", str(broker.certificates.ca), "--cert", str(who.certificate), "--key", str(who.key)]
    where = ["-h", "127.0.0.1", "-p", str(broker.port), "-V", "5", "-i", f"{who.name}-{tool}", "-q", "1"]
    return subprocess.run([programs()[tool], *where, *tls, *arguments], check=False, capture_output=True, text=True, timeout=30)


def subscribe(broker: Mosquitto, who: Identity, topic: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Subscribe with a session that outlives the client."""
    return client("mosquitto_sub", broker, who, "-c", "-x", "3600", "-t", topic, *arguments)


def test_agent_to_collector_and_back(mosquitto: Mosquitto) -> None:
    """A report waits for a collector that is away, and its receipt for the agent."""
    mosquitto.forget()
    agent, collector = mosquitto.certificates.identity("agent-01"), mosquitto.certificates.identity(COLLECTOR)
    for who, topic in ((collector, "mw/v1/agent/+/report/+/+"), (agent, "mw/v1/agent/agent-01/receipt")):
        subscribe(mosquitto, who, topic, "-E")
    assert client("mosquitto_pub", mosquitto, agent, "-t", REPORT, "-m", "a report").returncode == 0
    assert client("mosquitto_pub", mosquitto, collector, "-t", "mw/v1/agent/agent-01/receipt", "-m", "a receipt").returncode == 0
    assert subscribe(mosquitto, collector, "mw/v1/agent/+/report/+/+", "-C", "1", "-F", "%t %p").stdout == f"{REPORT} a report\n"
    assert subscribe(mosquitto, agent, "mw/v1/agent/agent-01/receipt", "-C", "1").stdout == "a receipt\n"


def test_shared_subscription(mosquitto: Mosquitto) -> None:
    """Collectors may share the reports."""
    mosquitto.forget()
    collector = mosquitto.certificates.identity(COLLECTOR)
    subscribe(mosquitto, collector, "$share/collectors/mw/v1/agent/+/report/+/+", "-E")
    client("mosquitto_pub", mosquitto, mosquitto.certificates.identity("agent-01"), "-t", REPORT, "-m", "shared")
    assert subscribe(mosquitto, collector, "$share/collectors/mw/v1/agent/+/report/+/+", "-C", "1").stdout == "shared\n"


def test_agent_may_not_speak_for_another(mosquitto: Mosquitto) -> None:
    """The broker refuses an agent's report under another agent's name, a receipt of its own making, and an event."""
    other = mosquitto.certificates.identity("agent-02")
    for topic in (REPORT, "mw/v1/agent/agent-02/receipt", "mw/v1/agent/agent-02/plan", "mw/v1/event/device", "anything"):
        refused = client("mosquitto_pub", mosquitto, other, "-t", topic, "-m", "x")
        assert "Not authorized" in refused.stderr + refused.stdout, topic


def test_agent_hears_only_its_own(mosquitto: Mosquitto) -> None:
    """A subscription to everything brings an agent nothing but its own receipts and plan."""
    mosquitto.forget()
    agent, collector = mosquitto.certificates.identity("agent-02"), mosquitto.certificates.identity(COLLECTOR)
    subscribe(mosquitto, agent, "#", "-E")
    for topic in ("mw/v1/agent/agent-01/receipt", "mw/v1/agent/agent-01/plan", "mw/v1/event/device", "mw/v1/agent/agent-02/receipt"):
        assert client("mosquitto_pub", mosquitto, collector, "-t", topic, "-m", topic).returncode == 0
    assert subscribe(mosquitto, agent, "#", "-C", "1").stdout == "mw/v1/agent/agent-02/receipt\n"


def test_no_certificate_no_session(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Neither a client without a certificate nor one of another authority gets in."""
    theirs = Certificates(tmp_path).identity("agent-01")
    ours = mosquitto.certificates.identity("agent-01")
    assert client("mosquitto_pub", mosquitto, ours, "-t", REPORT, "-m", "x").returncode == 0
    assert client("mosquitto_pub", mosquitto, theirs, "-t", REPORT, "-m", "x").returncode != 0
    plain = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "--cafile", str(mosquitto.certificates.ca), "-t", "a", "-m", "x"]
    assert subprocess.run([programs()["mosquitto_pub"], *plain], check=False, capture_output=True, timeout=30).returncode != 0


def test_queue_survives_restart(mosquitto: Mosquitto) -> None:
    """A report queued for an absent collector is still there after the broker was stopped and started."""
    mosquitto.forget()
    collector = mosquitto.certificates.identity(COLLECTOR)
    subscribe(mosquitto, collector, "mw/v1/agent/+/report/+/+", "-E")
    client("mosquitto_pub", mosquitto, mosquitto.certificates.identity("agent-01"), "-t", REPORT, "-m", "kept")
    mosquitto.stop()
    mosquitto.start()
    assert subscribe(mosquitto, collector, "mw/v1/agent/+/report/+/+", "-C", "1").stdout == "kept\n"
