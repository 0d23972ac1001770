"""The sites with real agents: names and addresses that cannot be mistaken for others'."""

import ipaddress

from demo.places import REAL_SITES


def test_addresses_are_for_documentation() -> None:
    """Egress addresses are of RFC 5737's third block, each site has its own, and agents' names are ids."""
    addresses = [ipaddress.ip_address(site.egress_address) for site in REAL_SITES]
    assert len(set(addresses)) == len(REAL_SITES)
    assert all(one in ipaddress.ip_network("203.0.113.0/24") for one in addresses)
    agents = [name for site in REAL_SITES for name in site.agents]
    assert len(set(agents)) == len(agents) == 4
