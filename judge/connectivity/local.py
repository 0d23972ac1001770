"""Rows about the machine's own settings: proxy, VPN, and how a VPN splits each workload's prefixes."""

import ipaddress
from collections.abc import Iterable

from judge.connectivity.look import Look
from judge.connectivity.row import Row, State
from wire.facts import HostFacts
from wire.vocabulary import Workload

_UNSEEN = "the host probe is not in the plan"
_SPLIT: tuple[Workload, ...] = ("Exchange", "SharePoint", "Teams")


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
    proxied = sorted(host.pac.proxied) if host.pac else []
    if proxied:
        told = f"the PAC file sends {len(proxied)} names by a proxy"
        return Row(
            "proxy", title, "attention", told, tuple(f"{name} by {host.pac.proxied[name]}" for name in proxied) if host.pac else (), rule
        )
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
    told = {workload: split_of(look, host, workload) for workload in _SPLIT}
    known = {workload: word for workload, word in told.items() if word}
    if not known:
        return Row("vpn_split", title, "unmeasured", "the routes to Optimize prefixes could not be read", fails_when=rule)
    state: State = "attention" if "tunnelled" in known.values() else "pass"
    if state == "pass" and "selective" in known.values():
        state = "information"
    return Row("vpn_split", title, state, "; ".join(f"{workload} {word}" for workload, word in known.items()), fails_when=rule)


def split_of(look: Look, host: HostFacts, workload: Workload) -> str:
    """Return `split out`, `selective`, `tunnelled`, or nothing when no prefix of the workload was looked at."""
    sets = look.knowledge.endpoints.sets
    prefixes = [str(prefix) for one in sets if (one.workload, one.category) == (workload, "Optimize") for prefix in one.ips]
    inside, outside = _among(host.tunnelled, prefixes), _among(host.untunnelled, prefixes)
    if not inside and not outside:
        return ""
    return "selective" if inside and outside else "tunnelled" if inside else "split out"


def _among(told: Iterable[str], prefixes: Iterable[str]) -> int:
    wanted = {ipaddress.ip_network(prefix) for prefix in prefixes}
    return sum(ipaddress.ip_network(prefix) in wanted for prefix in told)
