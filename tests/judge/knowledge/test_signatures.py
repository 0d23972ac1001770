"""Holds judge/knowledge/signatures.py and the marks shipped: each hits what it is for, and its near miss hits nothing."""

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.signatures import Where, header_marks, local_marks, page_marks, proxy_names, self_identified

KNOWLEDGE = load_knowledge()


@pytest.mark.parametrize(
    ("headers", "marks"),
    [
        ({"via": "1.1 proxy.example (squid/5.7)"}, {"squid-via"}),
        ({"via": "1.1 varnish"}, set()),
        ({"via": "1.1 google"}, set()),
        ({"x-cache": "MISS from box", "x-cache-lookup": "MISS from box:3128"}, {"squid-cache", "squid-lookup"}),
        ({"x-cache": "TCP_HIT"}, set()),
        ({"x-cache": "Miss from cloudfront"}, set()),
        ({"x-cache-lookup": "Cache Miss"}, set()),
        ({"server": "squid/5.7", "x-squid-error": "ERR_DNS_FAIL 0"}, {"squid-server", "squid-error"}),
        ({"server": "Microsoft-IIS/10.0", "x-proxy-by": "none"}, set()),
        ({"server": "mitmproxy 11.0.2"}, {"mitmproxy-server"}),
        ({"via": "1.1 box (tinyproxy/1.11.1)", "proxy-agent": "tinyproxy/1.11.1"}, {"tinyproxy-via", "tinyproxy-agent"}),
        ({"via": "1.1 192.0.2.1 (McAfee Web Gateway 11.2.1.0.0.1)"}, {"mcafee-via"}),
        ({"via": "1.1 host:80 (Cisco-WSA/12.5)"}, {"cisco-wsa-via"}),
        ({"via": "1.0 box (http_scan_byf/3.5)"}, {"barracuda-via"}),
        ({"server": "Zscaler/6.2"}, {"zscaler-server"}),
        ({"server": "NotZscaler/6.2"}, set()),
        ({"x-zscaler-x": "1"}, {"zscaler-any"}),
        ({"location": "https://notify.bluecoat.com/notify"}, {"bluecoat-location"}),
        ({"server": "ATS/9.2"}, {"traffic-server-server"}),
    ],
)
def test_response_headers(headers: dict[str, str], marks: set[str]) -> None:
    """A product's own token is a mark; what content networks and servers send is none, or is said to be shared."""
    assert {mark.id for mark, _ in header_marks(KNOWLEDGE.headers, "response", headers)} == marks


def test_request_headers() -> None:
    """Our reflector sees what was added upstream, by exact name or by prefix; an answer's marks do not count there."""
    seen = {"x-barracuda-wf-user": "x", "x-bluecoat-via": "0123456789abcdef", "x-fcckv2": "1", "server": "squid/5.7", "accept": "*/*"}
    found = {(mark.product, name) for mark, name in header_marks(KNOWLEDGE.headers, "request", seen)}
    assert found == {("barracuda", "x-barracuda-wf-user"), ("bluecoat", "x-bluecoat-via"), ("fortinet", "x-fcckv2")}
    assert [mark.product for mark, _ in header_marks(KNOWLEDGE.headers, "request", {"via": "1.1 box"})] == [None]
    assert not header_marks(KNOWLEDGE.headers, "request", {"x-bluecoat-via": "yes", "x-websens": "1"})


@pytest.mark.parametrize(
    ("where", "text", "product"),
    [
        ("body", "<title>x</title> Powered by FortiGuard", "fortinet"),
        ("location", "http://10.0.0.1:15871/cgi-bin/blockpage.cgi?ws-session=1", "forcepoint-gateway"),
        ("location", "https://gateway.zscalertwo.net/auD", "zscaler"),
        ("location", "https://block.opendns.com/main?url=1", "umbrella-dns"),
        ("location", "https://notopendns.com/", None),
        ("host", "hit-malware.opendns.com", "umbrella-dns"),
        ("host", "www.opendns.com", None),
        ("address", "146.112.61.106", "umbrella-dns"),
        ("address", "::ffff:9270:3d6a", "umbrella-dns"),
        ("address", "146.112.61.109", None),
        ("title", "McAfee Web Gateway - Notification", "mcafee-gateway"),
        ("body", "<h1>Web Page Blocked!</h1>", "palo-alto"),
        ("body", "this web page blocked my cookies", None),
        ("location", "/php/urlblock.php?args=AAAA", "palo-alto"),
        ("location", "https://login.microsoftonline.com/common/oauth2", None),
        ("body", "<html>Sign in to your account</html>", None),
    ],
)
def test_pages(where: Where, text: str, product: str | None) -> None:
    """A block page is its product's, and a page of Microsoft's is nobody's."""
    assert [mark.product for mark in page_marks(KNOWLEDGE.pages, {where: text})] == ([product] if product else [])


def test_self_identification() -> None:
    """An answer only the product gives counts; the vendor's public answer, and a probe whose words are recalled, do not."""
    trace = "fl=1\nip=192.0.2.1\nwarp=off\ngateway=on\n"
    assert [one.product for one in self_identified(KNOWLEDGE.self_probes, "www.cloudflare.com", trace)] == ["cloudflare-gateway"]
    assert not self_identified(KNOWLEDGE.self_probes, "www.cloudflare.com", trace.replace("gateway=on", "gateway=off"))
    assert not self_identified(KNOWLEDGE.self_probes, "www.example.org", trace)
    gsa = "m365.edgediagnostic.globalsecureaccess.microsoft.com"
    assert [one.id for one in self_identified(KNOWLEDGE.self_probes, gsa, "6.6.0.4")] == ["gsa-m365"]
    assert not self_identified(KNOWLEDGE.self_probes, gsa, "16.6.0.4")
    assert not self_identified(KNOWLEDGE.self_probes, "ip.zscaler.com", "You are accessing the Internet via Zscaler")


@pytest.mark.parametrize(
    ("where", "text", "product"),
    [
        ("pac", "http://pac.zscalertwo.net/contoso/proxy.pac", "zscaler"),
        ("pac", "http://pac.zscaler.net.example.org/x.pac", None),
        ("proxy", "proxy.threatpulse.net:8080", "symantec-cloud"),
        ("proxy", "contoso.proxy.prismaaccess.com:8081", "prisma-access"),
        ("proxy", "ABCDEFGHIJ.proxy.cloudflare-gateway.com:443", "cloudflare-gateway"),
        ("proxy", "proxy.contoso.com:8080", None),
        ("suffix", "contoso.sharepoint.com.mcas.ms", "defender-cloud-apps"),
        ("suffix", "contoso.sharepoint.com.admin-rs-mcas-df.ms", "defender-cloud-apps"),
        ("suffix", "outlook.office.com.us.cas.ms", "defender-cloud-apps"),
        ("suffix", "mcas.msn.com", None),
        ("suffix", "contoso.sharepoint.com", None),
    ],
)
def test_proxy_names(where: str, text: str, product: str | None) -> None:
    """A vendor's host in a setting names it; a look-alike under another domain does not."""
    assert where in {"pac", "proxy", "suffix"}
    found = proxy_names(KNOWLEDGE.proxy_names, where, text)  # type: ignore[arg-type] # checked the line above
    assert [one.product for one in found] == ([product] if product else [])


def test_local() -> None:
    """A program counts by its whole name on its system; what is recalled counts nowhere."""
    assert [one.product for one in local_marks(KNOWLEDGE.local, "process", "windows", ["zsatunnel.exe", "explorer.exe"])] == ["zscaler"]
    assert not local_marks(KNOWLEDGE.local, "process", "windows", ["ZSATunnel.exe.bak", "warp-svc.exe"])
    assert not local_marks(KNOWLEDGE.local, "process", "linux", ["ZSATunnel.exe"])
    assert not local_marks(KNOWLEDGE.local, "driver", "windows", ["stAgentSvc"])


def test_vendor_weights() -> None:
    """A documented header says more than one sighting, a shared network least, and a recalled mark nothing."""
    weights = [KNOWLEDGE.vendor_weight("header", grade) for grade in ("L", "A", "B", "C", "D")]
    assert weights == sorted(weights, reverse=True)
    assert (weights[0], weights[-1]) == (0.85, 0.0)
    assert KNOWLEDGE.vendor_weight("egress_shared", "A") < KNOWLEDGE.vendor_weight("egress", "A")


def test_shared_marks_are_said_to_be() -> None:
    """What servers and content networks send too is marked, so that no signal takes it for a device alone."""
    shared = {one.id for one in KNOWLEDGE.headers if one.shared}
    assert {"squid-cache", "netscaler-cookie", "traffic-server-via"} <= shared
    assert "squid-via" not in shared
