"""Rows about the machine's own settings: proxy, VPN, and how a VPN splits each workload's prefixes."""

from judge.connectivity.look import Look
from judge.connectivity.row import Row, State
from judge.coverage import Decision, Way, pac_coverage, vpn_coverage

_UNSEEN = "the host probe is not in the plan"


def proxy(look: Look) -> Row:
    """Return whether a proxy is set up here, and whether traffic to Optimize hosts really uses one."""
    title, rule = "Proxy", "a proxy is configured for Optimize traffic; Microsoft's test fails it over 500 miles away, its guidance always"
    used = sorted(
        {f"{facts.target.host} by {via}" for _, facts in look.web() if (via := _via(facts)) and facts.target.category == "Optimize"}
    )
    host = look.host()
    set_up = [_setting(one.scope, one.way, one.server) for one in host.proxies if one.way != "none"] if host else []
    if used:
        return Row("proxy", title, "attention", f"{len(used)} Optimize hosts leave by a proxy", (*used, *set_up), rule)
    if host is None:
        return Row("proxy", title, "unmeasured", _UNSEEN, fails_when=rule)
    if not set_up:
        return Row("proxy", title, "pass", "none is configured", fails_when=rule)
    if host.pac is not None and (host.pac.direct or host.pac.proxied):
        decided: dict[str, Decision] = {**dict.fromkeys(host.pac.direct, "direct"), **dict.fromkeys(host.pac.proxied, "proxied")}
        covered = pac_coverage(look.knowledge.endpoints, decided)
        by = tuple(f"{one.name} by {host.pac.proxied[one.name]}" for one in covered.proxied)
        return Row("proxy", title, "attention" if by else "information", covered.sentence, (*by, *set_up), rule)
    return Row("proxy", title, "information", "configured, and not used for any Optimize host looked at", tuple(set_up), rule)


def _via(facts: object) -> str:
    via = str(getattr(facts, "via", None) or "")
    return "" if via == "direct" else via


def _setting(scope: str, way: str, server: str) -> str:
    return f"{scope}: {way}{f', {server}' if server else ''}"


def vpn(look: Look) -> Row:
    """Return whether a VPN is up and takes the default way."""
    title, rule = "VPN", "traffic is not split; Microsoft's rule"
    host = look.host()
    if host is None:
        return Row("vpn", title, "unmeasured", _UNSEEN, fails_when=rule)
    if not host.vpn:
        return Row("vpn", title, "pass", "no tunnel adapter is up", fails_when=rule)
    whole = bool(host.tunnelled) and not host.untunnelled
    told = f"{', '.join(host.vpn)}; {len(host.tunnelled)} of {len(host.tunnelled) + len(host.untunnelled)} Optimize prefixes go into it"
    return Row("vpn", title, "attention" if whole else "information", told, fails_when=rule)


def vpn_split(look: Look) -> Row:
    """Return for each workload whether its Optimize prefixes are split out, tunnelled, or some of each."""
    title, rule = "VPN split by workload", "a workload is fully tunnelled; Microsoft's rule"
    host = look.host()
    if host is None:
        return Row("vpn_split", title, "unmeasured", _UNSEEN, fails_when=rule)
    if not host.vpn:
        return Row("vpn_split", title, "pass", "no tunnel adapter is up", fails_when=rule)
    ways: dict[str, Way] = {**dict.fromkeys(host.tunnelled, "vpn"), **dict.fromkeys(host.untunnelled, "default")}
    covered = vpn_coverage(look.knowledge.endpoints, ways)
    words = set(covered.splits.values()) - {"unknown"}
    if not words:
        return Row("vpn_split", title, "unmeasured", "the routes to Optimize prefixes could not be read", fails_when=rule)
    state: State = "attention" if "tunnelled" in words else "information" if "selective" in words else "pass"
    return Row("vpn_split", title, state, covered.sentence, fails_when=rule)
