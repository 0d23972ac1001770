"""Bytes of the data files to checked rows. Pure: who reads the bytes, from a folder or a signed bundle, is not known here.

A fault is told as `KnowledgeError`: file, row, what is wrong and what to write. Nothing is taken in part.
"""

import csv
import hashlib
import io
import ipaddress
import json
import tomllib
from collections.abc import Callable, Container, Iterator
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from judge.knowledge.endpoints import EndpointList, EndpointSet, read_set
from judge.knowledge.networks import Prefix

Model = TypeVar("Model", bound=BaseModel)
Loaded = TypeVar("Loaded")
_LABELS = ("id", "host", "pattern", "signal", "topic", "class")


class KnowledgeError(Exception):
    """The knowledge cannot be used. The text names file and row and says what to write."""


class Files:
    """Reads each file once, by the function it is given, and remembers its bytes for the version."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        """`read` returns a file's bytes by its name, or raises KnowledgeError."""
        self._read = read
        self._bytes: dict[str, bytes] = {}
        self._tables: dict[str, dict[str, Any]] = {}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file. Raises KnowledgeError."""
        if name not in self._bytes:
            self._bytes[name] = self._read(name)
        return self._bytes[name]

    def text(self, name: str) -> str:
        """Return the text of a file. Raises KnowledgeError."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise KnowledgeError(f"{name}: not UTF-8; write it as UTF-8 text") from None

    def toml(self, name: str) -> dict[str, Any]:
        """Return the tables of a TOML file. Raises KnowledgeError."""
        if name not in self._tables:
            try:
                self._tables[name] = tomllib.loads(self.text(name))
            except tomllib.TOMLDecodeError as error:
                raise KnowledgeError(f"{name}: not TOML: {error}") from None
        return self._tables[name]

    def rows(self, name: str, table: str, model: type[Model]) -> tuple[Model, ...]:
        """Return the rows of one array of tables, at least one. Raises KnowledgeError."""
        listed = self.toml(name).get(table)
        if not isinstance(listed, list) or not listed:
            raise KnowledgeError(f"{name}: no [[{table}]] rows; write at least one")
        return tuple(
            checked(name, f"[[{table}]] {_label(row, index)}", partial(model.model_validate, row)) for index, row in enumerate(listed, 1)
        )

    def table(self, name: str, table: str, model: type[Model]) -> Model:
        """Return one table as a checked model. Raises KnowledgeError."""
        return checked(name, f"[{table}]", partial(model.model_validate, self.toml(name).get(table, {})))

    def numbers(self, name: str, table: str) -> dict[str, float]:
        """Return a table of numbers. Raises KnowledgeError."""
        plain = self.toml(name).get(table, {})
        if not isinstance(plain, dict) or not all(isinstance(value, int | float) for value in plain.values()):
            raise KnowledgeError(f"{name}: [{table}]: every value is a number; write 0.5 or the like")
        return {key: float(value) for key, value in plain.items()}

    def endpoints(self, name: str) -> EndpointList:
        """Return the endpoint sets of one instance, as its web service answers. Raises KnowledgeError."""
        try:
            listed = json.loads(self.text(name))
        except ValueError as error:
            raise KnowledgeError(f"{name}: not JSON: {error}") from None
        if not isinstance(listed, list):
            raise KnowledgeError(f"{name}: not a list of endpoint sets; write the answer of the endpoint web service")
        sets: list[EndpointSet] = [checked(name, f"set {index}", partial(read_set, row)) for index, row in enumerate(listed, 1)]
        return EndpointList(sets)

    def lines(self, name: str, *columns: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Give each line of a CSV file with its number, the named columns filled. Raises KnowledgeError."""
        for number, row in enumerate(csv.DictReader(io.StringIO(self.text(name))), 2):
            if not all(row.get(column) for column in columns):
                raise KnowledgeError(f"{name}: line {number}: {', '.join(columns[:-1])} and {columns[-1]} must be written")
            yield number, row

    def prefixes(self, name: str, networks: Container[str]) -> list[tuple[Prefix, str]]:
        """Return the prefixes of a CSV file with their networks' ids, each of which must be in `networks`. Raises KnowledgeError."""
        found = []
        for number, row in self.lines(name, "prefix", "network"):
            if row["network"] not in networks:
                raise KnowledgeError(f"{name}: line {number}: network {row['network']!r} is not in networks.toml; add it there")
            found.append((checked(name, f"line {number}", partial(ipaddress.ip_network, row["prefix"])), row["network"]))
        return found

    def digest(self, *more: bytes) -> str:
        """Return the SHA-256 (hex) of every byte read so far, names included, and of `more`."""
        parts = [part for name in sorted(self._bytes) for part in (name.encode(), self._bytes[name])]
        return hashlib.sha256(b"\0".join([*parts, *more])).hexdigest()


def checked(name: str, row: str, make: Callable[[], Loaded]) -> Loaded:
    """Return what `make` makes, or raise KnowledgeError with file, row and the first fault."""
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(f"{name}: {row}: {f'{where}: ' if where else ''}{first['msg'].removeprefix('Value error, ')}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(f"{name}: {row}: {type(error).__name__}: {error}") from None


def _label(row: object, index: int) -> str:
    return next((str(row[name]) for name in _LABELS if isinstance(row, dict) and name in row), f"row {index}")
