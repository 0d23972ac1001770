"""What the world is told: a JSON file with a folder and the sites. Reading and checking only; every problem is a sentence."""

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agent.planning import default_plan

LOOPBACK = "127.0.0.1"
REFLECTOR = "reflector.middlewatch.example"
MEDIA = "worldaz.tr.teams.microsoft.com"
MEDIA_PORTS = (3478, 3479, 3480, 3481)
"""The media relay of Teams; every site has one."""
_HOST = re.compile(r"(?=.{1,64}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
"""Lower case; a certificate's CN holds 64 characters (RFC 5280, ub-common-name)."""
_CODE = re.compile(r"[A-Z]{2,4}")
_MAX_DELAY_MS = 1000.0
"""A way of a second each way is beyond two satellites; agents' time limits are 10 s."""


class BadConfig(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The configuration cannot be used; the text says what, where and the remedy."""


@dataclass(frozen=True, slots=True)
class Site:
    """One site of the world. `delay_ms` is one way between the site and its front doors; `front_door` their code as Microsoft writes it.

    `quic`: what the site's inspecting device does with QUIC while it is inserted.
    """

    name: str
    egress_address: str
    resolver_address: str
    front_door: str
    latitude: float
    longitude: float
    delay_ms: float
    quic: Literal["blocked", "passed"] = "blocked"

    @property
    def delay_s(self) -> float:
        """Return the one-way delay in seconds."""
        return self.delay_ms / 1000


@dataclass(frozen=True, slots=True)
class Config:
    """The folder for keys and roots, the sites, and the names that front doors serve."""

    folder: Path
    sites: tuple[Site, ...]
    hosts: tuple[str, ...]


def load(file: Path) -> Config:
    """Return the configuration in a file. Raises BadConfig."""
    try:
        plain = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"world: {file} cannot be read ({error.strerror}); name a JSON file") from None
    except ValueError as error:
        raise BadConfig(f"world: {file} is not JSON ({error})") from None
    return read(plain)


def read(plain: object) -> Config:
    """Return the configuration in parsed JSON. Raises BadConfig at the first problem."""
    table = _table(plain, "the file", {"folder", "sites", "hosts"})
    folder = table.get("folder")
    if not isinstance(folder, str) or not folder:
        raise BadConfig("world: folder is missing; write the path of a folder for keys and roots")
    listed = table.get("sites")
    if not isinstance(listed, list) or not listed:
        raise BadConfig('world: sites is missing or empty; write [{"name": "Lyon", ...}]')
    sites = tuple(_site(one, number) for number, one in enumerate(listed))
    names = [one.name for one in sites]
    if len(set(names)) < len(names):
        raise BadConfig(f"world: sites: {', '.join(names)}: a name is there twice; every site needs its own")
    return Config(Path(folder), sites, _hosts(table.get("hosts")))


def _site(plain: object, number: int) -> Site:
    where = f"sites[{number}]"
    table = _table(plain, where, set(Site.__dataclass_fields__))
    name, code = table.get("name"), table.get("front_door")
    if not isinstance(name, str) or not 0 < len(name) <= 256:
        raise BadConfig(f"world: {where}.name is missing; write the site's name")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise BadConfig(f'world: {where}.front_door: {code!r} is not the code of a front door; write for example "FRA"')
    quic = table.get("quic", "blocked")
    if quic not in {"blocked", "passed"}:
        raise BadConfig(f'world: {where}.quic: {quic!r} is not what a device does with QUIC; write "blocked" or "passed"')
    return Site(
        name,
        _address(table.get("egress_address"), f"{where}.egress_address"),
        _address(table.get("resolver_address"), f"{where}.resolver_address"),
        code,
        _number(table.get("latitude"), f"{where}.latitude", -90.0, 90.0),
        _number(table.get("longitude"), f"{where}.longitude", -180.0, 180.0),
        _number(table.get("delay_ms"), f"{where}.delay_ms", 0.0, _MAX_DELAY_MS),
        quic,
    )


def _hosts(plain: object) -> tuple[str, ...]:
    """Return the names to serve: those asked for, else those of the plan that agents ship with."""
    if plain is None:
        return tuple(dict.fromkeys(one.host for one in default_plan().targets if one.protocol != "turn"))
    if not isinstance(plain, list) or not plain:
        raise BadConfig("world: hosts is not a list of names; leave it out for those of the shipped plan")
    for one in plain:
        if not isinstance(one, str) or not _HOST.fullmatch(one):
            raise BadConfig(f'world: hosts: {one!r} is not a host name; write for example "outlook.office365.com"')
    return tuple(dict.fromkeys(plain))


def _table(plain: object, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise BadConfig(f"world: {where} is not a JSON object; write {{...}}")
    for key in plain:
        if key not in known:
            raise BadConfig(f"world: {where}: {key!r} is not known; write one of {', '.join(sorted(known))}")
    return plain


def _address(plain: object, where: str) -> str:
    try:
        return str(ipaddress.IPv4Address(plain if isinstance(plain, str) else ""))
    except ValueError:
        raise BadConfig(f'world: {where}: {plain!r} is not an IPv4 address; write for example "203.0.113.10"') from None


def _number(plain: object, where: str, low: float, high: float) -> float:
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not low <= plain <= high:
        raise BadConfig(f"world: {where}: {plain!r} is not a number from {low:g} to {high:g}")
    return float(plain)
