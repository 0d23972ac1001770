"""Rows about reaching hosts."""

from judge.connectivity.hosts import copilot, http, path, tls
from tests.fakes.looks import finding, hops, look, upgrade, web

M365, OPTIMIZE, ALLOW, CONTROL = "m365.cloud.microsoft", "outlook.office365.com", "teams.microsoft.com", "www.gstatic.com"


def test_required_hosts_that_answer_pass() -> None:
    """Any answer of a server is an answer, 401 and 404 too; a control and an optional host are not counted."""
    row = http(look(web(status=404), web(ALLOW, status=401), web(CONTROL, failure="timeout", stage="connect")))
    assert (row.state, row.value.startswith("2 of 2 required hosts")) == ("pass", True)


def test_what_does_not_answer_is_named() -> None:
    """A failure, a 407, and a 403 whose Server header looks like a proxy's; another 403 is the service's."""
    seen = look(
        web(failure="timeout", stage="connect"),
        web(ALLOW, status=407),
        web("graph.microsoft.com", status=403, headers={"server": "squid/5.7"}),
        web(M365, status=403, headers={"server": "Microsoft-IIS/10.0"}),
    )
    row = http(seen)
    assert row.state == "attention"
    assert row.details == (
        "graph.microsoft.com:443: 403 from squid/5.7",
        "outlook.office365.com:443: timeout at connect",
        "teams.microsoft.com:443: 407: a proxy asks for a login",
    )
    assert http(look(web(CONTROL))).state == "unmeasured"


def test_decrypted_hosts_are_named_with_who_signed() -> None:
    """Optimize, Allow and the cloud.microsoft sets are watched; a sanctioned one alone is information; a control is not watched."""
    clean = [finding(OPTIMIZE, "clean"), finding(CONTROL, "inspected", "O=Contoso")]
    assert tls(look(findings=clean)).state == "pass"
    row = tls(look(findings=[*clean, finding(M365, "inspected", "O=Contoso")]))
    assert (row.state, row.details) == ("attention", ("m365.cloud.microsoft: inspected, signed by O=Contoso",))
    assert tls(look(findings=[finding("login.microsoftonline.com", "sanctioned", "O=Contoso")])).state == "information"
    assert "1 not proven" in tls(look(findings=[finding(OPTIMIZE, "clean"), finding(ALLOW, "inconclusive")])).value
    assert tls(look(findings=[finding(OPTIMIZE, "unreachable")])).state == "unmeasured"


def test_paths_are_told_hop_by_hop() -> None:
    """One line for each workload; where TCP ends, on both ports."""
    row = path(look(hops(OPTIMIZE, "private", "", "203.0.113.1", ends_at=2, control_port=80, control_ends_at=4)))
    assert row.value == "outlook.office365.com: private → · → 203.0.113.1, TCP 443 ends at hop 2, TCP 80 at hop 4"
    assert path(look()).state == "unmeasured"


def test_copilot_needs_https_and_websocket() -> None:
    """All answer and upgrade: pass. No 101 from a server is information, a proven block, a failure or 251 ms ask for attention."""
    fine = web(M365, connect_ms=20.0, status=200)
    up, refused = upgrade(upgraded=True, status=101), upgrade(status=404)
    block = finding("outlook.cloud.microsoft", "blocked", protocol="wss")
    assert copilot(look(fine, up)).state == "pass"
    assert copilot(look(fine)).state == "information"
    assert copilot(look(fine, refused)).state == "information"
    assert copilot(look(fine, refused, findings=[block])).state == "attention"
    assert copilot(look(web(M365, failure="reset", stage="tls"), up)).state == "attention"
    assert copilot(look(web(M365, connect_ms=251.0), up)).state == "attention"
    assert copilot(look(web())).state == "unmeasured"
