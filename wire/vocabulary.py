"""The closed word lists of Middlewatch, each defined once and used in code, topics, columns, panels and pages.

Only words live here. A word is added, never renamed: it is stored for ever.
Sources: `docs/decisions/001-agents-send-facts.md`; Microsoft's own words for categories and device classes
("Using third-party network devices or solutions with Microsoft 365", 2025-05-29).
"""

from typing import Literal, get_args

Category = Literal["Optimize", "Allow", "Default", "Control"]
"""Microsoft's endpoint categories; `Control` marks the one target of a plan that is not Microsoft's."""

Workload = Literal["Exchange", "SharePoint", "Teams", "Common", "Control"]

Protocol = Literal["https", "http", "dns", "quic", "wss", "turn", "host"]

Kind = Literal["web", "dns", "egress", "host", "media", "quic", "websocket", "path"]
"""Observation kinds; each is its probe's NAME, its file and its measurement."""

Stage = Literal["dns", "connect", "proxy", "tls", "request", "first_byte", "body"]

Failure = Literal[
    "dns_nxdomain",  # the name does not exist (RFC 1035 RCODE 3)
    "dns_no_data",  # the name exists, without an address (RFC 2308)
    "dns_servfail",  # RCODE 2
    "dns_refused",  # RCODE 5
    "dns_malformed",  # an answer no parser accepts, or for another question
    "timeout",  # the stage's own time limit passed
    "refused",  # RST or ICMP port unreachable to our SYN or datagram
    "reset",  # RST on an established connection
    "closed",  # orderly close before the stage was complete
    "unreachable",  # ICMP or local "no route"
    "proxy_auth",  # 407
    "proxy_denied",  # any other non-2xx answer to CONNECT
    "proxy_malformed",  # not an HTTP answer to CONNECT
    "proxy_unsupported",  # a kind of proxy this agent does not speak (SOCKS)
    "tls_alert",  # the peer sent a fatal alert
    "tls_protocol",  # not TLS, or no version or cipher in common
    "http_protocol",  # bytes that h11 or h2 refuse
    "too_large",  # more than the stage's cap
    "unknown",  # not classified; scrubbed text is in `error`
]

Trust = Literal["trusted", "no_root", "incomplete", "expired", "name", "policy", "unchecked"]
"""Result of verifying a captured chain against one root store.

`no_root`: the chain is complete but ends in a root the store lacks. `incomplete`: an issuer is missing from what was sent.
`policy`: any other reason OpenSSL gives. `unchecked`: the check could not run.
"""

Clock = Literal["kernel", "loop"]
"""Who stamped a sample: the kernel's receive timestamps (Linux), or the event loop's clock."""

Verdict = Literal[
    "clean",
    "sanctioned",
    "proxied",
    "spliced",
    "inspected",
    "altered",
    "redirected",
    "captive",
    "blocked",
    "unreachable",
    "inconclusive",
]

Severity = Literal["none", "info", "medium", "high", "critical"]

Responsible = Literal["nobody", "client", "network", "intermediary", "isp", "microsoft", "unclear"]
"""Whose job it is: `network` is the customer's own LAN or WAN; `intermediary` is the device's owner and vendor."""

Grade = Literal["L", "A", "B", "C", "D"]
"""How well a fact is known: measured in our laboratory, documented, sighted twice, sighted once, recalled."""

DeviceClass = Literal[
    "wan-acceleration",
    "redirection-and-inspection",
    "proxy",
    "casb",
    "swg",
    "dlp",
    "other-service",
    "vpn",
    "endpoint-security",
    "dns-filter",
    "developer-tool",
    "captive-portal",
    "unknown",
]
"""The seven classes of Microsoft's article, then ours."""

Presence = Literal["candidate", "present", "absent", "retired"]

Disposition = Literal["undecided", "known", "approved"]

FAILURES: tuple[Failure, ...] = get_args(Failure)
STAGES: tuple[Stage, ...] = get_args(Stage)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
KINDS: tuple[Kind, ...] = get_args(Kind)
