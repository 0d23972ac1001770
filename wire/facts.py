"""Facts: the stable part of what a probe saw, content-addressed. No field here is a verdict.

A facts body names its target and route, so that a judgement needs nothing else and is memoised on the id alone. What varies
from one probe to the next (times, addresses, status) belongs to `wire.observation`. A failure is stable while it lasts: its coming
and going changes the id, and a changed id makes the agent look again at once.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from wire.model import ContentId, Message, Port, RouteName, Text, Word
from wire.target import Target
from wire.vocabulary import Failure, Stage, Trust

Headers = Annotated[dict[Word, Annotated[str, Field(max_length=512)]], Field(max_length=32)]
"""Lower-case names. Only the headers that matter (`agent/probes/web.py` lists them), stable values only."""


class ChainTrust(Message):
    """The captured chain verified twice by one engine; `*_roots` is the SHA-256 (hex, 16 characters) of each root bundle."""

    os: Trust
    public: Trust
    os_roots: Word = ""
    public_roots: Word = ""
    engine: Word = ""


class WebFacts(Message):
    """One staged HTTPS request: how far it came and what answered.

    `chain` holds certificate ids (`wire.codec.content_id` of the DER), leaf first, exactly as sent. `http` is what was spoken.
    `page`: ids of the marks of block and notification pages found in the answer (`judge/knowledge/data/pages.toml`); `page_hash`: of such a
    page without what varies. Looked for where something on the way could have answered: on HTTP, and where public roots do not trust.
    `via` is the way taken (`direct`, `proxy host:port`, `https-proxy host:port`, `socks5 host:port`, `source`), `via_source` who said
    so (`plan`, `environment`, `settings`, `pac`, `wpad`); both are absent on a direct route, where there is no choice.
    """

    kind: Literal["web"] = "web"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    tls: Word | None = None
    cipher: Word | None = None
    alpn: Word | None = None
    http: Word | None = None
    chain: Annotated[list[ContentId], Field(max_length=16)] = []
    trust: ChainTrust | None = None
    headers: Headers = {}
    page: Annotated[list[Word], Field(max_length=16)] = []
    page_hash: Word = ""
    via: Text | None = None
    via_source: Word | None = None


class DnsFacts(Message):
    """One lookup: which resolver was asked, by which aliases it led on, and how it failed.

    Answers vary by design (CDN steering): they are in the sample. The CNAME chain takes one of a few forms, each of which travels once.
    `answered_by_nobody` is known of the control target's lookup only: whether an address that is no resolver answered; None: not tried.
    """

    kind: Literal["dns"] = "dns"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    resolver: Word = ""
    cnames: Annotated[list[Text], Field(max_length=32)] = []
    answered_by_nobody: bool | None = None


class EgressFacts(Message):
    """How our reflector saw us: public address, and our own request headers as they arrived (names in order and case).

    `signed`: whether its answer bore the signature of the plan's key; empty when the plan has none. `asn`, `as_name`: who announces the
    address, by the reflector's table or DNS. `dns_address`: our address as a name server asked directly saw it (UDP 53).
    """

    kind: Literal["egress"] = "egress"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    address: Word | None = None
    sent_headers: Annotated[list[Text], Field(max_length=32)] = []
    seen_headers: Annotated[list[Text], Field(max_length=64)] = []
    signed: Literal["", "ok", "bad", "absent"] = ""
    asn: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    as_name: Text = ""
    dns_address: Word | None = None


class PathFacts(Message):
    """What terminates a target's TCP and what the path lets through; learned by TTL-limited connects, which need no privilege on Linux.

    `ends_at`: the lowest TTL at which the target's port connects; `control_ends_at`: the same for `control_port` of the same address.
    `unroutable`: what became of a connect to an address nobody owns (RFC 5737, RFC 2544); empty when not tried. `mss` is the kernel's
    TCP_MAXSEG after the connect, bytes. `sack`, `timestamps`, `scaling`: negotiated TCP options (TCP_INFO). None: not known here.
    """

    kind: Literal["path"] = "path"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    ends_at: Annotated[int, Field(ge=1, le=255)] | None = None
    control_port: Port | None = None
    control_ends_at: Annotated[int, Field(ge=1, le=255)] | None = None
    unroutable: Literal["", "accepted", "refused", "silent"] = ""
    mss: Annotated[int, Field(ge=1, le=65_535)] | None = None
    sack: bool | None = None
    timestamps: bool | None = None
    scaling: bool | None = None
    method: Word = ""
    """How hops were found on this platform, and so what a missing one means: `linux-ttl`, `windows-...`, `macos-...`; empty for none."""


class MediaFacts(Message):
    """Whether the Teams relay answers on one UDP port, from an ephemeral source port and from one of 50000 to 50019.

    An answer is the word of the request it answered; `untried`: no source port of the range was free. `mapped` is our public address as
    the relay saw it (XOR-MAPPED-ADDRESS).
    """

    kind: Literal["media"] = "media"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    ephemeral: Literal["", "allocate", "binding"] = ""
    audio: Literal["", "allocate", "binding", "untried"] = ""
    realm: Text = ""
    mapped: Word | None = None


class QuicFacts(Message):
    """One HTTP/3 handshake on UDP 443 and the chain shown in it; fields as in `WebFacts`. `version` is QUIC's, hexadecimal."""

    kind: Literal["quic"] = "quic"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    version: Word | None = None
    alpn: Word | None = None
    cipher: Word | None = None
    chain: Annotated[list[ContentId], Field(max_length=16)] = []
    trust: ChainTrust | None = None
    headers: Headers = {}


class WebsocketFacts(Message):
    """One WebSocket upgrade (RFC 6455) and whether the connection outlived an idle minute. `via` and `via_source` as in `WebFacts`.

    `upgraded` is True for a valid 101. `idle`: what became of the silent connection; empty when it was not held.
    """

    kind: Literal["websocket"] = "websocket"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    status: Annotated[int, Field(ge=100, le=999)] | None = None
    upgraded: bool = False
    idle: Literal["", "alive", "lost"] = ""
    tls: Word | None = None
    chain: Annotated[list[ContentId], Field(max_length=16)] = []
    trust: ChainTrust | None = None
    headers: Headers = {}
    via: Text | None = None
    via_source: Word | None = None


class ProxySetting(Message):
    """One place that names a proxy. `server` is `host:port` or a PAC file's host, never a URL, a path or credentials."""

    scope: Literal["user", "machine", "service", "environment"]
    way: Literal["none", "manual", "pac", "wpad"]
    server: Text = ""


class AddedRoot(Message):
    """A root of this machine's store that public root sets lack: its names a product even while Microsoft 365 is bypassed."""

    subject: Text
    key: Word = ""
    """SHA-256 of its SubjectPublicKeyInfo, hexadecimal."""
    since: Word = ""
    """Its notBefore, ISO date."""


class PacFacts(Message):
    """What a PAC file decides for the names the plan asks about: `direct` names, `proxied` name to proxy `host:port`."""

    digest: Word = ""
    failure: Text = ""
    direct: Annotated[list[Text], Field(max_length=128)] = []
    proxied: Annotated[dict[Text, Text], Field(max_length=128)] = {}


class HostFacts(Message):
    """The endpoint itself, without anything that names a person or a machine (`docs/privacy.md` lists every field).

    `adapters`: kinds in use; `vpn`: tunnel adapters by what their driver or name says; `tunnelled`: Optimize prefixes that leave by a
    tunnel; `products`: ids of local products found running (`judge/knowledge`).
    """

    kind: Literal["host"] = "host"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    system: Word = ""
    adapters: Annotated[list[Word], Field(max_length=32)] = []
    vpn: Annotated[list[Word], Field(max_length=16)] = []
    default_by: Word = ""
    tunnelled: Annotated[list[Word], Field(max_length=128)] = []
    untunnelled: Annotated[list[Word], Field(max_length=128)] = []
    added_roots: Annotated[list[AddedRoot], Field(max_length=64)] = []
    products: Annotated[list[Word], Field(max_length=64)] = []
    proxies: Annotated[list[ProxySetting], Field(max_length=16)] = []
    pac: PacFacts | None = None


class RawFacts(Message):
    """Facts of a kind this version does not know: kept as they came."""

    kind: Literal["raw"] = "raw"
    of: Word
    data: dict[str, Any]


KnownFacts = WebFacts | DnsFacts | EgressFacts | HostFacts | MediaFacts | QuicFacts | WebsocketFacts | PathFacts
Facts = Annotated[KnownFacts | RawFacts, Field(discriminator="kind")]
