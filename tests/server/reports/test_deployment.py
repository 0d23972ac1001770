"""Holds server/reports/deployment.py: an egress in a cloud raises where a device may run, and proves it only for the vendor's own cloud."""

import pytest

from judge.knowledge.networks import Network
from server.reports.deployment import deployment


def network(owner: str, kind: str) -> Network:
    """Return a network."""
    return Network.model_validate({"id": owner.lower(), "owner": owner, "kind": kind, "grade": "A", "origin": "test"})


@pytest.mark.parametrize(
    ("device_class", "vendor", "networks", "said", "found"),
    [
        ("swg", "Zscaler", [network("Zscaler", "security")], "", "a vendor's security cloud (SSE)"),
        ("proxy", "Squid", [network("Zscaler", "security")], "", "possibly a vendor's security cloud (SSE)"),
        ("proxy", "", [network("Microsoft", "microsoft")], "", "possibly Microsoft Azure"),
        ("proxy", "", [network("Amazon", "cloud")], "", "possibly a data centre or cloud (IaaS)"),
        ("proxy", "", [], "", "on the premises or at the Internet provider"),
        ("endpoint-security", "ESET", [network("Amazon", "cloud")], "", "on the machine itself"),
        ("proxy", "Squid", [network("Amazon", "cloud")], "on-premises", "on the premises"),
        ("proxy", "Squid", [], "rack 7", "rack 7"),
    ],
)
def test_where_a_device_runs(device_class: str, vendor: str, networks: list[Network], said: str, found: str) -> None:
    """What its owner says comes first; a guess is called possible."""
    assert deployment(device_class, vendor, networks, said)[0] == found
    assert deployment(device_class, vendor, networks, said)[1], "by what it is known is always said"
