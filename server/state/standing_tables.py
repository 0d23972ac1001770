"""Tables of how agents and sites stand: what is wrong with an agent by its own reports, and its newest word of itself. A schema only.

Written by the collector, on change and never per report (`server/collector/standing.py` has the rules).
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from server.state.tables import ledger, metadata

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

episode = Table(
    "episode",
    metadata,
    Column("scope", String(256), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    comment="Trouble of an agent or a site, named by the event that opens it: well, doubt, bad, easing. `number` counts openings.",
)

site_word = Table(
    "site_word",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("value", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("next", Text, nullable=False, server_default=""),
    Column("next_ns", BigInteger, nullable=False, server_default="0"),
    comment="What is believed of a site (JSON), and what may replace it, since when: a change is believed when it is steady.",
)

way = Table(
    "way",
    metadata,
    Column("agent", String(63), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("place", String(256), nullable=False),
    Column("value", String(64), nullable=False),
    Column("seen", String(64), nullable=False),
    Column("network", String(256), nullable=False),
    Column("asn", BigInteger, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("rounds", Integer, nullable=False),
    comment="By which way an agent leaves, by its newest word: `value` makes it another way, `seen` is the newest address or code.",
)

Index("ledger_received", ledger.c.received_ns)
"""What came since a moment, for hours that are counted again: times only rise, so a row is appended to it."""
