"""What a scenario is: a row of data from `scenarios/*.toml`, read into types. A mistake in a row is told before anything runs."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.lab.nodes import EGRESS
from tests.lab.world_row import WorldRow
from wire.vocabulary import VERDICTS, Protocol

FOLDER = Path(__file__).with_name("scenarios")
HOSTS = (
    "outlook.office365.com",
    "microsoft.sharepoint.com",
    "teams.microsoft.com",
    "login.microsoftonline.com",
    "device.login.microsoftonline.com",
    "m365.cloud.microsoft",
    "www.gstatic.com",
)
"""What the laboratory's agent measures unless a row says otherwise: a host of each workload, a never-inspect host, the control."""


OTHERS: tuple[tuple[str, int, Protocol], ...] = (
    ("outlook.office365.com", 80, "http"),
    ("microsoft.sharepoint.com", 80, "http"),
    ("outlook.office365.com", 443, "quic"),
    ("m365.cloud.microsoft", 443, "quic"),
    ("worldaz.tr.teams.microsoft.com", 3478, "turn"),
    ("substrate.office.com", 443, "wss"),
)
"""Targets of the other probes, the same in every scenario."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one target: the verdict, and the classes and the vendor of the device behind it. `surely`: it must be named."""

    verdict: str
    kind: Sequence[str] = ()
    vendor: str = ""
    surely: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row. `boxes`: what stands on the path, in order, each with its options (`tests.lab.boxes`).

    `expect` maps a finding's target name (with wildcards, `@route` where it matters; later ones win) to the verdict that is true, or to a
    table of verdict, kind and vendor. `kind` is the class the device must get, or one of several (`none`: it may be without); empty: no
    finding may name a device. `vendor`: the one that must be named; empty: none may be. `never`: `verdict:x`, `signal:x`, `vendor:x`,
    `class:x` or `possible:x`, which no finding (with `@host`: none of that host) may hold.
    """

    name: str
    what: str
    expect: Mapping[str, "Truth"]
    kind: Sequence[str] = ()
    vendor: str = ""
    never: Sequence[str] = ()
    boxes: Sequence[Mapping[str, Any]] = ()
    trust: Sequence[str] = ("devices",)
    routes: Sequence[Mapping[str, str]] = ({"name": "direct"},)
    hosts: Sequence[str] = HOSTS
    resolvers: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    world: WorldRow = field(default_factory=WorldRow)
    egress: str = EGRESS
    delay_ms: float = 10.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    ipv6: bool = False


class BadRow(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A row cannot be used; the text names file, scenario and remedy."""


def load(folder: Path = FOLDER) -> list[Scenario]:
    """Return all scenarios, in the order of their files. Raises BadRow."""
    found: list[Scenario] = []
    for file in sorted(folder.glob("*.toml")):
        found += [_scenario(one, file.name) for one in tomllib.loads(file.read_text(encoding="utf-8")).get("scenario", [])]
    names = [one.name for one in found]
    double = {name for name in names if names.count(name) > 1}
    if double:
        raise BadRow(f"lab: {', '.join(sorted(double))}: a name is there twice; every scenario needs its own")
    return found


def _scenario(plain: Mapping[str, Any], file: str) -> Scenario:
    where = f"{file}: {plain.get('name', 'a scenario without a name')}"
    known = {one.name for one in fields(Scenario)}
    for key in plain:
        if key not in known:
            raise BadRow(f"lab: {where}: {key!r} is not known; write one of {', '.join(sorted(known))}")
    own = {key: plain[key] for key in ("kind", "vendor") if key in plain}
    try:
        expect = {key: Truth(**({"verdict": one, **own} if isinstance(one, str) else one)) for key, one in plain.get("expect", {}).items()}
        world = WorldRow(**plain.get("world", {}))
        made = Scenario(**{**plain, "expect": expect, "world": world})
    except TypeError as error:
        raise BadRow(f"lab: {where}: {error}") from None
    for one in expect.values():
        if one.verdict not in VERDICTS:
            raise BadRow(f"lab: {where}: expect: {one.verdict!r} is no verdict; write one of {', '.join(VERDICTS)}")
    return made
