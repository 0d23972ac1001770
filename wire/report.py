"""Report: one cycle of one agent, with its identity and, when the centre lacks them, facts bodies and certificates.

The `cycle` is what the agent spools, once, as bytes; `digest` is the content id of those bytes and `previous` that of the
predecessor in the same stream, so that a rolled-back or cloned spool shows itself. Everything outside `cycle` is put around it at the
moment of sending and may differ from one sending to the next.
"""

from typing import Annotated, Literal

from pydantic import Field

from wire.context import Context
from wire.facts import Facts
from wire.model import AgentId, ContentId, Message, Milliseconds, Nanoseconds, Range, Sequence, StreamId, Word
from wire.observation import Observation

MAJOR = 1
MAX_OBSERVATIONS = 1000
"""A point's time is its measured nanosecond with the last three digits replaced by the observation's index."""


class Health(Message):
    """The agent about itself. `spooled` counts reports not yet receipted, `dropped` reports lost to the spool's bound since it was made.

    `uplink` says what kept the agent from the centre since its last report (`inspected`, `refused`, `unreachable`), empty if nothing did.
    """

    loop_lag_ms: Milliseconds = 0.0
    rss_mb: Annotated[float, Field(ge=0)] = 0.0
    cpu_ms: Annotated[float, Field(ge=0)] = 0.0
    spooled: Annotated[int, Field(ge=0)] = 0
    dropped: Annotated[int, Field(ge=0)] = 0
    clock_offset_ms: float | None = None
    plan_refused: Word | None = None
    uplink: Word = ""


class Roots(Message):
    """SHA-256 (hex, 16 characters) of root bundles that differ from the defaults; empty means default."""

    os: Word = ""
    public: Word = ""


class Cycle(Message):
    """What one agent saw in one cycle. `cause` is `change` when a changed facts id made the agent report at once."""

    started_ns: Nanoseconds
    created_ns: Nanoseconds
    cadence_s: Annotated[float, Field(gt=0, le=86_400)]
    cause: Literal["cycle", "change"] = "cycle"
    software: Word = ""
    plan: Annotated[int, Field(ge=0)] = 0
    lab: bool = False
    roots: Roots = Roots()
    context: Context = Context()
    health: Health = Health()
    observations: Annotated[list[Observation], Field(max_length=MAX_OBSERVATIONS)]


class Report(Message):
    """A cycle on its way. `dropped`: ranges of this stream the spool's bound discarded, repeated until receipted.

    `former`: the stream this one replaces, because another copy of the agent's spool goes on in it; repeated until the first receipt.
    """

    major: Literal[1] = 1
    agent: AgentId
    stream: StreamId
    seq: Sequence
    digest: ContentId
    previous: ContentId | None = None
    former: StreamId | None = None
    dropped: Annotated[list[Range], Field(max_length=64)] = Field(default_factory=list)
    cycle: Cycle
    facts: Annotated[dict[ContentId, Facts], Field(max_length=MAX_OBSERVATIONS)] = Field(default_factory=dict)
    certificates: Annotated[dict[ContentId, Annotated[str, Field(max_length=24_000)]], Field(max_length=4 * MAX_OBSERVATIONS)] = Field(
        default_factory=dict
    )
    """DER in standard base64."""
