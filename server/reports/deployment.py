"""Where a device runs, as far as that can be known from outside: on the machine, on the premises, a vendor's cloud, a data centre, Azure.

The article's policies hold for all of these alike; an egress in Azure or in a security cloud raises the question and clears nothing. Pure.
"""

from collections.abc import Iterable, Mapping

from judge.knowledge.networks import Network

ON_MACHINE = frozenset({"endpoint-security", "developer-tool"})
SAID: Mapping[str, str] = {
    "on-premises": "on the premises",
    "sse-cloud": "a vendor's security cloud (SSE)",
    "iaas": "a data centre or cloud (IaaS)",
    "azure": "Microsoft Azure",
    "endpoint": "on the machine itself",
}
"""What a person may have said of a device, in words; another word is shown as it is."""


def deployment(device_class: str, vendor: str, networks: Iterable[Network], said: str) -> tuple[str, str]:
    """Return where a device runs and by what that is known. `networks`: what the ways out of its sites belong to, as far as known."""
    if said:
        return SAID.get(said, said), "as its owner says"
    if device_class in ON_MACHINE:
        return SAID["endpoint"], "by its class"
    owners = {one.id: one for one in networks}.values()
    security = [one for one in owners if one.kind == "security"]
    mine = [one for one in security if vendor and (vendor.lower() in one.owner.lower() or one.owner.lower() in vendor.lower())]
    if mine:
        return SAID["sse-cloud"], f"the sites leave by {mine[0].owner}'s network"
    for kind, word in (("microsoft", "azure"), ("cloud", "iaas"), ("security", "sse-cloud"), ("content", "iaas"), ("tunnel", "sse-cloud")):
        found = [one for one in owners if one.kind == kind]
        if found:
            return f"possibly {SAID[word]}", f"a site leaves by {found[0].owner}'s network; whether the device is there is not proven"
    return "on the premises or at the Internet provider", "no site leaves by the network of a cloud that is known to us"
