"""What a demo's page may do beyond looking: put an inspection device into a site's way and take it out again. A protocol, nothing more.

The centre of a customer has no stage, and its page then has no such buttons and no such addresses.
"""

from collections.abc import Sequence
from typing import Protocol


class StageRefused(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The stage did not do it; the text is a sentence that says why and what to do."""


class Stage(Protocol):
    """A demo as the page sees it. `real` and `simulated` say in a sentence each what is what."""

    @property
    def sites(self) -> Sequence[str]:
        """Return where a device can be put."""
        ...

    @property
    def real(self) -> str:
        """Say what is real."""
        ...

    @property
    def simulated(self) -> str:
        """Say what is simulated."""
        ...

    def inserted(self) -> frozenset[str]:
        """Return the sites that have a device in their way now."""
        ...

    async def insert(self, site: str) -> None:
        """Put the device in. Raises StageRefused."""
        ...

    async def remove(self, site: str) -> None:
        """Take the device out. Raises StageRefused."""
        ...
