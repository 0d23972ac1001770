"""What the person asked of `check`. Data only: the command line reads it, no file is opened here."""

from dataclasses import dataclass
from pathlib import Path

from judge.knowledge.endpoints import Instance


@dataclass(frozen=True, slots=True)
class Wish:
    """`place`: latitude and longitude in degrees. Files are written beside what is printed; `-` stands for standard output.

    `instance` is one of Microsoft's clouds, `tenant` the customer's name in it; empty means Worldwide without a tenant's own names.
    """

    as_json: bool = False
    html: Path | None = None
    markdown: Path | None = None
    place: tuple[float, float] | None = None
    instance: Instance = "Worldwide"
    tenant: str = ""
