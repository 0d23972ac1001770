"""Rows about reaching hosts: every required name, who decrypts, the path, Copilot."""

from collections.abc import Iterator

from judge.connectivity.look import Look, middle, ms
from judge.connectivity.row import Row
from judge.finding import Finding
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.vocabulary import Failure

_COPILOT = (".cloud.microsoft", "copilot.microsoft.com", "substrate.office.com")
"""Hosts Copilot needs: `*.cloud.microsoft` and its WebSocket host (public data)."""
_OURS: frozenset[Failure] = frozenset({"dns_nxdomain", "dns_no_data"})
_TRACED = (("Exchange", "Exchange"), ("SharePoint", "SharePoint"), ("Teams", "Teams"))


def http(look: Look) -> Row:
    """Return whether every required set answers over HTTP and HTTPS."""
    title = "HTTP connectivity"
    rule = "a required host does not answer, or answers 407, or 403 with a Server header that looks like a proxy's; Microsoft's rule"
    seen = [(sample, facts) for sample, facts in look.web(route="direct") if _required(look, facts)]
    if not seen:
        return Row("http", title, "unmeasured", "no required host was looked at", fails_when=rule)
    problems = {facts.target.name: why for sample, facts in seen if (why := _problem(sample, facts))}
    sets = {facts.target.endpoint_set for _, facts in seen}
    asked = sum(one.required and bool(one.urls) and (one.has_port(80) or one.has_port(443)) for one in look.knowledge.endpoints.sets)
    told = f"{len(seen) - len(problems)} of {len(seen)} required hosts and ports answer, in {len(sets)} of {asked} required sets"
    details = tuple(f"{name}: {why}" for name, why in sorted(problems.items()))
    return Row("http", title, "attention" if problems else "pass", told, details, rule)


def _required(look: Look, facts: WebFacts) -> bool:
    found = look.knowledge.endpoints.by_id(facts.target.endpoint_set)
    return found is not None and found.required


def _problem(sample: WebObservation, facts: WebFacts) -> str:
    if facts.failure is not None:
        return f"{facts.failure} at {facts.stage}"
    if sample.status == 407:
        return "407: a proxy asks for a login"
    server = facts.headers.get("server", "").lower()
    if sample.status == 403 and any(
        word in server for word in ("squid", "proxy", "gateway", "zscaler", "bluecoat", "mikrotik", "fortigate")
    ):
        return f"403 from {facts.headers['server']}"
    return ""


def tls(look: Look) -> Row:
    """Return which Optimize and Allow hosts do not show a certificate of Microsoft's own, and who signed instead."""
    title, rule = "TLS interception", "the certificate of a required Optimize or Allow host is not Microsoft's; Microsoft's rule"
    watched = [one for one in look.findings if _watched(look, one)]
    if not watched:
        return Row("tls", title, "unmeasured", "no Optimize or Allow host showed a certificate", fails_when=rule)
    taken = [one for one in watched if one.verdict in {"inspected", "sanctioned"}]
    told = f"{len(watched) - len(taken)} of {len(watched)} connections end at Microsoft"
    if not taken:
        unsure = sum(one.verdict != "clean" for one in watched)
        rest = f"; {unsure} not proven either way" if unsure else ""
        return Row("tls", title, "pass", told + rest, fails_when=rule)
    details = tuple(f"{one.target.host}: {one.verdict}, signed by {_owner(one)}" for one in taken)
    loud = any(one.verdict == "inspected" for one in taken)
    return Row("tls", title, "attention" if loud else "information", told, details, rule)


def _watched(look: Look, one: Finding) -> bool:
    known = look.knowledge.operator_of(one.target.host, one.target.endpoint_set) == "microsoft"
    important = one.target.category in {"Optimize", "Allow"} or look.knowledge.has_rule(one.target.host, "first_class")
    return known and important and one.target.protocol == "https" and one.verdict != "unreachable"


def _owner(one: Finding) -> str:
    if one.device is None:
        return "nobody known"
    return one.device.product or one.device.vendor or one.device.issuer or "nobody known"


def path(look: Look) -> Row:
    """Return the hops to one host of each workload, and where TCP ends when it does not end at the server."""
    title = "Network path"
    found = [line for workload, _ in _TRACED for line in _traced(look, workload)]
    if not found:
        return Row("path", title, "unmeasured", "no path was measured on this system")
    return Row("path", title, "information", found[0], tuple(found[1:]))


def _traced(look: Look, workload: str) -> Iterator[str]:
    for seen, facts in look.path():
        if facts.target.workload != workload:
            continue
        hops = " → ".join(hop or "·" for hop in seen.hops) or "no router answered"
        ends = f", TCP {facts.target.port} ends at hop {facts.ends_at}" if facts.ends_at else ""
        control = f", TCP {facts.control_port} at hop {facts.control_ends_at}" if facts.control_ends_at else ""
        yield f"{facts.target.host}: {hops}{ends}{control}"
        return


def copilot(look: Look) -> Row:
    """Return whether Copilot's hosts answer over HTTPS and WebSocket, and how fast."""
    limit = look.limit("copilot_ms")
    title, rule = "Copilot", f"no HTTPS, no WebSocket, or average latency over {limit:.0f} ms; Microsoft's rule"
    seen = [(sample, facts) for sample, facts in look.web(route="direct") if facts.target.host.endswith(_COPILOT)]
    upgrades = list(look.websocket())
    if not seen:
        return Row("copilot", title, "unmeasured", "no host of Copilot's is in the plan", fails_when=rule)
    failed = [f"{facts.target.host}: {facts.failure} at {facts.stage}" for _, facts in seen if facts.failure]
    lost = [
        f"WebSocket to {facts.target.host}: {facts.failure or f'answered {facts.status}, not 101'}"
        for _, facts in upgrades
        if not facts.upgraded
    ]
    blocked = [one.target.name for one in look.findings if one.target.protocol == "wss" and one.verdict == "blocked"]
    latency = middle([sample.connect_ms for sample, _ in seen if sample.connect_ms is not None])
    slow = latency is not None and latency > limit
    told = f"{len(seen) - len(failed)} of {len(seen)} hosts answer"
    told += f", median connect {ms(latency)}" if latency is not None else ""
    told += f", WebSocket {len(upgrades) - len(lost)} of {len(upgrades)}" if upgrades else ", WebSocket not tried"
    state = "attention" if failed or blocked or slow else "pass"
    if state == "pass" and (lost or not upgrades):
        state = "information"
    return Row("copilot", title, state, told, (*failed, *lost), rule)  # type: ignore[arg-type] # the words above are State's
