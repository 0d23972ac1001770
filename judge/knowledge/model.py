"""The rows of the knowledge and the whole they make. Types only: reading is the loader's, look-ups are in `endpoints.py` and `products.py`.

What all rows share is in `row.py`; marks of products are in `signatures.py`, networks in `networks.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from judge.chain import Roots
from judge.finding import Scope
from judge.knowledge.assessment import Assessment
from judge.knowledge.endpoints import EndpointList, EndpointSet, Instance, covers
from judge.knowledge.networks import NetworkTable
from judge.knowledge.positions import Position, Traffic
from judge.knowledge.row import Pattern, Row, Signature
from judge.knowledge.signatures import HeaderMark, LocalMark, PageMark, ProxyName, SelfProbe
from wire.target import Target
from wire.vocabulary import DeviceClass, Grade, Protocol

UDP: frozenset[Protocol] = frozenset({"quic", "turn"})
"""Protocols whose port is a UDP port."""
HostRule = Literal["login", "private_pki", "third_party", "never_inspect", "first_class"]
"""`first_class`: Default by category, but watched by Microsoft's admin centre before all others (`*.cloud.microsoft` and siblings)."""
Topic = Literal["inspected", "login", "unreachable", "path", "tunnel", "media"]
VendorMethod = Literal["header", "page", "self", "proxy_name", "egress", "egress_shared", "local"]
Attribute = Literal["CN", "O", "OU", "emailAddress", "any"]


class Product(Signature):
    """A product that can stand in the path, and the names its authority signs with, if it has any of its own.

    `enabled` is about these names. `broad`: they may be a customer's own, or were sighted once: the vendor is "possible" then.
    """

    id: str
    vendor: str
    product: str
    device_class: DeviceClass = Field(alias="class")
    scope: Scope
    first_key: Literal["instance", "product"] = "instance"
    where: Literal["issuer", "subject"] = "issuer"
    match: tuple[dict[Attribute, Pattern], ...]
    normalise: tuple[tuple[Pattern, str], ...] = ()
    broad: bool = False


class Engine(Row):
    """A minting engine by the fingerprint of its leaves; `extensions` exactly, sorted."""

    id: str
    possible: str
    device_class: DeviceClass = Field(alias="class")
    key_type: str
    key_bits: int
    extensions: tuple[str, ...]


class Representative(Row):
    """A host that stands for an endpoint set of an instance, or an instance's control target.

    `{tenant}` in the host is filled in when the tenant's name is known (`tenant = "needed"`); a row with "unless" is for when it is not.
    """

    instance: Instance = "Worldwide"
    host: str
    port: int = 443
    protocol: Protocol = "https"
    path: str = "/"
    endpoint_set: int | None = None
    stands_for: str
    tenant: Literal["", "needed", "unless"] = ""
    control: bool = False
    default: bool

    @model_validator(mode="after")
    def _tenant_and_place_for_it(self) -> "Representative":
        if ("{tenant}" in self.host) != (self.tenant == "needed"):
            raise ValueError('{tenant} in the host and tenant = "needed" belong together; write both or neither')
        return self


class Host(Row):
    """A host name with a rule of its own."""

    pattern: str
    rule: HostRule = Field(alias="is")


class Weight(Row):
    """How much one signal says, -1 to 1."""

    signal: str
    weight: Annotated[float, Field(ge=-1, le=1)]


class Link(Row):
    """Where to read on about a topic."""

    topic: Topic
    url: Annotated[str, Field(pattern=r"^https://")]
    title: str


class Native(Row):
    """What Microsoft offers natively instead of a device of this class."""

    device_class: DeviceClass = Field(alias="class")
    text: str


class FrontDoorPlace(Row):
    """Where the front door of this code stands: its city, not its building. `country` is ISO 3166-1 alpha-2; degrees, north and east up."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    city: Annotated[str, Field(min_length=1)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Limits(BaseModel):
    """Where fused evidence becomes a verdict."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inspected: Annotated[float, Field(gt=0, lt=1)]
    clean: Annotated[float, Field(gt=0, lt=1)]
    family_cap: Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Authorities:
    """The public authorities Microsoft documents: common names and SPKI SHA-256 (hex), for "is this issuer new?" and nothing else."""

    names: frozenset[str]
    keys: frozenset[str]


MAX_OPERATORS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """All knowledge. `version` is `as_of` and a hash of every byte of it, the roots included: equal versions judge alike. `edition` rises.

    `roots`: the centre's public roots and the known intermediates below them. `weights` maps signal to weight, `product_weights` grade to
    weight, `vendor_weights` method to weight. `endpoints` is Worldwide's list, `instances` holds all four; `representatives` are the rows
    of `targets` for Worldwide that need no tenant's name. `lists`: the state of each instance's list, ten digits as the web service counts.
    """

    version: str
    as_of: str
    edition: int
    endpoints: EndpointList
    instances: Mapping[Instance, EndpointList]
    authorities: Authorities
    products: tuple[Product, ...]
    engines: tuple[Engine, ...]
    headers: tuple[HeaderMark, ...]
    pages: tuple[PageMark, ...]
    self_probes: tuple[SelfProbe, ...]
    proxy_names: tuple[ProxyName, ...]
    local: tuple[LocalMark, ...]
    networks: NetworkTable
    targets: tuple[Representative, ...]
    representatives: tuple[Representative, ...]
    hosts: tuple[Host, ...]
    weights: dict[str, Weight]
    product_weights: dict[str, float]
    vendor_weights: dict[str, float]
    limits: Limits
    assessment: Assessment
    positions: Mapping[Traffic, Position]
    links: tuple[Link, ...]
    natives: dict[str, str]
    front_doors: dict[str, FrontDoorPlace]
    roots: Roots
    lists: Mapping[Instance, str] = field(default_factory=dict)
    operators: dict[tuple[str, int | None], str] = field(default_factory=dict, repr=False)

    def has_rule(self, host: str, rule: HostRule) -> bool:
        """Return whether `host` has the rule."""
        return any(one.rule == rule and covers(one.pattern, host) for one in self.hosts)

    def set_of(self, target: Target) -> EndpointSet | None:
        """Return the endpoint set of a target. Ids mean different things in each instance, so the host tells which instance is meant."""
        udp = target.protocol in UDP
        for instance in self.instances.values():
            found = instance.find(target.host, target.port, udp=udp)
            if found is not None and target.endpoint_set in {None, found.id}:
                return found
        # Media sets list prefixes only: their relays' names stand in another set of the same instance.
        home = next((one for one in self.instances.values() if one.find(target.host) is not None), self.endpoints)
        return home.by_id(target.endpoint_set)

    def product(self, name: str | None) -> Product | None:
        """Return a product of the catalogue by its id."""
        return next((one for one in self.products if one.id == name), None)

    def vendor_weight(self, method: VendorMethod, grade: Grade) -> float:
        """Return how surely a mark of this kind and grade names its product: 0 for a recalled one, less for one sighting than for many."""
        return round(self.vendor_weights[method] * self.product_weights.get(grade, 0.0) / self.product_weights["A"], 3)

    def operator_of(self, host: str, endpoint_set: int | None) -> str:
        """Return who runs a host: `microsoft` for what the endpoint list holds, else the host itself or its owner's pattern.

        Answers are remembered: a plan has a dozen hosts, and looking through all patterns again was a fifth of a judgement (measured).
        """
        known = self.operators.get((host, endpoint_set))
        if known is None:
            if len(self.operators) >= MAX_OPERATORS:
                self.operators.clear()
            known = self.operators[host, endpoint_set] = self._operator_of(host, endpoint_set)
        return known

    def _operator_of(self, host: str, endpoint_set: int | None) -> str:
        owner = next((one.pattern for one in self.hosts if one.rule == "third_party" and covers(one.pattern, host)), None)
        if owner is not None:
            return owner
        listed = endpoint_set is not None or any(one.find(host) is not None for one in self.instances.values())
        return "microsoft" if listed else host.lower()

    def front_door(self, code: str) -> FrontDoorPlace | None:
        """Return where the front door of this code stands: in any case, with or without digits behind the letters. None if unknown.

        A code that is not listed is not looked up as an airport's: 29 of Microsoft's are no airport's, eight name one in another country.
        """
        return self.front_doors.get(code.strip().rstrip("0123456789").upper())

    def links_about(self, topic: Topic) -> tuple[str, ...]:
        """Return the addresses to read on about a topic."""
        return tuple(one.url for one in self.links if one.topic == topic)
