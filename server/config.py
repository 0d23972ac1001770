"""The server's configuration: one TOML file, with environment variables over it (`MIDDLEWATCH_HISTORY__TOKEN` and so on, for secrets).

Everything wrong is told at once, each with its place and the remedy. Nothing here opens a connection.
"""

import base64
import ipaddress
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from judge.knowledge.endpoints import Instance
from server.case_section import CaseSection
from server.feed.section import FeedSection
from server.fleet.section import PlansSection
from server.notify.settings import NotifySection
from server.section import Placed, Section, is_address


class BadConfiguration(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The configuration cannot be used. `problems` are whole sentences, one a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Broker(Section):
    """`embedded = true` starts a broker of its own on the url's host and port (MQTT 3.1.1, loopback, for the demo and trials)."""

    url: str = "mqtts://localhost:8883"
    embedded: bool = False
    version: Literal["3.1.1", "5"] = "5"
    client_id: Annotated[str, Field(min_length=1, max_length=128)] = "collector-0"
    share: Annotated[str, Field(pattern="^[^/+#]*$")] = ""
    acknowledge: Literal["stored", "arrival"] = "stored"
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    username: str = ""
    password: str = ""

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not is_address(value, "mqtt", "mqtts"):
            raise ValueError(f"{value!r} is not an address; write mqtts://host:8883")
        return value

    @model_validator(mode="after")
    def _secure(self) -> "Broker":
        host = urlsplit(self.url).hostname
        if self.embedded and not self.url.startswith("mqtt://"):
            raise ValueError(f"url: the embedded broker has no TLS, so not {self.url!r}; write mqtt://127.0.0.1:1883")
        if self.url.startswith("mqtt://") and host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("url: mqtt:// is for this machine only; write mqtts://host:8883 and set ca, certificate and key")
        if self.url.startswith("mqtts://") and not (self.ca and self.certificate and self.key):
            raise ValueError("ca: mqtts needs ca, certificate and key; set all three to PEM files")
        return self


class History(Section):
    """InfluxDB 2 or 3, or a file of our own for the demo and trials."""

    kind: Literal["influx", "embedded"] = "influx"
    url: str = "http://localhost:8086"
    org: str = "middlewatch"
    token: str = ""
    path: Path = Path("history.db")
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 30.0

    @model_validator(mode="after")
    def _complete(self) -> "History":
        if self.kind == "influx" and not self.token:
            raise ValueError("token: InfluxDB needs a token; set history.token or MIDDLEWATCH_HISTORY__TOKEN")
        if self.kind == "influx" and not is_address(self.url, "http", "https"):
            raise ValueError(f"url: {self.url!r} is not an address; write http://host:8086")
        return self


class State(Section):
    """`sqlite+aiosqlite:///state.db`, or `postgresql+asyncpg://user:password@host/database` when there are several collectors."""

    url: str = "sqlite+aiosqlite:///state.db"

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        file = value.removeprefix("sqlite+aiosqlite:///")
        if file in {value, "", ":memory:"} and not is_address(value, "postgresql+asyncpg"):
            raise ValueError("write sqlite+aiosqlite:///FILE or postgresql+asyncpg://user:password@host/database")
        return value


class CollectorSection(Section):
    """`accept_lab_agents` also takes agents with trust roots of their own; every page then says so.

    `public_roots`: a PEM file in place of the public roots, for laboratories only.
    """

    enabled: bool = True
    accept_lab_agents: bool = False
    public_roots: Path | None = None
    queue_mb: Annotated[int, Field(ge=1, le=4096)] = 32

    @model_validator(mode="after")
    def _lab_only(self) -> "CollectorSection":
        if self.public_roots is not None and not self.accept_lab_agents:
            raise ValueError("public_roots: roots of one's own are for laboratories; remove it, or set collector.accept_lab_agents = true")
        return self


class KnowledgeSection(Section):
    """`bundle`: a signed file that stands over the shipped knowledge, looked at again every `refresh_s` seconds. `keys`: who may sign it.

    Keys are Ed25519 public keys, 32 bytes in base64, by id, as `middlewatch-server plan key` prints them.
    """

    bundle: Path | None = None
    keys: dict[str, str] = Field(default_factory=dict)
    refresh_s: Annotated[float, Field(ge=1, le=86_400)] = 60.0

    @field_validator("keys")
    @classmethod
    def _public_keys(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if len(_decoded(text)) != 32:
                raise ValueError(f"{name}: is not an Ed25519 public key; write its 32 bytes in base64 (44 characters)")
        return value

    @model_validator(mode="after")
    def _signed(self) -> "KnowledgeSection":
        if self.bundle is not None and not self.keys:
            raise ValueError('keys: is missing, and a bundle must be signed; write keys = { id = "<32 bytes in base64>" }')
        return self

    def raw_keys(self) -> dict[str, bytes]:
        """Return the keys as bytes."""
        return {name: _decoded(text) for name, text in self.keys.items()}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


class WatcherSection(Section):
    """One active watcher for all processes that share a state database; the others stand by.

    `refresh_s`: how often the states of agents and sites are written to the history though nothing changed.
    """

    enabled: bool = True
    refresh_s: Annotated[float, Field(ge=1, le=3600)] = 60.0


class SiteSection(Placed):
    """One site, `[sites."Name"]`, by the name its agents report under. `simulated` sites are marked as such wherever they are shown."""

    zone: str = "UTC"
    simulated: bool = False

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # unknown, unsafe path, a folder
            if value == "UTC":  # known without any time zone files
                return value
            raise ValueError(
                f"{value!r} is no time zone this machine knows; write an IANA name as Europe/Berlin, or install tzdata"
            ) from None
        return value


class EgressSection(Placed):
    """One way out to the internet, `[[egress]]`: who owns the public addresses of a prefix, and where they leave."""

    prefix: str
    name: Annotated[str, Field(min_length=1, max_length=128)]

    @field_validator("prefix")
    @classmethod
    def _network(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_network(value))
        except ValueError:
            pass
        try:
            meant = f"{ipaddress.ip_network(value, strict=False)}"
        except ValueError:
            meant = "203.0.113.0/24"
        raise ValueError(f"{value!r} is not a prefix; write {meant}")


class Listen(Section):
    """`listen` is `address:port`; empty means off. Port 0 takes any free one."""

    listen: str = ""

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdigit() and int(port) < 65536):
            raise ValueError(f"{value!r} is not address:port; write 127.0.0.1:8300")
        return value


class Console(Listen):
    """Health, metrics, later the pages. Loopback unless you say otherwise."""

    listen: str = "127.0.0.1:8300"


class ReflectorSection(Listen):
    """What tells agents how their requests arrive: over HTTP on `listen`, over HTTPS on `secure_listen`, over DNS on `whoami_listen`.

    `signing_key`: an Ed25519 key (`middlewatch-server plan key`), whose public half goes into the plan. `networks`: a CSV of
    `prefix,number[,name]` that says who announces an address. `whoami_zone`: the zone that is delegated to `whoami_listen`.
    """

    secure_listen: str = ""
    certificate: Path | None = None
    key: Path | None = None
    signing_key: Path | None = None
    networks: Path | None = None
    whoami_listen: str = ""
    whoami_zone: Annotated[str, Field(pattern=r"^$|^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$", max_length=253)] = ""

    @field_validator("secure_listen", "whoami_listen")
    @classmethod
    def _place(cls, value: str) -> str:
        return cls._address(value)

    @model_validator(mode="after")
    def _together(self) -> "ReflectorSection":
        if self.secure_listen and not (self.certificate and self.key):
            raise ValueError("certificate: secure_listen needs certificate and key; set both to PEM files")
        if bool(self.whoami_listen) != bool(self.whoami_zone):
            raise ValueError("whoami_zone: whoami_listen and whoami_zone belong together; set both or neither")
        return self


SiteName = Annotated[str, Field(min_length=1, max_length=256)]
"""As a site is named in assignments, tags and columns."""


class Settings(BaseSettings):
    """All settings of `middlewatch-server`."""

    model_config = SettingsConfigDict(env_prefix="MIDDLEWATCH_", env_nested_delimiter="__", extra="forbid")

    broker: Broker = Field(default_factory=Broker)
    history: History = Field(default_factory=History)
    state: State = Field(default_factory=State)
    collector: CollectorSection = Field(default_factory=CollectorSection)
    knowledge: KnowledgeSection = Field(default_factory=KnowledgeSection)
    watcher: WatcherSection = Field(default_factory=WatcherSection)
    console: Console = Field(default_factory=Console)
    feed: FeedSection = Field(default_factory=FeedSection)
    plans: PlansSection = Field(default_factory=PlansSection)
    notify: NotifySection = Field(default_factory=NotifySection)
    reflector: ReflectorSection = Field(default_factory=ReflectorSection)
    sites: dict[SiteName, SiteSection] = Field(default_factory=dict)
    egress: list[EgressSection] = Field(default_factory=list)
    cases: CaseSection = Field(default_factory=CaseSection)
    policy: dict[str, Any] = Field(default_factory=dict)

    @property
    def list_instances(self) -> tuple[Instance, ...]:
        """Return the instances whose endpoint lists matter here: the plans' and the feed's."""
        return tuple(dict.fromkeys((self.plans.instance, *self.feed.instances)))

    @field_validator("egress")
    @classmethod
    def _once(cls, value: list[EgressSection]) -> list[EgressSection]:
        first: dict[str, int] = {}
        for index, one in enumerate(value):
            if one.prefix in first:
                raise ValueError(f"{index}.prefix: {one.prefix} stands at egress.{first[one.prefix]} already; remove one of the two")
            first[one.prefix] = index
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file. Raises BadConfiguration."""
    try:
        plain = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadConfiguration([f"config: {path} cannot be read ({error.strerror}); give the file with --config"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration([f"config: {path} is not TOML: {error}"]) from None
    try:
        return Settings(**plain)
    except SettingsError as error:
        sentence = f"config: the environment: {error}; a section is set one by one, as MIDDLEWATCH_HISTORY__TOKEN"
        raise BadConfiguration([sentence]) from None
    except ValidationError as error:
        raise BadConfiguration([_problem(one) for one in error.errors(include_url=False)]) from None


def _problem(one: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    place = ".".join(str(part) for part in one["loc"])
    message = one["msg"].removeprefix("Value error, ")
    if one["loc"][-1] == "[key]":
        return f"config: {one['loc'][0]}: {one['input'][:40]!r} is not a name; write one of 1 to 256 characters"
    if one["type"] == "extra_forbidden":
        return f"config: {place}: there is no such setting; remove it, or look for a spelling mistake"
    if one["type"] == "model_type":
        return f"config: {place}: is a section; write [{place}] and its settings below"
    head, colon, rest = message.partition(": ")
    if one["type"] == "value_error" and colon and all(part.isidentifier() or part.isdigit() for part in head.split(".")):
        return f"config: {place}.{head}: {rest}"
    return f"config: {place}: {message}"
