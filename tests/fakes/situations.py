"""The situations recorded in `tests/cases/`; `tests/judge/test_cases.py` can write them again, byte for byte, and says how.

The committed files are the data; this file says how they were made. Cases in a vendor's name are signature replay: they test our
matcher, not the product.
"""

from datetime import timedelta
from typing import Any

from tests.fakes.pki import END, MITMPROXY, NOW, PUBLIC, SQUID, START, Authority, Style, name
from tests.fakes.situation import CONTROL, DIGICERT, GOOGLE, LOGIN, M365, OUTLOOK, ROOT, TEAMS, Situation

TRUSTING = _DEVICE = Style(("SAN", "BC", "KU", "EKU", "AKI", "SKI"))
"""A leaf without SCT, AIA and policy, with a key of its own: as an appliance with a key per host mints."""
_COPIED = Style((*_DEVICE.extensions, "SCT"))
_SHORT = Style(PUBLIC.extensions, validity=NOW - START - timedelta(hours=1))
_DEVICE_LOGIN = "device.login.microsoftonline.com"

ZSCALER_ROOT = Authority(
    name(C="US", O="Zscaler Inc.", OU="Zscaler Inc.", CN="Zscaler Root CA", emailAddress="support@zscaler.com"), "zs root"
)
ZSCALER = Authority(name(C="US", O="Zscaler Inc.", CN="Zscaler Intermediate Root CA (zscalerthree.net) (t) "), "zs", ZSCALER_ROOT)
NETSKOPE = Authority(
    name(
        C="DE",
        O="Contoso GmbH",
        OU="0123456789abcdef0123456789abcdef",
        CN="ca.contoso.eu.goskope.com",
        emailAddress="certadmin@netskope.com",
    ),
    "netskope",
)
FORTINET = Authority(
    name(C="US", O="Fortinet", OU="Certificate Authority", CN="FortiGate CA", emailAddress="support@fortinet.com"), "forti"
)
KASPERSKY = Authority(name(O="AO Kaspersky Lab", CN="Kaspersky Anti-Virus Personal Root Certificate"), "av")
MITM = Authority(name(CN="mitmproxy", O="mitmproxy"), "mitm", rsa=True)
CONTOSO = Authority(name(O="Contoso", CN="Contoso Web Gateway CA"), "contoso", plain=True)
CONTOSO_SQUID = Authority(name(O="Contoso", CN="Contoso Proxy Root"), "contoso squid root")
SQUID_CA = Authority(name(O="Contoso", CN="Contoso Proxy CA"), "contoso squid", CONTOSO_SQUID)
ARUBA = Authority(name(O="Aruba Tourism", CN="Aruba Tourism Inspection CA"), "aruba")
STRAY = Authority(name(CN="gateway.local"), "self signed")
NEW_PUBLIC = Authority(name(C="US", O="Lab Trust Services", CN="Lab TLS CA 7"), "new public", ROOT)
CISCO_PUBLIC = Authority(name(C="US", O="Cisco Systems", CN="Cisco Public Issuing CA"), "cisco public", ROOT)
NEW_ROOT = Authority(name(C="US", O="Lab Public Trust", CN="Lab Public Root 2026"), "public root 2")
NEW_ROOT_CA = Authority(name(C="US", O="DigiCert Inc", CN="Microsoft Azure RSA TLS Issuing CA 03"), "public issuer 2", NEW_ROOT)
MICROSOFT_2011 = Authority(name(O="Microsoft Corporation", CN="Microsoft Root Certificate Authority 2011"), "ms 2011")


def own(host: str, style: Style = PUBLIC) -> list[bytes]:
    """Return the chain a host sends when nothing stands in the way."""
    issuer = GOOGLE if host == CONTROL else DIGICERT
    return [issuer.leaf(host, style), issuer.der]


def clean_except(situation: Situation, *hosts: str) -> Situation:
    """Add clean observations of the usual four hosts, those in `hosts` left out."""
    for host in (OUTLOOK, TEAMS, LOGIN, CONTROL):
        if host not in hosts:
            situation.sees(host, own(host))
    return situation


def inspected(situation: Situation, issuer: Authority, style: Style, above: list[bytes], *hosts: str, **more: Any) -> Situation:
    """Add observations whose chains `issuer` minted."""
    for host in hosts or (OUTLOOK, TEAMS, LOGIN, CONTROL):
        situation.sees(host, [issuer.leaf(host, style), *above], **more)
    return situation


def clean() -> list[Situation]:
    """Return situations in which nothing decrypts."""
    plain = Situation("clean", "Nothing stands in the way.", ["verdict:inconclusive", "signal:new_public_issuer", "signal:chain_unchecked"])
    for host in (OUTLOOK, TEAMS, LOGIN, M365, CONTROL):
        plain.resolves(host).sees(host, own(host))
    rotation = Situation(
        "rotation", "A public issuer no list knows yet: authorities rotate.", ["verdict:inspected", "signal:known_product"]
    )
    for host in (OUTLOOK, TEAMS):
        rotation.sees(host, [NEW_PUBLIC.leaf(host), NEW_PUBLIC.der])
    no_sct = Situation(
        "public-without-sct", "A public chain whose leaf carries no timestamps.", ["verdict:inspected", "signal:sct_present"]
    )
    no_sct.sees(OUTLOOK, own(OUTLOOK, Style(PUBLIC.extensions[:-1])))
    shared = Situation(
        "shared-key-one-front-door", "One key on Microsoft's hosts only: one front door may serve them.", ["signal:shared_key"]
    )
    for host in (OUTLOOK, TEAMS, LOGIN):
        shared.sees(host, own(host, Style(PUBLIC.extensions, key="front door")))
    shared.sees(CONTROL, own(CONTROL))
    return [plain, rotation, no_sct, shared]


def nearly_inspected() -> list[Situation]:
    """Return clean situations that a careless judge would alarm on."""
    what = "The agent's public roots are old; the centre's newer ones accept the chain."
    misses = ["signal:public_trust_failure", "signal:disputed_chain", "verdict:inspected"]
    old_roots = Situation("agent-roots-too-old", what, misses, os=[NEW_ROOT], centre=[ROOT, NEW_ROOT])
    old_roots.sees(OUTLOOK, [NEW_ROOT_CA.leaf(OUTLOOK), NEW_ROOT_CA.der])
    what = "The server forgot an intermediate that the centre knows."
    misses = ["signal:incomplete_chain", "signal:unconfirmed_trust_failure"]
    known = Situation("centre-knows-the-intermediate", what, misses, centre=[ROOT, DIGICERT])
    known.sees(OUTLOOK, [DIGICERT.leaf(OUTLOOK)], ("trusted", "incomplete"))
    product = Situation(
        "product-name-in-public-chain", "A product maker's name in a chain that public roots accept.", ["signal:known_product"]
    )
    product.sees(OUTLOOK, [CISCO_PUBLIC.leaf(OUTLOOK), CISCO_PUBLIC.der])
    misses = ["signal:expired_chain", "signal:clock_suspect"]
    today = Situation("expired-this-hour", "The certificates were valid on the day of measurement.", misses)
    today.sees(OUTLOOK, own(OUTLOOK, _SHORT)).sees(TEAMS, own(TEAMS, _SHORT))
    wildcard = Situation("wildcard", "A wildcard of one label covers the host.", ["signal:name_mismatch"])
    wildcard.sees(TEAMS, [DIGICERT.leaf("*.microsoft.com"), DIGICERT.der])
    return [old_roots, known, product, today, wildcard]


def minted() -> list[Situation]:
    """Return situations in which a device of a known make mints certificates."""
    replay = "Signature replay: "
    zscaler = Situation("inspected-zscaler", replay + "a cloud gateway under its vendor's root.", ["verdict:clean"], os=[ZSCALER_ROOT])
    inspected(zscaler, ZSCALER, _DEVICE, [ZSCALER.der, ZSCALER_ROOT.der])
    netskope = Situation("inspected-netskope", replay + "a cloud gateway with an authority per tenant.", os=[NETSKOPE])
    inspected(netskope, NETSKOPE, _DEVICE, [NETSKOPE.der], OUTLOOK, M365)
    antivirus = Situation("inspected-antivirus", replay + "a root made on this machine by an anti-virus product.", os=[KASPERSKY])
    inspected(antivirus, KASPERSKY, _DEVICE, [KASPERSKY.der], OUTLOOK, CONTROL)
    what = "As measured: leaf only, one RSA key for all hosts, the authority's own."
    mitm = Situation("inspected-mitmproxy", what, ["signal:public_trust_failure"], os=[MITM])
    inspected(mitm, MITM, MITMPROXY, [])
    squid = Situation("inspected-squid", "As measured: customer authority, one RSA key, ALPN lost, three certificates.", os=[CONTOSO_SQUID])
    inspected(squid, SQUID_CA, SQUID, [SQUID_CA.der, CONTOSO_SQUID.der], alpn=None, http="1.1")
    untrusted = Situation("inspected-root-not-installed", replay + "a firewall whose root this machine lacks.", ["verdict:inconclusive"])
    inspected(untrusted, FORTINET, _DEVICE, [FORTINET.der], OUTLOOK)
    broad = Situation("inspected-by-a-name-like-a-vendor", "A customer whose name looks like a vendor's: possible, not named.", os=[ARUBA])
    inspected(broad, ARUBA, _DEVICE, [ARUBA.der], OUTLOOK)
    return [zscaler, netskope, antivirus, mitm, squid, untrusted, broad]


def minted_by_customers() -> list[Situation]:
    """Return situations in which a device without a known name mints certificates."""
    what = "A customer's own authority without keyUsage and key identifiers; Microsoft 365 and the rest alike."
    customer = Situation("inspected-customer-authority", what, ["signal:private_pki", "signal:shared_key"], os=[CONTOSO])
    inspected(customer, CONTOSO, Style(("SAN",)), [CONTOSO.der], OUTLOOK, M365, "www.office.com", "sway.com", CONTROL)
    copied = Situation("inspected-with-copied-timestamps", "A device that copies the timestamps.", ["signal:no_sct"], os=[CONTOSO])
    inspected(copied, CONTOSO, _COPIED, [CONTOSO.der], OUTLOOK)
    bypassed = Situation("bypassed-for-microsoft", "The path decrypts, Microsoft 365 is exempt.", ["signal:shared_key"], os=[CONTOSO])
    clean_except(bypassed, CONTROL).sees(CONTROL, [CONTOSO.leaf(CONTROL, _DEVICE), CONTOSO.der])
    approved: dict[str, object] = {"approved_devices": ["product:o=contoso,cn=contoso web gateway ca"]}
    known = Situation("inspected-by-approved-device", "The customer approved this device.", policy=approved, os=[CONTOSO])
    inspected(known, CONTOSO, _DEVICE, [CONTOSO.der], OUTLOOK, _DEVICE_LOGIN)
    what = "One untrusted key answers for hosts of unrelated operators, each by its name."
    stray = Situation("one-key-for-everything-untrusted", what, ["signal:name_mismatch"])
    inspected(stray, STRAY, Style(_DEVICE.extensions, key="stray"), [STRAY.der], OUTLOOK, CONTROL)
    return [customer, copied, bypassed, known, stray]


def by_policy() -> list[Situation]:
    """Return situations that only the policy tells apart."""
    restrictions: dict[str, object] = {"tenant_restrictions": True}
    login = Situation(
        "sanctioned-login", "Tenant restrictions: sign-in is decrypted, nothing else.", ["verdict:inspected"], restrictions, [CONTOSO]
    )
    clean_except(login, LOGIN).sees(LOGIN, [CONTOSO.leaf(LOGIN, _DEVICE), CONTOSO.der])
    what = "Tenant restrictions do not allow decrypting the device sign-in."
    device = Situation("device-login-under-sanction", what, ["verdict:sanctioned"], restrictions, [CONTOSO])
    clean_except(device, LOGIN).sees(_DEVICE_LOGIN, [CONTOSO.leaf(_DEVICE_LOGIN, _DEVICE), CONTOSO.der])
    undeclared = Situation(
        "login-without-restrictions", "Sign-in is decrypted and no policy says why.", ["verdict:sanctioned"], os=[CONTOSO]
    )
    clean_except(undeclared, LOGIN).sees(LOGIN, [CONTOSO.leaf(LOGIN, _DEVICE), CONTOSO.der])
    hosts: dict[str, object] = {"sanctioned_hosts": ["sway.com"]}
    named = Situation("sanctioned-by-name", "The customer sanctioned one optional host.", policy=hosts, os=[CONTOSO])
    inspected(named, CONTOSO, _DEVICE, [CONTOSO.der], "sway.com", "www.office.com")
    return [login, device, undeclared, named]


def unproven_certificates() -> list[Situation]:
    """Return situations in which a certificate is odd and nothing is proven by it."""
    misses = ["verdict:inspected", "signal:public_chain"]
    incomplete = Situation("incomplete-chain", "The server forgot an intermediate; the system fetched it.", misses)
    incomplete.sees(OUTLOOK, [DIGICERT.leaf(OUTLOOK)], ("trusted", "incomplete"))
    expired = Situation("expired-public-leaf", "One public certificate has expired; the others are valid.", ["signal:clock_suspect"])
    clean_except(expired, TEAMS).sees(TEAMS, own(TEAMS, Style(PUBLIC.extensions, validity=timedelta(days=90))))
    misses = ["verdict:inspected", "signal:known_product"]
    stray = Situation("self-signed", "A certificate for this host from an authority nobody trusts.", misses)
    clean_except(stray, OUTLOOK).sees(OUTLOOK, [STRAY.leaf(OUTLOOK, _DEVICE), STRAY.der])
    misses = ["signal:shared_key", "signal:untrusted_chain", "verdict:inspected"]
    portal = Situation("portal", "One certificate for another name answers everywhere.", misses)
    page = STRAY.leaf("portal.example", Style(_DEVICE.extensions, key="portal"))
    for host in (OUTLOOK, TEAMS, CONTROL):
        portal.sees(host, [page, STRAY.der])
    other = Situation("public-certificate-of-another", "A public certificate for another name answers.", ["verdict:clean"])
    other.sees(OUTLOOK, [GOOGLE.leaf("block.example"), GOOGLE.der])
    return [incomplete, expired, stray, portal, other]


def unproven() -> list[Situation]:
    """Return situations in which the honest answer is that nothing is proven."""
    ahead = END + timedelta(days=900)
    clock = Situation("wrong-clock", "The agent's clock is years ahead: no certificate is valid.", ["signal:expired_chain"], started=ahead)
    clean_except(clock)
    host = "fe2.update.microsoft.com"
    misses = ["signal:public_trust_failure", "verdict:inspected"]
    private = Situation("microsoft-private-pki", "A host of Microsoft's own PKI.", misses, os=[MICROSOFT_2011])
    private.sees(host, [MICROSOFT_2011.leaf(host, _DEVICE), MICROSOFT_2011.der])
    what = "The agent's public roots accept what the centre's do not."
    disputed = Situation("disputed-chain", what, ["signal:public_chain"], agent_public=[ROOT, NEW_ROOT])
    disputed.sees(OUTLOOK, [NEW_ROOT_CA.leaf(OUTLOOK), NEW_ROOT_CA.der])
    missing = Situation("certificates-missing", "The certificates have not arrived.", ["verdict:clean"], bodies=False)
    missing.sees(OUTLOOK, own(OUTLOOK))
    misses = ["verdict:unreachable", "signal:connect_failure"]
    late = Situation("late-agent", "The agent's own loop stood still; its time limits prove nothing.", misses)
    late.fails(OUTLOOK, "timeout", "connect", suspect=True).sees(TEAMS, own(TEAMS)).sees(CONTROL, own(CONTROL))
    return [clock, private, disputed, missing, late]


def unreachable() -> list[Situation]:
    """Return situations in which something does not answer."""
    name_gone = Situation("dns-nxdomain", "The resolver denies one name.", ["signal:connect_failure", "signal:all_failed"])
    name_gone.resolves(OUTLOOK, "dns_nxdomain").fails(OUTLOOK, "dns_nxdomain", "dns")
    name_gone.resolves(CONTROL).sees(CONTROL, own(CONTROL))
    everything = Situation(
        "no-internet", "Every connection times out.", ["signal:control_answered", "signal:dns_failure", "signal:late_agent"]
    )
    for host in (OUTLOOK, TEAMS, LOGIN, CONTROL):
        everything.fails(host, "timeout", "connect")
    misses = ["signal:all_failed", "signal:control_answered"]
    with_control = Situation("control-fails-too", "One Microsoft host and the control fail, the rest answers.", misses)
    clean_except(with_control, OUTLOOK, CONTROL).fails(OUTLOOK, "refused", "connect").fails(CONTROL, "unreachable", "connect")
    misses = ["signal:control_failed", "signal:connect_failure"]
    stages = Situation("failures-by-stage", "Proxy, TLS and HTTP fail on one host each.", misses)
    stages.fails(OUTLOOK, "proxy_denied", "proxy").fails(TEAMS, "reset", "tls")
    stages.sees(LOGIN, own(LOGIN), failure="http_protocol", stage="first_byte").sees(CONTROL, own(CONTROL))
    misses = ["verdict:unreachable", "signal:proxy_failure"]
    slow = Situation("resolver-slow-then-fine", "The name look-up probe failed, the connection did not.", misses)
    slow.resolves(OUTLOOK, "timeout").sees(OUTLOOK, own(OUTLOOK)).resolves(CONTROL, "timeout").sees(CONTROL, own(CONTROL))
    misses = ["signal:tls_failure", "signal:http_failure", "verdict:clean"]
    refused = Situation("connection-refused", "One host refuses, the control answers.", misses)
    refused.fails(OUTLOOK, "refused", "connect").sees(CONTROL, own(CONTROL))
    return [name_gone, everything, with_control, stages, slow, refused]


ALL = [
    *clean(),
    *nearly_inspected(),
    *minted(),
    *minted_by_customers(),
    *by_policy(),
    *unproven_certificates(),
    *unproven(),
    *unreachable(),
]
