"""Receipt: what the ledger says of one stream, sent after the commit that made it true, and again for a duplicate."""

from typing import Annotated

from pydantic import Field

from wire.model import ContentId, Message, Nanoseconds, Range, Sequence, StreamId, Text


class Refusal(Message):
    """One report that was not stored, and why, in a sentence an operator can act on."""

    seq: Sequence
    reason: Text


class Receipt(Message):
    """`upto` and `also`: sequence numbers that are done (stored, quarantined, or dropped by the agent and noted).

    `quarantined` names those of them that were not readable; their bytes are kept at the centre. `held`: not stored, keep and offer
    again later. `want`: ids of facts and certificates the centre lacks; send the reports that use them again, with bodies.
    `reset_stream`: this stream is known from another spool; make a new stream and renumber what is not receipted.
    `ends`: digests, as stored, of report `upto` and of the last report of each range in `also`, in that order; an empty text where the
    ledger has none (quarantined, dropped). The ledger checks each predecessor, so the end proves its range: an agent that holds another
    digest there sees that a copy of its spool was receipted, deletes nothing and resets its stream.
    """

    stream: StreamId
    upto: Annotated[int, Field(ge=0)] = 0
    also: Annotated[list[Range], Field(max_length=1000)] = Field(default_factory=list)
    quarantined: Annotated[list[Refusal], Field(max_length=1000)] = Field(default_factory=list)
    held: Annotated[list[Refusal], Field(max_length=1000)] = Field(default_factory=list)
    want: Annotated[list[ContentId], Field(max_length=10_000)] = Field(default_factory=list)
    reset_stream: bool = False
    ends: Annotated[list[Annotated[str, Field(max_length=22)]], Field(max_length=1001)] = Field(default_factory=list)
    now_ns: Nanoseconds = 0
