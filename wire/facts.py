"""Facts: the stable part of what a probe saw, content-addressed. No field here is a verdict.

A facts body names its target and route, so that a judgement needs nothing else and is memoised on the id alone. What varies
from one probe to the next (times, addresses, status) belongs to `wire.observation`. A failure is stable while it lasts: its coming
and going changes the id, and a changed id makes the agent look again at once.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from wire.model import ContentId, Message, RouteName, Text, Word
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


class DnsFacts(Message):
    """One lookup: which resolver was asked, by which aliases it led on, and how it failed.

    Answers vary by design (CDN steering): they are in the sample. The CNAME chain takes one of a few forms, each of which travels once.
    """

    kind: Literal["dns"] = "dns"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    resolver: Word = ""
    cnames: Annotated[list[Text], Field(max_length=32)] = []


class EgressFacts(Message):
    """How our reflector saw us: public address, and our own request headers as they arrived (names in order and case)."""

    kind: Literal["egress"] = "egress"
    target: Target
    route: RouteName = "direct"
    failure: Failure | None = None
    stage: Stage | None = None
    address: Word | None = None
    sent_headers: Annotated[list[Text], Field(max_length=32)] = []
    seen_headers: Annotated[list[Text], Field(max_length=64)] = []


class RawFacts(Message):
    """Facts of a kind this version does not know: kept as they came."""

    kind: Literal["raw"] = "raw"
    of: Word
    data: dict[str, Any]


KnownFacts = WebFacts | DnsFacts | EgressFacts
Facts = Annotated[WebFacts | DnsFacts | EgressFacts | RawFacts, Field(discriminator="kind")]
