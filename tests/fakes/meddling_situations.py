"""Situations in which a protocol is lost or cut off, or something beside the path tells of a device. As `situations.py`."""

from typing import Any

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from tests.fakes.path_situations import ELSEWHERE
from tests.fakes.pki import SQUID, Style
from tests.fakes.situation import CONTROL, LOGIN, M365, OUTLOOK, SENT, TEAMS, Situation
from tests.fakes.situations import CONTOSO, CONTOSO_SQUID, NEW_PUBLIC, SQUID_CA, STRAY, TRUSTING, ZSCALER, ZSCALER_ROOT, own
from wire.facts import HostFacts, MediaFacts, QuicFacts, WebsocketFacts
from wire.target import HERE

RELAY, COPILOT = "worldaz.tr.teams.microsoft.com", "substrate.office.com"
H3 = {"alt-svc": 'h3=":443"; ma=2592000'}
COPIED_ALL = Style(("SAN", "BC", "KU", "EKU", "AKI", "AIA", "policies"))
"""A device that copies AIA and policies, and not the timestamps."""

_knowledge = load_knowledge()
_SILENT: dict[str, Any] = {"failure": "timeout", "stage": "connect"}


def quic(one: Situation, host: str, *, answers: bool, chain: list[bytes] | None = None, **more: Any) -> Situation:
    """Add an HTTP/3 observation."""
    target = target_for(_knowledge, host, 443, protocol="quic")
    fields = {"alpn": "h3", "version": "1", **one.chained(host, chain or own(host))} if answers else _SILENT
    return one.measures(QuicFacts, {"handshake_ms": 22.0} if answers else {}, target=target, **{**fields, **more})


def media(one: Situation, port: int = 3478, **fields: Any) -> Situation:
    """Add a media observation; without fields it is silence from both kinds of source port."""
    target = target_for(_knowledge, RELAY, port, protocol="turn")
    silent = {"failure": "timeout", "stage": "first_byte"}
    return one.measures(MediaFacts, {"sent": 20, "received": 20 if fields else 0}, target=target, **(fields or silent))


def websocket(one: Situation, chain: list[bytes], **fields: Any) -> Situation:
    """Add a WebSocket observation under a chain."""
    target = target_for(_knowledge, COPILOT, 443, protocol="wss")
    return one.measures(WebsocketFacts, {"connect_ms": 12.0}, target=target, tls="TLSv1.3", **one.chained(COPILOT, chain), **fields)


def machine(one: Situation, **fields: Any) -> Situation:
    """Add an observation of the machine itself."""
    return one.measures(HostFacts, {}, target=HERE, **fields)


def http3() -> list[Situation]:
    """Return situations about UDP 443."""
    fine = Situation("http3-answers", "HTTP/3 is announced and answers.", ["verdict:blocked", "signal:quic_blocked", "signal:quic_silent"])
    quic(fine.sees(OUTLOOK, own(OUTLOOK), headers=H3), OUTLOOK, answers=True)
    shut = Situation("http3-blocked", "UDP 443 is dropped: announced everywhere, answered nowhere.", ["signal:quic_answered"])
    for host in (OUTLOOK, TEAMS):
        quic(shut.sees(host, own(host), headers=H3), host, answers=False)
    misses = ["verdict:blocked", "signal:quic_blocked"]
    unsaid = Situation("http3-silent-and-unannounced", "HTTP/3 does not answer; nobody announced it.", misses)
    quic(unsaid.sees(OUTLOOK, own(OUTLOOK)), OUTLOOK, answers=False)
    quic(unsaid, TEAMS, answers=False)
    down = Situation("http3-and-tcp-fail", "Neither UDP nor TCP gets an answer.", ["verdict:blocked", "signal:quic_silent"])
    quic(down.fails(OUTLOOK, "timeout", "connect"), OUTLOOK, answers=False).fails(CONTROL, "timeout", "connect")
    behind = Situation("http3-blocked-by-who-decrypts", "TCP is decrypted, UDP 443 dropped.", ["signal:quic_failure"], os=[CONTOSO_SQUID])
    chain = [SQUID_CA.leaf(OUTLOOK, SQUID), SQUID_CA.der, CONTOSO_SQUID.der]
    quic(behind.sees(OUTLOOK, chain, headers=H3), OUTLOOK, answers=False)
    return [fine, shut, unsaid, down, behind]


def teams_media() -> list[Situation]:
    """Return situations about the Teams relay."""
    fine = Situation("media-answers", "The relay answers from both source ports.", ["signal:media_silent", "signal:media_ports_filtered"])
    media(fine, ephemeral="allocate", audio="allocate", mapped="192.0.2.7")
    misses = ["verdict:blocked", "signal:media_blocked", "signal:media_answered"]
    silent = Situation("media-silent", "The relay is silent, and nothing else was looked at.", misses)
    media(silent)
    shut = Situation("media-blocked", "The relay answers by TCP, HTTP/3 by UDP, UDP 3478 not.", ["verdict:inconclusive"])
    media(quic(shut.sees(RELAY, own(RELAY)), OUTLOOK, answers=True))
    filtered = Situation("media-audio-ports-filtered", "Only ordinary source ports get an answer.", ["signal:media_answered"])
    media(filtered, ephemeral="allocate", audio="")
    untried = Situation("media-audio-ports-untried", "No audio port was free to try.", ["signal:media_ports_filtered"])
    media(untried, ephemeral="binding", audio="untried")
    return [fine, silent, shut, filtered, untried]


def websockets() -> list[Situation]:
    """Return situations about the upgrade to WebSocket."""
    misses = ["signal:websocket_blocked", "signal:websocket_idle_lost", "signal:websocket_cut", "verdict:blocked"]
    fine = Situation("websocket-up", "The upgrade gets through and stays.", misses)
    websocket(fine, own(COPILOT), upgraded=True, status=101, idle="alive")
    lost = Situation("websocket-lost-when-idle", "The connection does not outlive an idle minute.", ["verdict:blocked"])
    websocket(lost, own(COPILOT), upgraded=True, status=101, idle="lost")
    misses = ["signal:websocket_blocked", "signal:websocket_up"]
    declined = Situation("websocket-declined-by-the-server", "The server itself wants a sign-in first.", misses)
    websocket(declined, own(COPILOT), status=401)
    cut = Situation(
        "websocket-cut", "Plain requests are answered, the upgrade is cut.", ["signal:websocket_declined", "verdict:unreachable"]
    )
    websocket(cut.sees(COPILOT, own(COPILOT)), own(COPILOT), failure="reset", stage="first_byte")
    alone = Situation("websocket-cut-alone", "The upgrade is cut and nothing else was looked at.", ["signal:websocket_blocked"])
    websocket(alone, own(COPILOT), failure="reset", stage="first_byte")
    stripped = Situation("websocket-stripped", "Who decrypts takes the upgrade out of requests.", ["verdict:blocked"], os=[CONTOSO])
    websocket(stripped, [CONTOSO.leaf(COPILOT, TRUSTING), CONTOSO.der], status=426)
    return [fine, lost, declined, cut, alone, stripped]


def protocols() -> list[Situation]:
    """Return situations about HTTP/2, TLS versions and segment sizes."""
    chain = [SQUID_CA.leaf(OUTLOOK, SQUID), SQUID_CA.der, CONTOSO_SQUID.der]
    misses = ["signal:h2_kept", "signal:tls_kept"]
    lost = Situation("http2-and-tls13-lost", "As measured: an engine that speaks HTTP/1.1 and TLS 1.2.", misses, os=[CONTOSO_SQUID])
    lost.sees(OUTLOOK, chain, alpn=None, http="1.1", tls="TLSv1.2")
    misses = ["signal:h2_lost", "signal:tls_downgraded", "verdict:altered"]
    older = Situation("servers-own-old-protocols", "A server that speaks HTTP/1.1 and TLS 1.2 itself.", misses)
    older.sees(LOGIN, own(LOGIN), alpn="http/1.1", http="1.1", tls="TLSv1.2")
    unknown = Situation("nobody-knows-what-the-server-speaks", "A host without a listing for HTTP/3.", misses, os=[CONTOSO_SQUID])
    plain = [SQUID_CA.leaf(LOGIN, SQUID), SQUID_CA.der, CONTOSO_SQUID.der]
    unknown.sees(LOGIN, plain, alpn=None, http="1.1", tls="TLSv1.2")
    what = "By the proxy HTTP/2 is lost, on the direct way it is there."
    route = Situation("http2-lost-by-one-route", what, ["signal:tls_downgraded"], os=[CONTOSO_SQUID])
    route.sees(LOGIN, own(LOGIN)).sees(
        LOGIN, plain, route="proxy", alpn=None, http="1.1", via="proxy gw.contoso.example:3128", via_source="plan"
    )
    clamped = Situation("segments-clamped", "As measured: a clamp to 1360 on everything.", ["signal:mss_full", "signal:ends_nearer"])
    clamped.paths(OUTLOOK, mss=1348, timestamps=True, ends_at=4, control_port=5061, control_ends_at=4)
    whole = Situation("segments-of-a-plain-link", "PPPoE and IPv6 make segments smaller, no tunnel does.", ["signal:mss_clamped"])
    whole.paths(OUTLOOK, mss=1440, timestamps=True).paths(TEAMS, mss=1420, timestamps=True)
    return [lost, older, unknown, route, clamped, whole]


def surroundings() -> list[Situation]:
    """Return situations in which something beside the path helps to name a device, or must not."""
    suffix = Situation(
        "defender-for-cloud-apps", "The tenant's host leads to itself with a suffix.", ["verdict:inspected", "verdict:captive"]
    )
    suffix.sees("microsoft.sharepoint.com", own("microsoft.sharepoint.com"), headers={"location": "microsoft.sharepoint.com.mcas.ms"})
    near = Situation("a-name-like-a-suffix", "A redirect to a host that only looks like it.", ["signal:broker_suffix"])
    near.sees("microsoft.sharepoint.com", own("microsoft.sharepoint.com"), headers={"location": "mcas.ms.example.com"})
    what = "A customer's authority behind a cloud gateway's network, its client on the machine: possible, not named."
    gateway = Situation("customer-authority-by-a-vendors-network", what, ["signal:known_product"], os=[CONTOSO])
    gateway.sees(OUTLOOK, [CONTOSO.leaf(OUTLOOK, COPIED_ALL), CONTOSO.der]).reflects(SENT, address="165.225.8.10")
    machine(gateway, system="windows", products=["zscaler"], added_roots=[{"subject": "CN=Zscaler Root CA, O=Zscaler Inc.", "key": "ab"}])
    cloud = Situation("leaves-by-a-public-cloud", "The way out is a public cloud.", ["signal:egress_network", "verdict:proxied"])
    cloud.sees(OUTLOOK, own(OUTLOOK)).reflects(SENT, address="4.160.0.9")
    installed = Situation(
        "clients-installed-and-bypassed", "A client runs and its root is there; nothing is decrypted.", ["verdict:inspected"]
    )
    machine(installed.sees(OUTLOOK, own(OUTLOOK)), system="windows", products=["zscaler"])
    quiet = Situation(
        "machine-with-nothing",
        "No product, no root of a known name, an unlisted way out.",
        ["signal:local_product", "signal:added_root", "signal:egress_cloud"],
    )
    machine(quiet, system="linux", added_roots=[{"subject": "CN=Contoso Root, O=Contoso", "key": "cd"}]).reflects(SENT, address="192.0.2.9")
    named = Situation("proxy-with-a-vendors-name", "The proxy's own name is a vendor's: possible, not named.", ["signal:proxy_token"])
    named.sees(
        OUTLOOK, own(OUTLOOK), route="proxy", via="proxy proxy.threatpulse.net:8080", via_source="settings", sample={"proxy_ms": 9.0}
    )
    other = Situation("proxy-with-a-name-of-its-own", "A proxy of the customer's.", ["signal:proxy_name"])
    other.sees(OUTLOOK, own(OUTLOOK), route="proxy", via="proxy gw.contoso.example:3128", via_source="pac", sample={"proxy_ms": 9.0})
    return [suffix, near, gateway, cloud, installed, quiet, named, other]


def shapes() -> list[Situation]:
    """Return situations told by how leaves are made, and by who answers in another's place."""
    careful = Situation(
        "minted-with-everything-but-timestamps",
        "A device that copies AIA and policies.",
        ["signal:bare_leaf", "signal:known_engine"],
        os=[CONTOSO],
    )
    careful.sees(OUTLOOK, [CONTOSO.leaf(OUTLOOK, COPIED_ALL), CONTOSO.der])
    page = Situation(
        "block-page-under-a-minted-certificate", "Signature replay: the gateway's own page.", ["verdict:inspected"], os=[ZSCALER_ROOT]
    )
    chain = [ZSCALER.leaf(TEAMS, TRUSTING), ZSCALER.der, ZSCALER_ROOT.der]
    page.sees(TEAMS, chain, headers={"server": "Zscaler/6.2"}, sample={"status": 403})
    stranger = Situation(
        "public-certificate-at-a-strangers-address", "A reverse proxy with a bought certificate.", ["verdict:clean", "verdict:inspected"]
    )
    stranger.sees(OUTLOOK, [NEW_PUBLIC.leaf(OUTLOOK), NEW_PUBLIC.der], sample={"address": ELSEWHERE})
    portal = Situation(
        "captive-portal-that-refuses-tls",
        "TLS is reset; our plain request is answered by somebody else.",
        ["verdict:unreachable", "signal:portal_redirect"],
    )
    for host in (OUTLOOK, CONTROL):
        portal.fails(host, "reset", "tls")
    portal.reflects((), failure="http_protocol", stage="body")
    what = "Our reflector answers nonsense and everything else answers."
    broken = Situation("reflector-answers-nonsense", what, ["signal:portal_instead", "verdict:captive"])
    broken.sees(OUTLOOK, own(OUTLOOK)).reflects((), failure="http_protocol", stage="body")
    both = Situation(
        "rewritten-by-who-decrypts", "Who decrypts TLS also rewrites plain requests: one device.", ["signal:headers_kept"], os=[CONTOSO]
    )
    both.sees(M365, [CONTOSO.leaf(M365, TRUSTING), CONTOSO.der]).reflects((*SENT, "Cache-Control"))
    nobody = Situation(
        "stray-without-anything", "Nobody's certificate, and nothing else.", ["signal:broker_suffix", "signal:portal_certificate"]
    )
    nobody.sees(OUTLOOK, [STRAY.leaf(OUTLOOK, TRUSTING), STRAY.der])
    what = "A split DNS leads datagrams and WebSockets astray too."
    astray = Situation("private-address-for-datagrams", what, ["verdict:unreachable", "verdict:inconclusive"])
    quic(astray, OUTLOOK, answers=False)
    astray.observations[-1]["address"] = "10.1.2.3"
    media(astray, failure="timeout", stage="first_byte")
    astray.observations[-1]["address"] = "10.1.2.3"
    unseen = Situation(
        "unknown-authority-beside-splitters", "An unknown public authority where all other paths are split: held.", ["verdict:clean"]
    )
    websocket(unseen, [NEW_PUBLIC.leaf(COPILOT), NEW_PUBLIC.der], upgraded=True, status=101)
    unseen.paths(OUTLOOK, {"connect_ms": 0.3, "control_ms": 40.7}, ends_at=2, control_port=5061, control_ends_at=4, unroutable="accepted")
    return [careful, page, stranger, portal, broken, both, nobody, astray, unseen]


def hotels() -> list[Situation]:
    """Return situations told by where plain requests are led."""
    only = Situation("captive-portal-for-one-operators-hosts", "All that gets an answer is led to the hotel's page.", ["verdict:clean"])
    for host in (OUTLOOK, TEAMS):
        only.plainly(host, 302, {"location": "portal.hotel.example"}).fails(host, "refused", "connect")
    moved = Situation("one-operators-hosts-moved", "One operator's hosts lead to a new host, and TLS answers.", ["signal:portal_redirect"])
    for host in (OUTLOOK, TEAMS):
        moved.plainly(host, 302, {"location": "portal.hotel.example"}).sees(host, own(host))
    hotel = Situation("captive-portal-for-websockets", "The hotel's certificate answers a WebSocket too.", ["verdict:inconclusive"])
    for host in (OUTLOOK, CONTROL):
        hotel.plainly(host, 302, {"location": "portal.hotel.example"})
    websocket(hotel, [STRAY.leaf("portal.hotel.example"), STRAY.der], status=302)
    return [only, moved, hotel]


ALL = [*http3(), *teams_media(), *websockets(), *protocols(), *surroundings(), *shapes(), *hotels()]
