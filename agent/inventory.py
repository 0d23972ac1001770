"""This machine at one moment, put together: its platform's word, the kernel's routes, the child's look at the roots. Nothing is sent.

What of it may leave the machine is decided in `agent/probes/host.py`.
"""

from collections.abc import Awaitable, Callable, Sequence

from pydantic import TypeAdapter, ValidationError

from agent.checker import Checker
from agent.network import ways
from agent.platform.port import MachineSeen, Platform
from wire.facts import AddedRoot, PacFacts

_rows: TypeAdapter[list[AddedRoot]] = TypeAdapter(list[AddedRoot])


class Inventory:
    """`prefixes` are the plan's: those whose way is asked for. `pac` says what a PAC file does with the plan's names."""

    def __init__(
        self,
        platform: Platform,
        checker: Checker,
        prefixes: Sequence[str] = (),
        pac: Callable[[], Awaitable[PacFacts | None]] | None = None,
    ) -> None:
        self._platform = platform
        self._checker = checker
        self._prefixes = tuple(prefixes)
        self._pac = pac

    async def take(self) -> MachineSeen:
        """Look once. What cannot be read is absent; a child that cannot say is in `error`."""
        platform = self._platform
        told = await self._checker.added_roots(await platform.roots_pem())
        try:
            added, roots = tuple(_rows.validate_python(told.get("added", []))), int(str(told.get("roots", "")))
        except (ValidationError, ValueError):
            added, roots = (), None
        return MachineSeen(
            platform.system,
            adapters=await platform.adapters(),
            default=ways.default_source(),
            sources=ways.sources(self._prefixes),
            running=await platform.running(),
            proxies=await platform.proxies(),
            roots=roots,
            added_roots=added,
            pac=await self._pac() if self._pac else None,
            error=str(told["error"]) if "error" in told else None,
        )
