"""Settings of one agent: a TOML file into frozen dataclasses. The file is local; a plan can never set what is here.

Only reading and checking values lives here; no file but the configuration itself is opened. All problems are told at once, each as
one sentence that names the setting and the remedy. Not pydantic-settings: it alone costs 14 MB of memory (measured).
"""

import base64
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.config_reader import ConfigError, Section

_AGENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BROKER = re.compile(r"(mqtts?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::([0-9]{1,5}))?/?")
_HOST_PORT = re.compile(r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}")
_PAC = re.compile(r"(?:https?://[^/\s]+|file://)\S*")
_ED25519_BYTES = 32
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
Version = Literal["5", "3.1.1"]
_VERSIONS: tuple[Version, ...] = ("5", "3.1.1")
DEFAULT_PORTS = {"mqtts": 8883, "mqtt": 1883}
"""IANA's port numbers for MQTT over TLS and plain MQTT."""


@dataclass(frozen=True, slots=True)
class Agent:
    """`site` is what this agent declares; `fleet_key` hashes gateways alike on all agents of a fleet; `state` is the agent's own folder."""

    id: str
    state: Path
    site: str | None = None
    fleet_key: str = field(default="", repr=False)
    network_prefix: bool = True


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the centre's broker is and who we are to it. `version` is explicit: finding it out by trial costs 6 s (measured)."""

    host: str
    port: int
    version: Version
    tls: bool = True
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Uplink:
    """Time to the first resend of an unreceipted report, and how many may be in flight."""

    resend_s: float = 30.0
    window: int = 16


@dataclass(frozen=True, slots=True)
class PlanSource:
    """The signed plan's file, if any, and the Ed25519 public keys it may be signed with, by key id."""

    file: Path | None = None
    keys: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A signed bundle of newer knowledge for `check`, if any, and the Ed25519 public keys it may be signed with, by key id."""

    bundle: Path | None = None
    keys: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trust:
    """PEM bundles in place of the operating system's and the public roots. Local only; a report carries their hashes."""

    os_roots: Path | None = None
    public_roots: Path | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """How the `system` route and proxies are told what no plan may tell. Local only.

    `pac` and `wpad` stand in the place of the system's own settings. `logins` are `user:password` by the proxy's `host:port`.
    """

    pac: str = ""
    wpad: bool = False
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Lab:
    """Laboratory settings; every report made with them says `lab`. `connect` maps `host:port` to the `address:port` really dialled.

    `host:port/udp` is a place of datagrams alone.
    `cadence_s`, when not 0, stands in place of the plan's cadence, which may not be below 5 s: tests and the demo have no minute to wait.
    """

    enabled: bool = False
    connect: Mapping[str, str] = field(default_factory=dict)
    resolvers: tuple[str, ...] = ()
    cadence_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SpoolPlace:
    """The spool's file and its bound on the sum of payload bytes."""

    path: Path
    max_mb: float = 64.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the file says. `broker` is None only for `check`, which needs none."""

    agent: Agent
    spool: SpoolPlace
    broker: Broker | None = None
    uplink: Uplink = Uplink()
    plan: PlanSource = PlanSource()
    trust: Trust = Trust()
    lab: Lab = Lab()
    proxy: Proxy = Proxy()
    knowledge: KnowledgeSource = KnowledgeSource()
    reflector_key: str = ""
    """The reflector's Ed25519 key in base64, in the place of the plan's; empty: the plan's."""


def load(path: Path, *, need_broker: bool = True) -> Settings:
    """Return the settings in `path`. Raises ConfigError with every problem found."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"config: {path} cannot be read ({error.strerror}); write --config FILE with a file that exists"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"config: {path} is not TOML: {error}; see https://toml.io for how it is written"]) from None
    return read(table, path.resolve().parent, need_broker=need_broker)


def read(table: Mapping[str, object], folder: Path, *, need_broker: bool = True) -> Settings:
    """Return the settings in a parsed table; relative paths start at `folder`. Raises ConfigError with every problem found."""
    problems: list[str] = []
    names = ("agent", "broker", "uplink", "plan", "trust", "lab", "spool", "proxy", "reflector", "knowledge")
    problems += [
        f"config: {name}: no such section; write one of {', '.join(f'[{one}]' for one in names)}" for name in table if name not in names
    ]
    sections = {name: Section(name, table.get(name, {}), folder, problems) for name in names}
    lab = _lab(sections["lab"])
    agent = _agent(sections["agent"], needed=need_broker)
    broker = _broker(sections["broker"], lab=lab.enabled) if need_broker or "broker" in table else None
    uplink = Uplink(
        resend_s=sections["uplink"].number("resend_s", default=30.0, low=1, high=600),
        window=int(sections["uplink"].number("window", default=16, low=1, high=16)),
    )
    spool = SpoolPlace(
        path=sections["spool"].path("path") or agent.state / "spool.sqlite",
        max_mb=sections["spool"].number("max_mb", default=64.0, low=1, high=65_536),
    )
    trust = Trust(os_roots=sections["trust"].path("os_roots"), public_roots=sections["trust"].path("public_roots"))
    plan = _plan(sections["plan"])
    proxy = _proxy(sections["proxy"])
    meant, key = "an Ed25519 public key", "the 32 bytes of the key in base64 (44 characters)"
    knowledge = _knowledge(sections["knowledge"])
    reflector_key = sections["reflector"].text("key", pattern=_KEY, meaning=meant, example=key, default="")
    for section in sections.values():
        section.refuse_unknown()
    if problems:
        raise ConfigError(problems)
    return Settings(agent, spool, broker, uplink, plan, trust, lab, proxy, knowledge, reflector_key)


def _agent(section: Section, *, needed: bool) -> Agent:
    agent_id = section.text(
        "id", example="laptop-17", pattern=_AGENT_ID, meaning="a name of a-z, 0-9 and -", default=None if needed else "local"
    )
    state = section.path("state", example="/var/lib/middlewatch", default=None if needed else Path())
    site = section.text("site", example="Frankfurt", default="")
    if len(site) > 256:
        section.problem("site", "is longer than 256 characters", "a shorter name")
    key = section.text("fleet_key", example="a long random text, the same on all agents", default="")
    return Agent(agent_id, state or Path(), site or None, key, section.flag("network_prefix", default=True))


def _broker(section: Section, *, lab: bool) -> Broker:
    url = section.text("url", example="mqtts://centre.example:8883")
    found = _BROKER.fullmatch(url)
    scheme, host, port = ("mqtts", "", 0)
    if url and (found is None or not 0 < int(found[3] or 1) < 65_536):
        section.problem("url", f"{url!r} is not an address", "mqtts://host:8883")
    elif found is not None:
        scheme, host, port = found[1], found[2].strip("[]"), int(found[3] or DEFAULT_PORTS[found[1]])
    if scheme == "mqtt" and not lab and host not in _THIS_MACHINE:
        section.problem("url", "mqtt:// has no TLS and is for a broker on this machine", "mqtts://host:8883 (or set lab.enabled = true)")
    version = section.choice("version", _VERSIONS)
    if scheme == "mqtt":
        for name in ("ca", "certificate", "key"):
            section.path(name)
        return Broker(host, port, version, tls=False)
    ca = section.path("ca", example="centre-ca.pem", needed=True)
    certificate = section.path("certificate", example="agent.pem", needed=True)
    key = section.path("key", example="agent.key", needed=True)
    return Broker(host, port, version, ca=ca, certificate=certificate, key=key)


def _plan(section: Section) -> PlanSource:
    keys, file = _keys(section), section.path("file")
    if file is not None and not keys:
        section.problem("keys", "is missing, and a plan must be signed", 'keys = { ops = "<32 bytes in base64>" }')
    return PlanSource(file, keys)


def _knowledge(section: Section) -> KnowledgeSource:
    keys, bundle = _keys(section), section.path("bundle")
    if bundle is not None and not keys:
        section.problem("keys", "is missing, and a bundle must be signed", 'keys = { ops = "<32 bytes in base64>" }')
    return KnowledgeSource(bundle, keys)


def _keys(section: Section) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for name, text in section.words("keys").items():
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != _ED25519_BYTES:
            section.problem(f"keys.{name}", "is not an Ed25519 public key", "the 32 bytes of the key in base64 (44 characters)")
        keys[name] = key
    return keys


def _proxy(section: Section) -> Proxy:
    pac = section.text("pac", pattern=_PAC, meaning="the URL of a PAC file", example="http://pac.contoso.com/proxy.pac", default="")
    logins = section.words("logins")
    for place, login in logins.items():
        if not _HOST_PORT.fullmatch(place):
            section.problem("logins", f"{place!r} is not a proxy's host and port", '{ "proxy.contoso.com:3128" = "user:password" }')
        elif not login.partition(":")[2]:
            section.problem("logins", f"what stands for {place!r} is not user:password", '{ "proxy.contoso.com:3128" = "user:password" }')
    return Proxy(pac, section.flag("wpad", default=False), logins)


def _lab(section: Section) -> Lab:
    enabled = section.flag("enabled", default=False)
    connect = section.words("connect")
    for source, target in connect.items():
        if not (_HOST_PORT.fullmatch(source.removesuffix("/udp")) and _HOST_PORT.fullmatch(target)):
            section.problem("connect", f"{source!r} = {target!r} is not a pair of places", '"outlook.office.com:443" = "127.0.0.1:4443"')
    resolvers = section.texts("resolvers")
    for one in resolvers:
        if not _HOST_PORT.fullmatch(one):
            section.problem("resolvers", f"{one!r} is not an address with port", '["127.0.0.1:5353"]')
    cadence_s = section.number("cadence_s", default=0.0, low=0.0, high=60)
    if (connect or resolvers or cadence_s) and not enabled:
        section.problem("enabled", "is false while connect, resolvers or cadence_s are set", "enabled = true, or remove them")
    return Lab(enabled, connect, resolvers, cadence_s)
