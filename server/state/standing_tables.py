"""Tables of how agents and sites stand: what is wrong with an agent by its own reports, and its newest word of itself. A schema only.

Written by the collector, on change and never per report (`server/collector/standing.py` has the rules).
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from server.state.tables import metadata

condition = Table(
    "condition",
    metadata,
    Column("agent", String(63), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("first_ns", BigInteger, primary_key=True),
    Column("until_ns", BigInteger, nullable=False, server_default="0"),
    Column("detail", String(256), nullable=False, server_default=""),
    Index("condition_goes_on", "until_ns", "kind"),
    comment="A stretch during which something is wrong with an agent, by its own reports. `until_ns` 0: it goes on.",
)

agent_word = Table(
    "agent_word",
    metadata,
    Column("agent", String(63), primary_key=True),
    Column("plan", Integer, nullable=False),
    Column("roots", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    comment="What an agent said last of its plan and its root bundles (JSON); `since_ns`: when it first said so.",
)
