"""What a finding says to people: the sentence, why it is not the next likely verdict, and whose job it is. Pure.

Voice: plain, exact, calm; no blame without evidence; "possible" for what is not proven. Times and sites are added by whoever shows it.
"""

from collections.abc import Collection

from judge.finding import Device, Evidence
from wire.target import Target
from wire.vocabulary import DeviceClass, Responsible, Verdict

_ON_THE_MACHINE: frozenset[DeviceClass] = frozenset({"endpoint-security", "developer-tool"})


def sentence(verdict: Verdict, target: Target, evidence: Collection[Evidence], device: Device | None, *, forbidden: bool = False) -> str:
    """Return one or two sentences a person can read aloud."""
    names = {one.signal for one in evidence}
    host = target.host
    if verdict == "inspected":
        never = " This host must never be decrypted: device registration and Conditional Access depend on it." if forbidden else ""
        return f"Traffic to {host} is being decrypted on the way. {_who(device)}{never}"
    if verdict == "sanctioned":
        return f"Traffic to {host} is being decrypted on the way, as the policy allows for this host. {_who(device)}"
    if verdict == "clean":
        return f"{host} answers with its own certificate; nothing decrypts this traffic."
    if verdict == "unreachable":
        return _unreachable(host, names, evidence)
    return _inconclusive(host, evidence)


def why_not(verdict: Verdict, evidence: Collection[Evidence]) -> str:
    """Return why it is not the next likely verdict."""
    names = {one.signal for one in evidence}
    if verdict == "inspected":
        return "Not a change of certificate authority: " + _first(evidence, positive=True)
    if verdict == "sanctioned":
        return "Not merely inspected: the policy sanctions this host."
    if verdict == "clean":
        doubt = _first(evidence, positive=True)
        return f"Not inspected, although: {doubt}" if doubt else "Not inspected: " + _first(evidence, positive=False)
    if verdict == "unreachable":
        if "all_failed" in names:
            return "Not blocked by the path: a host that is not Microsoft's failed the same way."
        return "Not blocked: a refusal by the path and one by the server look the same from here."
    open_question = next((one.text for one in evidence if one.family in {"trust", "reach"}), "there was no certificate to look at.")
    return f"Neither clean nor inspected: {open_question}"


def responsible(verdict: Verdict, evidence: Collection[Evidence], device: Device | None, *, microsoft: bool) -> Responsible:
    """Return whose job it is; `microsoft`: the host is run by Microsoft."""
    names = {one.signal for one in evidence}
    if verdict in {"clean", "sanctioned"}:
        return "nobody"
    if verdict == "inspected":
        return "client" if device is not None and device.device_class in _ON_THE_MACHINE else "intermediary"
    if names & {"clock_suspect", "late_agent"}:
        return "client"
    if verdict == "unreachable":
        return "network" if _by_the_network(names) else "unclear"
    return "microsoft" if "expired_chain" in names and microsoft else "unclear"


def _by_the_network(names: set[str]) -> bool:
    """Return whether a failure is the customer's own proxy's or resolver's: only when other things get through."""
    if "all_failed" in names:
        return False
    return "proxy_failure" in names or {"dns_failure", "control_answered"} <= names


def _who(device: Device | None) -> str:
    if device is None:
        return "By what is not known."
    sure = "certain" if device.confidence >= 0.9 else "likely"
    if device.vendor:
        return f"{device.product or device.vendor}, by its certificate ({sure})."
    signer = next((part.partition("=")[2] for part in device.issuer.split(", ") if part.startswith("CN=")), "") or device.issuer
    guess = f", possibly {device.possible}" if device.possible else ""
    return f"The device signs as {signer or 'nobody'}; its vendor is not known{guess}."


def _unreachable(host: str, names: set[str], evidence: Collection[Evidence]) -> str:
    what = next((one.text for one in evidence if one.family == "reach" and one.signal.endswith("_failure")), "no answer.")
    if "all_failed" in names:
        return f"{host} could not be reached, nor could anything else. This is the agent's link or Internet access, not Microsoft 365."
    if "control_answered" in names:
        return f"{host} could not be reached while a host that is not Microsoft's answered. {what}"
    return f"{host} could not be reached. {what}"


def _inconclusive(host: str, evidence: Collection[Evidence]) -> str:
    because = next((one.text for one in evidence if one.family == "trust"), "")
    because = because or next((one.text for one in evidence if one.signal == "late_agent"), "There was no certificate to look at.")
    return f"{host}: not proven either way. {because}"


def _first(evidence: Collection[Evidence], *, positive: bool) -> str:
    wanted = [one for one in evidence if (one.weight > 0) == positive and one.weight != 0]
    return max(wanted, key=lambda one: abs(one.weight)).text if wanted else ""
