"""The two roots of every wire type and the constrained scalars they share.

Unknown fields are ignored so that an older centre reads a newer agent (the schema only grows); NaN and infinity are
refused because InfluxDB refuses them (400 for the whole batch, measured); every string and list has a cap because
the sender is not trusted.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Message(BaseModel):
    """A frozen wire type. Encode with `dump`: defaults are left out, they cost bytes in every report."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    def dump(self) -> bytes:
        """Return compact JSON without fields that hold their default."""
        return self.model_dump_json(exclude_defaults=True).encode()


Text = Annotated[str, StringConstraints(max_length=256)]
Word = Annotated[str, StringConstraints(max_length=64)]
AgentId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
StreamId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
ContentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")]
"""First 128 bits of SHA-256, base64url without padding: facts, certificates, cycle digests."""
RouteName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A route's name in the plan. Never a URL: a URL may hold a password."""
HostName = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]
Sequence = Annotated[int, Field(ge=1, le=2**53)]
Nanoseconds = Annotated[int, Field(ge=0, lt=2**63)]
"""Unix time in nanoseconds, UTC."""
Range = Annotated[tuple[Sequence, Sequence], Field(description="first and last, both included")]
