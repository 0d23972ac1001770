"""Situations in which something between agent and server shows itself by other signs than a minted certificate. As `situations.py`."""

from tests.fakes.situation import CONTROL, OUTLOOK, SENT, TEAMS, Situation
from tests.fakes.situations import CONTOSO, NEW_PUBLIC, STRAY, TRUSTING, own

ELSEWHERE = "93.184.216.34"
"""A public address that is not Microsoft's."""
NOWHERE = "0.0.0.0"  # noqa: S104 - what a filter answers
_SPLIT_TLS = {"connect_ms": 0.3, "tls_ms": 84.0}
_SPLIT_TIMES = {"connect_ms": 0.3, "control_ms": 40.7, "icmp_ms": 40.8}
_WHOLE_TIMES = {"connect_ms": 40.7, "control_ms": 40.9, "icmp_ms": 40.8}
_WHOLE_HOPS = {"ends_at": 4, "control_port": 5061, "control_ends_at": 4, "mss": 1448}
_SPLIT_HOPS = {**_WHOLE_HOPS, "ends_at": 2}


def destinations() -> list[Situation]:
    """Return situations in which a name leads where Microsoft is not, or seems to."""
    private = Situation("private-address", "Split DNS: the name leads to an address inside.", ["verdict:clean", "signal:sinkhole"])
    private.resolves(OUTLOOK, answers=["10.1.2.3"]).sees(OUTLOOK, own(OUTLOOK), sample={"address": "10.1.2.3"})
    sink = Situation("sinkhole", "A filter answers with the unspecified address.", ["verdict:unreachable", "signal:private_address"])
    sink.resolves(TEAMS, answers=[NOWHERE]).fails(TEAMS, "refused", "connect", sample={"address": NOWHERE})
    sink.resolves(CONTROL).sees(CONTROL, own(CONTROL))
    page = Situation(
        "block-page-address", "The name leads to a DNS filter's block page.", ["verdict:blocked", "signal:foreign_certificate"]
    )
    stray = [STRAY.leaf("block.opendns.com"), STRAY.der]
    page.resolves(OUTLOOK, answers=["146.112.61.104"]).sees(OUTLOOK, stray, sample={"address": "146.112.61.104"})
    misses = ["verdict:redirected", "signal:foreign_certificate", "signal:block_address"]
    moved = Situation("address-not-listed-yet", "Microsoft's own certificate at an address the list does not hold.", misses)
    moved.resolves(OUTLOOK, answers=[ELSEWHERE]).sees(OUTLOOK, own(OUTLOOK), sample={"address": ELSEWHERE})
    listed = Situation("address-listed", "An address of the published ranges.", ["signal:foreign_address", "signal:foreign_answer"])
    listed.resolves(OUTLOOK, answers=["52.96.1.1"]).sees(OUTLOOK, own(OUTLOOK), sample={"address": "52.96.1.1"})
    wrong = Situation("wrong-destination", "A stranger's address and a certificate nobody vouches for.", ["verdict:inspected"])
    wrong.resolves(OUTLOOK, answers=[ELSEWHERE])
    wrong.sees(OUTLOOK, [STRAY.leaf(OUTLOOK), STRAY.der], sample={"address": ELSEWHERE}).sees(CONTROL, own(CONTROL))
    tunnel = Situation(
        "global-secure-access", "Microsoft's own tunnel answers for the name.", ["verdict:redirected", "signal:private_address"]
    )
    tunnel.resolves(OUTLOOK, answers=["6.6.0.12"]).sees(OUTLOOK, own(OUTLOOK), sample={"address": "6.6.0.12"})
    tunnel.sees(TEAMS, own(TEAMS), sample={"address": "52.112.1.1"})
    near = Situation(
        "address-beside-the-tunnel", "An address next to those of the tunnel.", ["signal:tunnelled_address", "verdict:proxied"]
    )
    near.sees(OUTLOOK, own(OUTLOOK), sample={"address": "6.7.0.12"})
    what = "As measured: port 53 is taken over by a resolver that answers as everybody's does."
    taken = Situation("lookups-taken-over", what, ["verdict:redirected", "signal:foreign_answer"])
    taken.resolves(OUTLOOK, answers=["52.96.1.1"]).sees(OUTLOOK, own(OUTLOOK), sample={"address": "52.96.1.1"})
    taken.resolves(CONTROL, answered_by_nobody=True).sees(CONTROL, own(CONTROL))
    apart = Situation("nobody-answers-for-nobody", "An address that is no resolver is silent.", ["signal:lookups_taken_over"])
    apart.resolves(CONTROL, answered_by_nobody=False).sees(CONTROL, own(CONTROL))
    return [private, sink, page, moved, listed, wrong, tunnel, near, taken, apart]


def pages() -> list[Situation]:
    """Return situations in which somebody else's page answers, or seems to."""
    portal = Situation("captive-portal", "Every plain request is sent to the hotel's page.", ["signal:block_page", "verdict:blocked"])
    for host in (OUTLOOK, CONTROL):
        portal.plainly(host, 302, {"location": "portal.hotel.example", "server": "nginx"})
        portal.sees(host, [STRAY.leaf("portal.hotel.example"), STRAY.der])
    status = Situation(
        "captive-portal-by-status", "Status 511.", ["signal:portal_redirect", "signal:portal_certificate", "signal:plain_answer"]
    )
    status.plainly(OUTLOOK, 511)
    misses = ["verdict:captive", "signal:portal_redirect", "signal:portal_status", "signal:proxy_refused"]
    own_redirect = Situation(
        "plain-answers", "Plain requests are answered as hosts do: to themselves, to Microsoft, or not at all.", misses
    )
    own_redirect.plainly(OUTLOOK, 301, {"location": OUTLOOK}).plainly(TEAMS, 302, {"location": "login.microsoftonline.com"})
    own_redirect.plainly(CONTROL, 403, {"server": "gws"})
    block = Situation(
        "block-page-by-location", "Signature replay: a cloud gateway's block page.", ["verdict:captive", "signal:portal_redirect"]
    )
    block.plainly(OUTLOOK, 302, {"location": "gateway.zscaler.net", "server": "Zscaler/6.2"}).plainly(CONTROL, 204)
    misses = ["signal:block_page", "verdict:unreachable"]
    refused = Situation("refused-by-a-proxys-own-page", "As measured: Squid refuses and says so.", misses)
    refused.plainly(OUTLOOK, 403, {"server": "squid/5.7", "x-squid-error": "ERR_ACCESS_DENIED 0", "via": "1.1 gw (squid/5.7)"})
    failed = Situation(
        "proxys-own-page-of-a-failure", "Squid could not reach the server: no refusal.", ["signal:proxy_refused", "verdict:blocked"]
    )
    failed.plainly(OUTLOOK, 503, {"server": "squid/5.7", "x-squid-error": "ERR_CONNECT_FAIL 111", "via": "1.1 gw (squid/5.7)"})
    return [portal, status, own_redirect, block, refused, failed]


def proxies() -> list[Situation]:
    """Return situations with a proxy that decrypts nothing."""
    misses = ["verdict:inspected", "verdict:spliced", "signal:forwarding_added"]
    explicit = Situation("explicit-proxy", "As measured: a proxy that tunnels TLS and says its name to CONNECT.", misses)
    agent = {"connect.proxy-agent": "tinyproxy/1.11.1"}
    explicit.sees(OUTLOOK, own(OUTLOOK), route="proxy", headers=agent, sample={"proxy_ms": 12.0})
    explicit.sees(TEAMS, own(TEAMS), route="proxy", sample={"proxy_ms": 11.0}).sees(OUTLOOK, own(OUTLOOK))
    denied = Situation("proxy-denies", "The proxy refuses one host.", ["verdict:unreachable", "signal:proxy_login"])
    denied.fails(OUTLOOK, "proxy_denied", "proxy", route="proxy")
    denied.sees(CONTROL, own(CONTROL), route="proxy", sample={"proxy_ms": 12.0})
    misses = ["verdict:blocked", "signal:proxy_denied", "signal:explicit_proxy"]
    login = Situation("proxy-wants-a-login", "The proxy answers 407 to everything.", misses)
    for host in (OUTLOOK, CONTROL):
        login.fails(host, "proxy_auth", "proxy", route="proxy")
    squid = Situation(
        "transparent-squid", "As measured: plain HTTP goes through Squid, TLS does not.", ["signal:block_page", "verdict:altered"]
    )
    squid.plainly(OUTLOOK, 301, {"via": "1.1 gw (squid/5.7)", "x-cache": "from gw", "x-cache-lookup": "from gw:3128", "location": OUTLOOK})
    squid.sees(OUTLOOK, own(OUTLOOK))
    what = "A content network's Via and X-Cache, and a proxy's token under the server's own certificate."
    content = Situation("content-network", what, ["signal:proxy_token", "verdict:proxied"])
    content.plainly(OUTLOOK, 301, {"via": "1.1 varnish", "x-cache": "from cache-fra-1", "location": OUTLOOK})
    content.sees(TEAMS, own(TEAMS), headers={"via": "1.1 edge (squid/5.7)"})
    what = "As measured: a plain request by the proxy is answered 407, by the proxy's own page."
    plain_login = Situation(
        "proxy-wants-a-login-for-plain-requests", what, ["verdict:blocked", "signal:proxy_refused", "signal:block_page"]
    )
    said = {"server": "squid/5.7", "x-squid-error": "ERR_CACHE_ACCESS_DENIED 0", "via": "1.1 gw (squid/5.7)"}
    plain_login.plainly(OUTLOOK, 407, said, route="proxy", page=["squid-body"], via="proxy gw.contoso.example:3128")
    return [explicit, denied, login, squid, content, plain_login]


def reflections() -> list[Situation]:
    """Return situations told by our own reflector."""
    as_sent = Situation("request-as-sent", "The reflector saw what was sent.", ["verdict:altered", "signal:headers_changed"])
    as_sent.reflects()
    moved = ("User-Agent", "Accept", "Accept-Encoding", "X-Mw-Canary", "X-Mw-Canary", "Host", "Via", "X-Forwarded-For", "Cache-Control")
    squid = Situation(
        "request-changed-by-squid", "As measured: names added, re-cased and moved.", ["signal:headers_kept", "verdict:proxied"]
    )
    squid.reflects(moved)
    forwarded = Situation("request-forwarded", "A proxy adds its Via and nothing else.", ["signal:headers_changed", "verdict:altered"])
    forwarded.reflects((*SENT, "Via"))
    named = Situation("request-marked-by-a-product", "Signature replay: a product's own request header.", ["signal:forwarding_added"])
    named.reflects((*SENT, "X-BlueCoat-Via", "Via"))
    gone = Situation("reflector-away", "Our reflector does not answer: nothing is said of it.", ["signal:headers_kept"])
    gone.sees(OUTLOOK, own(OUTLOOK)).reflects((), failure="timeout", stage="connect")
    what = "The reflector's answer bears another's signature."
    forged = Situation("reflectors-answer-changed", what, ["signal:headers_changed"])
    forged.reflects(signed="bad")
    signed = Situation("reflectors-answer-signed", "The reflector's answer bears its own signature.", ["signal:answer_forged"])
    signed.reflects(signed="ok")
    return [as_sent, squid, forwarded, named, gone, forged, signed]


def paths() -> list[Situation]:
    """Return situations told by where connections end."""
    splitter = Situation(
        "split-by-hops", "As measured: HAProxy two hops away.", ["verdict:clean", "signal:ends_alike", "signal:connect_even"]
    )
    splitter.sees(OUTLOOK, own(OUTLOOK), sample=_SPLIT_TLS)
    splitter.paths(OUTLOOK, _SPLIT_TIMES, **_SPLIT_HOPS, unroutable="accepted")
    misses = ["verdict:spliced", "signal:ends_nearer", "signal:connect_quick", "signal:unroutable_accepted", "signal:held"]
    whole = Situation("path-in-order", "As measured: the direct path.", misses)
    whole.sees(OUTLOOK, own(OUTLOOK), sample={"connect_ms": 40.7, "tls_ms": 42.9}).paths(
        OUTLOOK, _WHOLE_TIMES, **_WHOLE_HOPS, unroutable="silent"
    )
    hidden = Situation("split-without-hops", "A platform that shows no hops: times and an unroutable address tell.", ["signal:ends_nearer"])
    hidden.sees(OUTLOOK, own(OUTLOOK), sample=_SPLIT_TLS)
    hidden.paths(OUTLOOK, {"connect_ms": 0.3}, unroutable="accepted", method="loop")
    misses = ["verdict:spliced", "signal:connect_quick", "signal:unroutable_elsewhere"]
    anycast = Situation("anycast-spread", "Two ports of one address end at two distances, the times are those of the whole way.", misses)
    anycast.paths(OUTLOOK, _WHOLE_TIMES, **_SPLIT_HOPS, unroutable="silent")
    lazy = Situation("slow-ping", "Only the ping is slow.", ["signal:connect_quick", "signal:connect_even", "verdict:spliced"])
    lazy.paths(OUTLOOK, {"connect_ms": 10.0, "control_ms": 10.4, "icmp_ms": 180.0}, **_WHOLE_HOPS)
    beside = Situation(
        "split-for-others",
        "The unroutable address is accepted, Microsoft's are left alone.",
        ["signal:unroutable_accepted", "verdict:spliced"],
    )
    beside.paths(OUTLOOK, _WHOLE_TIMES, **_WHOLE_HOPS, unroutable="accepted")
    short = Situation(
        "path-too-short-to-tell",
        "A server next door: every time is small.",
        ["signal:connect_quick", "signal:times_disagree", "signal:unroutable_silent"],
    )
    short.paths(OUTLOOK, {"connect_ms": 0.4, "control_ms": 1.9})
    both = Situation(
        "decrypted-and-split", "The device that decrypts ends the connections too: one device.", ["signal:public_chain"], os=[CONTOSO]
    )
    both.sees(OUTLOOK, [CONTOSO.leaf(OUTLOOK, TRUSTING), CONTOSO.der], sample=_SPLIT_TLS).paths(
        OUTLOOK, _SPLIT_TIMES, **_SPLIT_HOPS, unroutable="accepted"
    )
    what = "Only some addresses are led to the device: no hop and no unroutable address shows it, its certificate and the time do."
    some = Situation("decrypted-and-split-for-some-addresses", what, ["signal:ends_alike", "signal:unroutable_silent"], os=[CONTOSO])
    some.sees(OUTLOOK, [CONTOSO.leaf(OUTLOOK, TRUSTING), CONTOSO.der], sample=_SPLIT_TLS)
    some.paths(OUTLOOK, {"connect_ms": 0.3, "control_ms": 0.3}, **_WHOLE_HOPS, unroutable="silent")
    own_stray = Situation(
        "self-signed-on-a-whole-path", "A server's own self-signed certificate.", ["signal:ends_with_tls", "verdict:spliced"]
    )
    own_stray.sees(OUTLOOK, [STRAY.leaf(OUTLOOK, TRUSTING), STRAY.der], sample={"connect_ms": 40.7, "tls_ms": 42.9})
    own_stray.paths(OUTLOOK, _WHOLE_TIMES, **_WHOLE_HOPS, unroutable="silent")
    plain = Situation("a-public-chain-on-a-whole-path", "Nobody else answers TLS.", ["signal:tls_by_another"])
    plain.sees(OUTLOOK, own(OUTLOOK), sample={"connect_ms": 40.7, "tls_ms": 42.9})
    plain.paths(OUTLOOK, _WHOLE_TIMES, **_WHOLE_HOPS, unroutable="silent")
    return [splitter, whole, hidden, anycast, lazy, beside, short, both, some, own_stray, plain]


def held() -> list[Situation]:
    """Return situations with a public authority nobody knows."""
    what = "An unknown public authority, and the connection ends at something nearer: held, no device."
    split = Situation("unknown-authority-behind-a-splitter", what, ["verdict:inspected", "verdict:clean"])
    split.sees(OUTLOOK, [NEW_PUBLIC.leaf(OUTLOOK), NEW_PUBLIC.der], sample=_SPLIT_TLS).paths(
        OUTLOOK, _SPLIT_TIMES, **_SPLIT_HOPS, unroutable="accepted"
    )
    whole = Situation("unknown-authority-on-a-whole-path", "An unknown public authority, the path in order: a rotation.", ["signal:held"])
    whole.sees(OUTLOOK, [NEW_PUBLIC.leaf(OUTLOOK), NEW_PUBLIC.der]).paths(OUTLOOK, _WHOLE_TIMES, **_WHOLE_HOPS, unroutable="silent")
    return [split, whole]


ALL = [*destinations(), *pages(), *proxies(), *reflections(), *paths(), *held()]
