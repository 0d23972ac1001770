"""What every section of the server's configuration is made of. The sections live in `server/config.py`, or in files of their own.

Nothing here opens a connection.
"""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from judge.knowledge.targets import BadTenant, tenant_label


class Section(BaseModel):
    """A section of the file. A name it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def is_address(text: str, *schemes: str) -> bool:
    """Return whether this is scheme://host, with a port that can be one or none."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False


class Placed(Section):
    """What stands somewhere on Earth: degrees, north and east positive."""

    latitude: float
    longitude: float

    @field_validator("latitude")
    @classmethod
    def _north(cls, value: float) -> float:
        if not -90 <= value <= 90:
            raise ValueError(f"{value:g} is nowhere on Earth; write degrees from -90 to 90, north positive")
        return value

    @field_validator("longitude")
    @classmethod
    def _east(cls, value: float) -> float:
        if not -180 <= value <= 180:
            raise ValueError(f"{value:g} is nowhere on Earth; write degrees from -180 to 180, east positive")
        return value


def _tenant(value: str) -> str:
    try:
        return tenant_label(value) if value else ""
    except BadTenant as bad:
        raise ValueError(str(bad)) from None


Tenant = Annotated[str, AfterValidator(_tenant)]
"""A tenant's name as in `contoso.sharepoint.com`; empty for none."""
