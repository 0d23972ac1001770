"""The rows of the knowledge and the whole they make. Types only: reading is the loader's, look-ups are in `endpoints.py` and `products.py`.

Every row has a grade (how well it is known) and an origin (who says so). Unknown keys are refused: a misspelt rule must not be silent.
"""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from judge.chain import Roots
from judge.finding import Scope
from judge.knowledge.endpoints import EndpointList, covers
from wire.vocabulary import DeviceClass, Grade

HostRule = Literal["login", "private_pki", "third_party"]
Topic = Literal["inspected", "login", "unreachable"]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Attribute = Literal["CN", "O", "OU", "emailAddress", "any"]


class Row(BaseModel):
    """What all rows share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grade: Grade
    origin: Annotated[str, Field(min_length=1)]


class Product(Row):
    """An inspecting product by the names its authority signs with. `broad`: the names may be a customer's own."""

    id: str
    vendor: str
    product: str
    device_class: DeviceClass = Field(alias="class")
    scope: Scope
    first_key: Literal["instance", "product"] = "instance"
    where: Literal["issuer", "subject"] = "issuer"
    match: Annotated[tuple[dict[Attribute, Pattern], ...], Field(min_length=1)]
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
    """A host that stands for an endpoint set, or the control target."""

    host: str
    port: int = 443
    path: str = "/"
    endpoint_set: int | None = None
    stands_for: str
    control: bool = False
    default: bool


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
    first_class_sets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Authorities:
    """The public authorities Microsoft documents: common names and SPKI SHA-256 (hex), for "is this issuer new?" and nothing else."""

    names: frozenset[str]
    keys: frozenset[str]


MAX_OPERATORS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """All knowledge. `version` is `as_of` and a hash of every byte of it, the roots included: equal versions judge alike.

    `roots`: the centre's public roots and the known intermediates below them. `weights` maps signal to weight, `product_weights` grade
    to weight.
    """

    version: str
    as_of: str
    endpoints: EndpointList
    authorities: Authorities
    products: tuple[Product, ...]
    engines: tuple[Engine, ...]
    representatives: tuple[Representative, ...]
    hosts: tuple[Host, ...]
    weights: dict[str, Weight]
    product_weights: dict[str, float]
    limits: Limits
    links: tuple[Link, ...]
    natives: dict[str, str]
    front_doors: dict[str, FrontDoorPlace]
    roots: Roots
    operators: dict[tuple[str, int | None], str] = field(default_factory=dict, repr=False)

    def has_rule(self, host: str, rule: HostRule) -> bool:
        """Return whether `host` has the rule."""
        return any(one.rule == rule and covers(one.pattern, host) for one in self.hosts)

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
        listed = endpoint_set is not None or self.endpoints.find(host) is not None
        return "microsoft" if listed else host.lower()

    def front_door(self, code: str) -> FrontDoorPlace | None:
        """Return where the front door of this code stands: in any case, with or without digits behind the letters. None if unknown.

        A code that is not listed is not looked up as an airport's: 29 of Microsoft's are no airport's, eight name one in another country.
        """
        return self.front_doors.get(code.strip().rstrip("0123456789").upper())

    def links_about(self, topic: Topic) -> tuple[str, ...]:
        """Return the addresses to read on about a topic."""
        return tuple(one.url for one in self.links if one.topic == topic)
