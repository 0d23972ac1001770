"""The certificate chains the simulated sites see: a front door's own, or those minted by one of the company's two long-known devices.

The devices' names are those by which the catalogue knows two products; their keys are the demo's own and lie on its shelf.
"""

from collections.abc import Mapping, Sequence

from demo.agents import HOSTS
from demo.authority import APPLIANCE, Authority, PublicAuthorities, Shelf, Style, name
from demo.fleet.sites import Device

Chain = tuple[bytes, ...]
"""DER, leaf first, as sent."""
PASSED = frozenset({"login.microsoftonline.com", "teams.microsoft.com"})
"""What the web gateway lets through untouched, as its vendor advises for sign-in and calls; the firewalls let nothing through."""
_GATEWAY = Style(APPLIANCE.extensions, sent=2)


def chains(shelf: Shelf, hosts: Sequence[str] = HOSTS) -> Mapping[tuple[str, Device | None], Chain]:
    """Return the chain of each host as seen behind each device, and behind none. Raises UnusableFolder."""
    public = PublicAuthorities(shelf)
    own = {host: public.leaf(host).chain for host in hosts}
    found: dict[tuple[str, Device | None], Chain] = {(host, None): chain for host, chain in own.items()}
    gateway, firewall = _gateway(shelf), _firewall(shelf)
    for host in hosts:
        minted = shelf.leaf(gateway, name(CN=host, O="Zscaler Inc.", OU="Zscaler Inc."), (host,), _GATEWAY).chain
        found[host, "gateway"] = own[host] if host in PASSED else minted
        found[host, "firewall"] = shelf.leaf(firewall, name(CN=host), (host,), APPLIANCE).chain
    return found


def _gateway(shelf: Shelf) -> Authority:
    """Return the issuing authority of a cloud web gateway, below its vendor's root."""
    root = name(C="US", O="Zscaler Inc.", OU="Zscaler Inc.", CN="Zscaler Root CA", emailAddress="support@zscaler.com")
    issuer = name(C="US", O="Zscaler Inc.", OU="Zscaler Inc.", CN="Zscaler Intermediate Root CA (zscalerthree.net)")
    return shelf.authority("simulated gateway", issuer, shelf.authority("simulated gateway root", root))


def _firewall(shelf: Shelf) -> Authority:
    """Return the one authority both firewalls of the company sign with."""
    subject = name(C="US", O="Fortinet", OU="Certificate Authority", CN="FortiGate CA", emailAddress="support@fortinet.com")
    return shelf.authority("simulated firewall", subject)
