"""Context: local link facts that decide the place of a report, and nothing else.

Hashes are made with the fleet's key at the agent; `network` is the interface's prefix in clear, never the host's address, and can be
switched off. Nothing here names a person or a machine.
"""

from typing import Literal

from wire.model import Message, Text, Word


class Context(Message):
    """`site` is what the agent's own configuration declares, if anything."""

    gateway: Word | None = None
    interface: Literal["wired", "wireless", "cellular", "other"] = "other"
    vpn: bool = False
    network: Word | None = None
    site: Text | None = None
