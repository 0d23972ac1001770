"""What a finding says to people: the sentence, why it is not the next likely verdict, and whose job it is. Pure.

Voice: plain, exact, calm; no blame without evidence; "possible" for what is not proven. Times and sites are added by whoever shows it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from judge.finding import Aspect, Device, Evidence
from wire.target import Target
from wire.vocabulary import DeviceClass, Responsible, Verdict

_ON_THE_MACHINE: frozenset[DeviceClass] = frozenset({"endpoint-security", "developer-tool"})
_SERVICE: Mapping[str, str] = {"quic": "HTTP/3", "wss": "WebSocket", "turn": "Teams media"}


@dataclass(frozen=True, slots=True)
class About:
    """What a sentence is about. `forbidden`: the host must never be inspected; `microsoft`: it is run by Microsoft."""

    verdict: Verdict
    target: Target
    aspect: Aspect = "path"
    evidence: Collection[Evidence] = ()
    device: Device | None = None
    forbidden: bool = False
    microsoft: bool = False

    @property
    def names(self) -> set[str]:
        """Return the signals that spoke."""
        return {one.signal for one in self.evidence}

    @property
    def what(self) -> str:
        """Return what was probed, in words: the host, with its service where that is not HTTPS."""
        service = _SERVICE.get(self.target.protocol)
        if self.target.protocol == "host":
            return "This machine"
        return f"{service} to {self.target.host}" if service else self.target.host


def sentence(about: About) -> str:
    """Return one or two sentences a person can read aloud."""
    return _SENTENCES[about.verdict](about)


def _inspected(about: About) -> str:
    never = (
        " This host must never be decrypted: its clients show certificates of their own, or accept one authority only."
        if about.forbidden
        else ""
    )
    return f"Traffic to {about.target.host} is being decrypted on the way. {_who(about.device)}{never}"


def _sanctioned(about: About) -> str:
    return f"Traffic to {about.target.host} is being decrypted on the way, as the policy allows for this host. {_who(about.device)}"


def _clean(about: About) -> str:
    told = next((signal for signal in ("websocket_declined", "websocket_idle_lost") if signal in about.names), "")
    template = _CLEAN.get(told) or _CLEAN.get(about.aspect) or _CLEAN.get(about.target.protocol) or _CLEAN["https"]
    return template.format(host=about.target.host, port=about.target.port)


_CLEAN: Final[Mapping[str, str]] = {
    "websocket_declined": "{host} answers with its own certificate, and declines a WebSocket itself.",
    "websocket_idle_lost": "{host} lets a WebSocket through, which is lost when it lies idle for a minute.",
    "tcp": "Nothing nearer than the server ends the connections to {host}.",
    "request": "A request to {host}, our own reflector, arrives as it was sent.",
    "host": "Nothing on this machine leads Microsoft 365 away.",
    "turn": "Teams media: {host} answers on UDP {port}.",
    "wss": "{host} lets a WebSocket through; nothing decrypts it.",
    "quic": "{host} answers by HTTP/3 with its own certificate.",
    "http": "{host} answers plain requests as itself; nothing shows in between.",
    "https": "{host} answers with its own certificate; nothing decrypts this traffic.",
}
"""By what else was seen, else by aspect, else by protocol."""


def _proxied(about: About) -> str:
    if "broker_suffix" in about.names:
        return f"Traffic to {about.target.host} goes by way of a broker. {_strongest(about.evidence)} {_maker(about.device)}"
    if "tunnelled_address" in about.names:
        return f"Traffic to {about.target.host} goes into a tunnel. {_strongest(about.evidence)} {_maker(about.device)}"
    return f"Traffic to {about.target.host} passes through a proxy. {_strongest(about.evidence)} {_maker(about.device)}"


def _spliced(about: About) -> str:
    text = (
        f"Connections to {about.target.host} end at a device nearer than the server, which carries them on; they are not decrypted by that."
    )
    return f"{text} {_maker(about.device)}"


def _altered(about: About) -> str:
    if about.aspect in {"path", "request"}:
        return f"Requests to {about.target.host} are changed on the way. {_strongest(about.evidence)} {_maker(about.device)}"
    what = {
        "h2": "HTTP/2 is lost on the way to",
        "tls": "TLS is older than it should be to",
        "mss": "TCP segments are cut short on the way to",
    }
    return f"{what.get(about.aspect, 'Something is changed on the way to')} {about.target.host}. {_strongest(about.evidence)}"


def _redirected(about: About) -> str:
    return f"{about.target.host} leads to a wrong destination. {_strongest(about.evidence)} {_maker(about.device)}"


def _captive(about: About) -> str:
    return f"A portal answers in place of {about.target.host}: somebody must sign in or agree to terms first. {_strongest(about.evidence)}"


def _blocked(about: About) -> str:
    by = _maker(about.device) if about.device is not None else ""
    return f"{about.what} is blocked on the way. {_strongest(about.evidence)} {by}".rstrip()


def _unreachable(about: About) -> str:
    host, names = about.target.host, about.names
    told = [one for one in about.evidence if one.family == "reach" and (one.signal.endswith("_failure") or one.signal == "proxy_login")]
    what = told[-1].text if told and told[-1].signal == "proxy_login" else told[0].text if told else "no answer."
    if "all_failed" in names:
        return f"{host} could not be reached, nor could anything else. This is the agent's link or Internet access, not Microsoft 365."
    if "control_answered" in names:
        return f"{host} could not be reached while a host that is not Microsoft's answered. {what}"
    return f"{host} could not be reached. {what}"


def _inconclusive(about: About) -> str:
    because = next((one.text for one in about.evidence if one.signal == "held"), "")
    because = because or next((one.text for one in about.evidence if one.family == "trust"), "")
    because = because or next((one.text for one in about.evidence if one.signal == "late_agent"), "")
    because = because or _strongest(about.evidence) or next((one.text for one in about.evidence), "")
    nothing = "Nothing could be compared." if about.aspect == "tcp" else "There was no certificate to look at."
    return f"{about.what}: not proven either way. {because or nothing}"


_SENTENCES: Final[Mapping[Verdict, Callable[[About], str]]] = {
    "clean": _clean,
    "sanctioned": _sanctioned,
    "proxied": _proxied,
    "spliced": _spliced,
    "inspected": _inspected,
    "altered": _altered,
    "redirected": _redirected,
    "captive": _captive,
    "blocked": _blocked,
    "unreachable": _unreachable,
    "inconclusive": _inconclusive,
}

_NOT: Final[Mapping[Verdict, str]] = {
    "sanctioned": "Not merely inspected: the policy sanctions this host.",
    "captive": "Not inspected: what answers is a portal for every host alike, not a device that mints for each.",
    "proxied": "Not inspected: the proxy carries the connection, the certificate is not its own.",
    "spliced": "Not inspected: whoever ends the connection passes the server's own certificate on.",
    "altered": "Not inspected: only what is named here is changed.",
}


def why_not(about: About) -> str:
    """Return why it is not the next likely verdict."""
    verdict, evidence = about.verdict, about.evidence
    if verdict in _BECAUSE:
        return _BECAUSE[verdict] + _first(evidence, positive=True)
    if verdict in _NOT:
        return f"{_NOT[verdict]} {_first(evidence, positive=False)}".rstrip()
    if verdict == "clean":
        doubt = _first(evidence, positive=True)
        return f"Not {_doubted(about)}, although: {doubt}" if doubt else f"Not {_doubted(about)}: " + _first(evidence, positive=False)
    if verdict == "unreachable":
        if "all_failed" in about.names:
            return "Not blocked by the path: a host that is not Microsoft's failed the same way."
        return "Not blocked: a refusal by the path and one by the server look the same from here."
    open_question = next((one.text for one in evidence if one.family in {"trust", "reach"}), "") or next((one.text for one in evidence), "")
    return f"Neither clean nor {_doubted(about)}: {open_question or 'there was no certificate to look at.'}"


_BECAUSE: Final[Mapping[Verdict, str]] = {
    "inspected": "Not a change of certificate authority: ",
    "redirected": "Not merely another of Microsoft's addresses: ",
    "blocked": "Not merely unreachable: ",
}


def responsible(about: About) -> Responsible:
    """Return whose job it is."""
    names, verdict, device = about.names, about.verdict, about.device
    if names & {"clock_suspect", "late_agent"} and verdict in {"inconclusive", "unreachable"}:
        return "client"
    if verdict in _ITS_OWNERS or (verdict == "blocked" and device is not None):
        if about.aspect in {"h2", "tls", "mss"}:
            return "network"
        return "client" if device is not None and device.device_class in _ON_THE_MACHINE else "intermediary"
    if verdict == "unreachable":
        return "client" if "proxy_login" in names else "network" if _by_the_network(names) else "unclear"
    if verdict == "inconclusive":
        return "microsoft" if "expired_chain" in names and about.microsoft else "unclear"
    return _JOB.get(verdict, "network")


_ITS_OWNERS: Final[frozenset[Verdict]] = frozenset({"inspected", "altered", "spliced"})
_JOB: Final[Mapping[Verdict, Responsible]] = {"clean": "nobody", "sanctioned": "nobody", "captive": "client"}


def _by_the_network(names: set[str]) -> bool:
    """Return whether a failure is the customer's own proxy's or resolver's: only when other things get through."""
    if "all_failed" in names:
        return False
    return "proxy_failure" in names or {"dns_failure", "control_answered"} <= names


def _doubted(about: About) -> str:
    if about.aspect == "tcp":
        return "spliced"
    return "blocked" if about.target.protocol in {"quic", "wss", "turn"} else "inspected"


_BY: Final[Mapping[str, str]] = {"headers": "its headers", "page": "its page", "itself": "what it says of itself"}


def _who(device: Device | None) -> str:
    """Name who decrypts, by the name it signs in where its make is not known."""
    if device is None:
        return "By what is not known."
    if device.vendor:
        return _maker(device)
    signer = next((part.partition("=")[2] for part in device.issuer.split(", ") if part.startswith("CN=")), "") or device.issuer
    guess = f", possibly {device.possible}" if device.possible else ""
    return f"The device signs as {signer or 'nobody'}; its vendor is not known{guess}."


def _maker(device: Device | None) -> str:
    if device is None or not (device.vendor or device.possible):
        return "Whose make it is, is not known."
    if not device.vendor:
        return f"Possibly {device.possible}; not proven."
    sure = "certain" if device.confidence >= 0.9 else "likely"
    return f"{device.product or device.vendor}, by {_BY.get(device.named_by, 'its certificate')} ({sure})."


def _strongest(evidence: Collection[Evidence]) -> str:
    return _first([one for one in evidence if one.family not in {"trust", "sct", "key", "issuer"}], positive=True)


def _first(evidence: Collection[Evidence], *, positive: bool) -> str:
    wanted = [one for one in evidence if (one.weight > 0) == positive and one.weight != 0]
    return max(wanted, key=lambda one: abs(one.weight)).text if wanted else ""
