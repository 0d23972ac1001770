"""What the page calls things: shape, word and colour class of a verdict, whose job, how certain, how long. Words only, nothing is decided.

State is shape, word and colour, never colour alone; the colours are the style sheet's, by class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.finding import Device
from server.fleet import zones
from server.watcher.sentences import BY, JOB, KEY_BY
from wire.vocabulary import Verdict

Word = Verdict | str


@dataclass(frozen=True, slots=True)
class Mark:
    """How one verdict is shown. `look` is its class in the style sheet."""

    shape: str
    word: str
    look: str


ORDER: Sequence[str] = (
    "clean",
    "sanctioned",
    "inconclusive",
    "spliced",
    "proxied",
    "silent",
    "unreachable",
    "captive",
    "redirected",
    "altered",
    "inspected",
    "blocked",
)
"""Best first; a verdict's place is its rank."""

_LOOK: Mapping[str, tuple[str, str]] = {
    "clean": ("●", "clean"),
    "sanctioned": ("◐", "sanctioned"),
    "proxied": ("◇", "passing"),
    "spliced": ("◇", "passing"),
    "inspected": ("▲", "broken"),
    "altered": ("▲", "broken"),
    "redirected": ("▲", "broken"),
    "captive": ("▲", "broken"),
    "blocked": ("■", "stopped"),
    "unreachable": ("■", "stopped"),
    "inconclusive": ("○", "open"),
    "silent": ("⋯", "silent"),
}
QUIET = frozenset({"clean", "sanctioned", "inconclusive"})
"""Verdicts that ask nobody for anything."""

SITE_JOB: Mapping[str, str] = {
    "clean": "nobody",
    "sanctioned": "nobody",
    "inconclusive": JOB["unclear"],
    "silent": "who looks after the agent and its link",
    "unreachable": JOB["network"],
    "captive": JOB["client"],
}
"""Whose job a site's verdict is where no device's finding says it."""

EVENT_WORDS: Mapping[str, str] = {
    "appeared": "new device",
    "left": "left",
    "returned": "returned",
    "discovered": "not known to be new",
    "retired": "retired",
    "spread": "seen at more sites",
    "approval-lapsed": "approval ended",
    "cloned-identity": "cloned identity",
    "site-down": "site cannot reach",
    "site-up": "site reaches again",
    "site-silent": "site silent",
    "site-heard": "site heard again",
    "summary-changed": "Microsoft's word changed",
    "coverage-changed": "bypass changed",
    "agent-silent": "agent silent",
    "agent-heard": "agent heard again",
    "agent-lagging": "agent late",
    "agent-clock": "clock wrong",
    "agent-dropping": "reports discarded",
    "agent-plan": "old plan",
    "agent-software": "old software",
    "agent-well": "agent well again",
    "gateway-changed": "new gateway",
    "egress-moved": "egress moved",
    "egress-disagrees": "egress not agreed",
    "egress-cloud": "egress in a cloud",
    "front-door-moved": "front door moved",
    "rotation": "authority changed",
    "feed-changed": "endpoint list changed",
    "feed-stale": "endpoint list old",
    "latency-regressed": "slower",
    "latency-recovered": "as fast as before",
    "latency-usual": "slower, as usual now",
    "case-opened": "case opened",
    "case-proved": "bypass proved",
    "case-broken": "decrypted again",
    "case-reminder": "case waits",
    "case-closed": "case closed",
}
"""Kind of event to a word or three; a test holds that every kind has one."""
SEVERITY_WORDS: Mapping[str, str] = {"P1": "urgent", "P2": "act today", "P3": "look into it", "P4": "for information"}
CLASS_WORDS: Mapping[str, str] = {
    "wan-acceleration": "WAN accelerator",
    "redirection-and-inspection": "redirection and inspection device",
    "proxy": "proxy",
    "casb": "cloud access security broker",
    "swg": "secure web gateway",
    "dlp": "data loss prevention",
    "other-service": "network or cloud service",
    "vpn": "VPN",
    "endpoint-security": "security software on the machine",
    "dns-filter": "DNS filter",
    "developer-tool": "developer's tool",
    "captive-portal": "captive portal",
    "unknown": "device of unknown kind",
}
CERTAIN, LIKELY = 0.9, 0.7
"""Between the catalogue's weights for documented (0.95) and twice sighted (0.9, 0.6) signatures, as in the events' sentences."""


def mark(verdict: str) -> Mark:
    """Return how a verdict is shown; a word from a newer centre has no shape of its own yet."""
    shape, look = _LOOK.get(verdict, ("○", "open"))
    return Mark(shape, verdict, look)


def rank(verdict: str) -> int:
    """Return how bad a verdict is, 0 best; an unknown word stands with `inconclusive`."""
    return ORDER.index(verdict if verdict in ORDER else "inconclusive")


def called(device: Device | None) -> str:
    """Return what a device is called: its vendor and product, a guess marked as one, or that it is not known."""
    if device is None or not (device.vendor or device.possible):
        return "Unknown make"
    if not device.vendor:
        return f"Possibly {device.possible}"
    product = device.product or ""
    return product if product.startswith(device.vendor) else f"{device.vendor} {product}".strip()


def make(device: Device | None) -> str:
    """Say whose make a device is, by what evidence, and how certain that is."""
    if device is None or (device.vendor is None and device.possible is None):
        return "Whose make it is, is not known."
    if device.vendor is None:
        return f"Possibly {device.possible}; not proven."
    name = called(device)
    sure = "certain" if device.confidence >= CERTAIN else "likely" if device.confidence >= LIKELY else "not certain"
    by = BY.get(device.named_by) or (KEY_BY.get(device.keys[0].kind, "") if device.keys else "")
    return f"{name}, by its {by} ({sure})." if by else f"{name} ({sure})."


def counted(count: int, one: str, many: str = "") -> str:
    """Return `1 host`, `2 hosts`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def thousands(number: float) -> str:
    """Return a whole number with narrow spaces between thousands, as `9 800`."""
    return f"{number:,.0f}".replace(",", "\u202f")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as shown: short in its zone (with the date if it is not today's), which zone that is, and in full for who hovers or copies."""

    text: str
    zone: str
    full: str
    iso: str

    @property
    def said(self) -> str:
        """Return it as a part of a sentence."""
        return f"{self.text} {self.zone}"


def moment(at_ns: int, now_ns: int, zone: str = "UTC", *, seconds: bool = False) -> Moment | None:
    """Return a time in a zone (IANA); None for 0, a time nobody knows. An unknown zone is shown as UTC and says so."""
    if at_ns <= 0:
        return None
    at, now = zones.at(at_ns, zone), zones.at(now_ns, zone)
    clock = "%H:%M:%S" if seconds else "%H:%M"
    text = f"{at:{clock}}" if at.date() == now.date() else f"{at:%d %b {clock}}"
    utc, key = zones.in_utc(at), zones.zone_of(zone).key
    own = f"{at:%Y-%m-%d %H:%M:%S} {key}, " if key != "UTC" else ""
    return Moment(text, zones.offset(at), f"{own}{utc:%Y-%m-%d %H:%M:%S} UTC", f"{utc:%Y-%m-%dT%H:%M:%SZ}")
