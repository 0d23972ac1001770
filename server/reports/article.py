"""What Microsoft's article on third-party network devices asks of customers, in our words, and the classes it speaks of. Data only.

Source: "Using third-party network devices or solutions with Microsoft 365" (Microsoft, 2025-05-29), and, for sign-in hosts, the Entra
documents on tenant restrictions. Addresses are in `judge/knowledge/data/guidance.toml`.
"""

from collections.abc import Mapping

from wire.vocabulary import DeviceClass

CLASSES: Mapping[DeviceClass, str] = {
    "wan-acceleration": "WAN acceleration and optimization",
    "redirection-and-inspection": "Traffic redirection and inspection devices",
    "proxy": "Proxy solutions",
    "casb": "Cloud Access Security Brokers (CASB)",
    "swg": "Secure Web Gateways (SWG)",
    "dlp": "Data Leakage Prevention (DLP) systems",
    "other-service": "Other network and cloud services",
}
"""The seven classes in the article's order and words."""
DUTIES: tuple[tuple[str, str], ...] = (
    ("Say so", "A support request must name such devices and services. This document is made for that."),
    (
        "Take them out while it is open",
        "Until the request is solved, decryption of the affected traffic is off and the device bypassed. A bypass case proves it.",
    ),
    (
        "Ask their vendor about them",
        "Microsoft supports the service it runs. The device belongs to the customer's network, and its support to its vendor.",
    ),
    (
        "Wherever they run",
        "The same holds for devices on the premises, in a vendor's cloud, and for what is built in a data centre or in Azure.",
    ),
    (
        "Not forbidden, not tested",
        'Microsoft neither blocks nor tests such devices, and changes its protocols without them. "Unsupported" does not say "broken".',
    ),
    (
        "One exception",
        "Sign-in hosts may be decrypted to insert the headers of tenant restrictions; two hosts for certificates of devices never.",
    ),
)
"""What to do, and what it means."""
