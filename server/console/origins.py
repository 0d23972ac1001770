"""Which autonomous system announces an address, from a file of the operator's: `prefix,number[,name]`, one a line. Pure but for reading it.

Any table can be brought into this form (RIPE's riswhois dumps, a provider's list).
"""

import csv
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from server.config import BadConfiguration

MAX_NAME = 256


class Origin(NamedTuple):
    """An autonomous system. `name` is empty where the file has none."""

    number: int
    name: str = ""


class Origins:
    """Prefixes by version and length: the longest that fits is looked up first."""

    def __init__(self, rows: Iterable[tuple[str, Origin]] = ()) -> None:
        """Raises ValueError for what is no prefix."""
        self._held: dict[tuple[int, int], dict[int, Origin]] = {}
        for prefix, origin in rows:
            network = ipaddress.ip_network(prefix)
            spare = network.max_prefixlen - network.prefixlen
            self._held.setdefault((network.version, network.prefixlen), {})[int(network.network_address) >> spare] = origin
        self._lengths = sorted(self._held, reverse=True)

    def find(self, address: str) -> Origin | None:
        """Return who announces an address; None for what is none, and where the file does not say."""
        try:
            one = ipaddress.ip_address(address)
        except ValueError:
            return None
        for version, length in self._lengths:
            if version == one.version:
                origin = self._held[version, length].get(int(one) >> (one.max_prefixlen - length))
                if origin is not None:
                    return origin
        return None


def load_origins(file: Path) -> Origins:
    """Return what a file says. Raises BadConfiguration naming the line."""
    line = 0
    rows: list[tuple[str, Origin]] = []
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines):
                line += 1
                if row and not row[0].startswith("#"):
                    rows.append((str(ipaddress.ip_network(row[0].strip())), Origin(int(row[1].removeprefix("AS")), _name(row))))
    except OSError as error:
        raise BadConfiguration([f"config: reflector.networks: {file} cannot be read ({error.strerror}); name a CSV file"]) from None
    except (ValueError, IndexError):
        place = f"config: reflector.networks: {file}, line {line}"
        sentence = f"{place}: is not prefix,number; write for example 203.0.113.0/24,64496,Example"
        raise BadConfiguration([sentence]) from None
    return Origins(rows)


def _name(row: list[str]) -> str:
    """Return what is behind the number: names hold commas."""
    return ",".join(row[2:]).strip()[:MAX_NAME]
