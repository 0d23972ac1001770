"""Reads the knowledge from `data/` and checks every row. The only file in `judge/` that reads files.

A fault is told as `KnowledgeError`: file, row, what is wrong and what to write. Nothing is loaded in part.
"""

import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import certifi
from pydantic import BaseModel, ValidationError

from judge.chain import Roots, pem_to_der
from judge.knowledge.endpoints import EndpointList, EndpointSet, read_set
from judge.knowledge.model import (
    Authorities,
    Engine,
    FrontDoorPlace,
    Host,
    Knowledge,
    Limits,
    Link,
    Native,
    Product,
    Representative,
    Weight,
)

DATA = Path(__file__).with_name("data")
Model = TypeVar("Model", bound=BaseModel)
Loaded = TypeVar("Loaded")

_WEIGHTS = {
    *("public_trust_failure", "unconfirmed_trust_failure", "incomplete_chain", "untrusted_chain", "name_mismatch", "public_chain"),
    *("no_sct", "sct_present", "shared_key"),
}
"""Signals that are weighed; the others are notes."""


class KnowledgeError(Exception):
    """The knowledge cannot be used. The text names file and row and says what to write."""


def load_knowledge(public_roots: Path | None = None, data: Path = DATA) -> Knowledge:
    """Return the knowledge in `data`; `public_roots` (a PEM file) replaces certifi's roots, for laboratories. Raises KnowledgeError.

    Takes about 40 ms, most of it parsing roots: load once per process.
    """
    files = _Files(data)
    products, thresholds, guidance = (files.toml(name) for name in ("products.toml", "thresholds.toml", "guidance.toml"))
    endpoints = files.endpoints("endpoints.json")
    bundle = public_root_pem(public_roots)
    intermediates = files.read("intermediates.pem")
    knowledge = Knowledge(
        version="",
        as_of=str(files.toml("manifest.toml").get("as_of", "")),
        endpoints=EndpointList(endpoints),
        authorities=files.authorities("authorities.csv"),
        products=tuple(files.rows("products.toml", products, "product", Product)),
        engines=tuple(files.rows("products.toml", products, "engine", Engine)),
        representatives=tuple(files.rows("targets.toml", files.toml("targets.toml"), "target", Representative)),
        hosts=tuple(files.rows("hosts.toml", files.toml("hosts.toml"), "host", Host)),
        weights={row.signal: row for row in files.rows("thresholds.toml", thresholds, "weight", Weight)},
        product_weights={key: float(value) for key, value in thresholds.get("product_weight", {}).items()},
        limits=_checked("thresholds.toml", "[limits]", lambda: Limits.model_validate(thresholds.get("limits", {}))),
        links=tuple(files.rows("guidance.toml", guidance, "link", Link)),
        natives={row.device_class: row.text for row in files.rows("guidance.toml", guidance, "native", Native)},
        front_doors=files.front_doors("front_doors.csv"),
        roots=Roots([*pem_to_der(bundle), *pem_to_der(intermediates)], hashlib.sha256(bundle).hexdigest()[:16]),
    )
    _cross_check(knowledge)
    return _with_version(knowledge, files.digest(bundle))


def public_root_pem(path: Path | None = None) -> bytes:
    """Return the PEM of the public roots: certifi's, or those in `path`. Raises KnowledgeError."""
    place = path or Path(certifi.where())
    try:
        bundle = place.read_bytes()
    except OSError as error:
        raise KnowledgeError(f"{place}: {error.strerror}; name a readable PEM file of public roots") from None
    if not pem_to_der(bundle):
        raise KnowledgeError(f"{place}: holds no certificate; write a PEM file of public roots")
    return bundle


class _Files:
    """Reads each file once and remembers its bytes for the version."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._bytes: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        if name not in self._bytes:
            try:
                self._bytes[name] = (self._data / name).read_bytes()
            except OSError as error:
                raise KnowledgeError(f"{name}: {error.strerror}; the knowledge in {self._data} is not whole, install it again") from None
        return self._bytes[name]

    def toml(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.read(name).decode())
        except ValueError as error:
            raise KnowledgeError(f"{name}: not TOML: {error}") from None

    def rows(self, name: str, plain: dict[str, Any], table: str, model: type[Model]) -> list[Model]:
        listed = plain.get(table)
        if not isinstance(listed, list) or not listed:
            raise KnowledgeError(f"{name}: no [[{table}]] rows; write at least one")
        return [
            _checked(name, f"[[{table}]] {_label(row, index)}", partial(model.model_validate, row)) for index, row in enumerate(listed, 1)
        ]

    def endpoints(self, name: str) -> list[EndpointSet]:
        try:
            listed = json.loads(self.read(name))
        except ValueError as error:
            raise KnowledgeError(f"{name}: not JSON: {error}") from None
        if not isinstance(listed, list):
            raise KnowledgeError(f"{name}: not a list of endpoint sets; write the answer of the endpoint web service")
        return [_checked(name, f"set {index}", partial(read_set, row)) for index, row in enumerate(listed, 1)]

    def authorities(self, name: str) -> Authorities:
        rows = list(csv.DictReader(io.StringIO(self.read(name).decode())))
        for index, row in enumerate(rows, 2):
            if not all(row.get(column) for column in ("subject_cn", "grade", "origin")):
                raise KnowledgeError(f"{name}: line {index}: subject_cn, grade and origin must be written")
        return Authorities(
            frozenset(row["subject_cn"] for row in rows), frozenset(row["spki_sha256"] for row in rows if row["spki_sha256"])
        )

    def front_doors(self, name: str) -> dict[str, FrontDoorPlace]:
        places: dict[str, FrontDoorPlace] = {}
        for index, row in enumerate(csv.DictReader(io.StringIO(self.read(name).decode())), 2):
            place = _checked(name, f"line {index}", partial(FrontDoorPlace.model_validate, row))
            if place.code in places:
                raise KnowledgeError(f"{name}: line {index}: {place.code} is written twice; keep one")
            places[place.code] = place
        return places

    def digest(self, *more: bytes) -> str:
        parts = [part for name in sorted(self._bytes) for part in (name.encode(), self._bytes[name])]
        return hashlib.sha256(b"\0".join([*parts, *more])).hexdigest()


def _checked(name: str, row: str, make: Callable[[], Loaded]) -> Loaded:
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(f"{name}: {row}: {where}: {first['msg']}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(f"{name}: {row}: {type(error).__name__}: {error}") from None


def _label(row: object, index: int) -> str:
    names = ("id", "host", "pattern", "signal", "topic", "class")
    return next((str(row[name]) for name in names if isinstance(row, dict) and name in row), f"row {index}")


def _cross_check(knowledge: Knowledge) -> None:
    """Check what no row can say alone: ids are unique, targets are in the set they claim, one control, every grade has a weight."""
    for name, ids in (("products.toml", [one.id for one in knowledge.products]), ("thresholds.toml", list(knowledge.weights))):
        twice = {one for one in ids if ids.count(one) > 1}
        if twice:
            raise KnowledgeError(f"{name}: {', '.join(sorted(twice))} is written twice; keep one")
    for row in knowledge.representatives:
        found = knowledge.endpoints.find(row.host, row.port)
        if not row.control and (found is None or found.id != row.endpoint_set):
            is_in = f"set {found.id}" if found else "no set"
            raise KnowledgeError(
                f"targets.toml: [[target]] {row.host}: endpoint_set {row.endpoint_set}, but the endpoint list says {is_in}"
            )
        if row.control and found is not None:
            raise KnowledgeError(f"targets.toml: [[target]] {row.host}: a control must not be Microsoft's, but it is in set {found.id}")
    if sum(row.control and row.default for row in knowledge.representatives) != 1:
        raise KnowledgeError("targets.toml: exactly one row has control = true and default = true")
    for place, needed, there in (
        ("thresholds.toml: [product_weight]", {"L", "A", "B", "C", "engine"}, set(knowledge.product_weights)),
        ("thresholds.toml: [[weight]]", _WEIGHTS, set(knowledge.weights)),
        ("guidance.toml: [[native]]", {"unknown"}, set(knowledge.natives)),
    ):
        if needed - there:
            raise KnowledgeError(f"{place}: {', '.join(sorted(needed - there))} is missing; write it")


def _with_version(knowledge: Knowledge, digest: str) -> Knowledge:
    object.__setattr__(knowledge, "version", f"{knowledge.as_of}+{digest[:8]}")
    return knowledge
