"""The `system` route: by which way this machine's own programs would reach a target. Settings, PAC file, WPAD, in their order.

Reading settings is `agent/platform/`'s, fetching `pac_file.py`'s, evaluating the child's; here they are put together and remembered.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from agent.network.address import joined
from agent.network.bypass import bypasses
from agent.network.failure import scrub
from agent.network.net import Network
from agent.network.pac_file import NoFileError, pac_text, wpad_text
from agent.network.way import DIRECT_WAY, Origin, Ways, ways_of
from agent.network.ways import default_sources
from agent.pac.asking import Evaluator, PacAnswer, PacFile
from agent.platform.port import ProxySettings
from wire.facts import PacFacts
from wire.target import Target

LIFE_S = 300.0
"""How long settings, PAC file and its answers hold. Asking anew takes up to four programs on Windows; files may decide by time of day."""
RETRY_S = 60.0
"""How soon a PAC file that could not be had is tried again."""
FETCH_S = 10.0
"""A PAC file with its lookups and redirects, or WPAD with all its domains. A cycle waits for it once in a file's life."""
LOOKUPS_S = 10.0
"""All names PAC files ask for in one life: with a dead resolver the files go on without names, and cycles with it."""
LOOKUP_S = 2.0
"""A name a PAC file asks for. Resolvers answer within 100 ms; a file that needs a dead name must not cost the cycle more."""
MAX_NAMES = 128
"""The cap of `wire.facts.PacFacts`."""
_SCHEMES = {"http": "http", "wss": "wss"}


class Told(Protocol):
    """What is asked of `agent.platform.port.Platform`."""

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the settings that programs of this account follow, first."""
        ...

    async def search_domains(self) -> tuple[str, ...]:
        """Return the domains WPAD is looked for in."""
        ...


@dataclass(frozen=True, slots=True)
class OwnProxy:
    """What the agent's own configuration says in the system's place: a PAC file's URL, or that WPAD is to be tried. Local only."""

    pac: str = ""
    wpad: bool = False

    @property
    def speaks(self) -> bool:
        """Return whether it says anything."""
        return bool(self.pac) or self.wpad


@dataclass(frozen=True, slots=True)
class Decider:
    """One thing that decides: a PAC file, or fixed settings. `missing` says why a PAC file is not there, or not there anew."""

    origin: Origin
    url: str = ""
    file: PacFile | None = None
    settings: ProxySettings | None = None
    missing: str = ""


class SystemWays:
    """Decides, and remembers for LIFE_S. One for all probes of an agent."""

    def __init__(
        self,
        net: Network,
        platform: Told,
        evaluator: Evaluator,
        own: OwnProxy | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._net = net
        self._platform = platform
        self._evaluator = evaluator
        self._own = own or OwnProxy()
        self._now = now
        self._lock = asyncio.Lock()
        self._until = float("-inf")
        self._deciders: tuple[Decider, ...] = ()
        self._answers: dict[tuple[str, str], PacAnswer] = {}
        self._names: dict[str, Sequence[str]] = {}
        self._lookups_s = 0.0

    async def ways(self, target: Target) -> Ways:
        """Return the ways to `target`. Never raises; a PAC file that fails is passed over, as browsers do, and the note says why."""
        async with self._lock:
            await self._refresh()
            return await self._decide(target)

    async def pac(self, targets: Iterable[Target]) -> PacFacts | None:
        """Return what the PAC file in force says of each target's host, by its first way; None where no file is configured."""
        async with self._lock:
            await self._refresh()
            one = next((one for one in self._deciders if one.file is not None or one.missing), None)
            if one is None:
                return None
            if one.file is None:
                return PacFacts(failure=f"{one.origin}: {one.missing}")
            direct, proxied, failure = [], {}, ""
            for target in {target.host: target for target in targets}.values():
                answer = await self._ask(one.file, target)
                way = ways_of(answer.found)[0]
                if answer.failure is not None:
                    failure = failure or f"{one.origin}: {answer.failure} {scrub(answer.text)}".rstrip()
                elif way.kind == "direct":
                    direct.append(target.host)
                else:
                    proxied[target.host] = joined(way.host, way.port)
            proxied = dict(sorted(proxied.items())[:MAX_NAMES])
            return PacFacts(digest=one.file.digest, failure=failure, direct=sorted(direct)[:MAX_NAMES], proxied=proxied)

    async def close(self) -> None:
        """End the child."""
        await self._evaluator.close()

    async def _decide(self, target: Target) -> Ways:
        notes = [f"{one.origin}: {one.missing}" for one in self._deciders if one.missing]
        for one in self._deciders:
            if one.file is not None:
                answer = await self._ask(one.file, target)
                if answer.failure is None:
                    return Ways(ways_of(answer.found), one.origin, "; ".join(notes))
                notes.append(f"{one.origin}: {answer.failure} {scrub(answer.text)}".rstrip())
            elif one.settings is not None:
                return Ways(ways_of(fixed(one.settings, target)), one.origin, "; ".join(notes))
        origin = self._deciders[-1].origin if self._deciders else "settings"
        return Ways((DIRECT_WAY,), origin, "; ".join(notes))

    async def _ask(self, file: PacFile, target: Target) -> PacAnswer:
        url = url_of(target)
        key = (file.digest, url)
        if key not in self._answers:
            self._answers[key] = await self._evaluator.find(file, url, target.host, default_sources(), self._lookup)
        return self._answers[key]

    async def _lookup(self, name: str) -> Sequence[str]:
        if name not in self._names and self._lookups_s < LOOKUPS_S:
            began = self._now()
            self._names[name] = (await self._net.resolve(name, LOOKUP_S)).answers
            self._lookups_s += self._now() - began
        return self._names.get(name, ())

    async def _refresh(self) -> None:
        """Read settings and fetch PAC files anew when their time is over."""
        if self._now() < self._until:
            return
        # A file that is not there just now is kept: a restarting PAC server does not send a fleet another way.
        former = {(one.origin, one.url): one.file for one in self._deciders}
        self._answers, self._names, self._lookups_s = {}, {}, 0.0
        self._deciders = tuple(replace(one, file=former.get((one.origin, one.url))) if one.missing else one for one in await self._settle())
        gone = any(one.missing and one.origin == "pac" for one in self._deciders)  # that there is no WPAD is usual
        self._until = self._now() + (RETRY_S if gone else LIFE_S)

    async def _settle(self) -> list[Decider]:
        """Return who decides, first to last."""
        told = await self._platform.proxies()
        settings = told[0] if told else ProxySettings("user")
        found: list[Decider] = []
        if self._own.speaks:
            settings = ProxySettings("environment", self._own.wpad, self._own.pac)
        if settings.auto_detect:
            found.append(await self._fetched("wpad", ""))
        if settings.pac_url:
            found.append(await self._fetched("pac", settings.pac_url))
        if settings.proxies or not settings.speak:
            found.append(Decider("environment" if settings.scope == "environment" else "settings", settings=settings))
        return found

    async def _fetched(self, origin: Origin, url: str) -> Decider:
        try:
            async with asyncio.timeout(FETCH_S):
                if origin == "wpad":
                    return Decider(origin, url, PacFile(await wpad_text(await self._platform.search_domains(), self._net)))
                return Decider(origin, url, PacFile(await pac_text(url, self._net)))
        except NoFileError as error:
            return Decider(origin, url, missing=str(error))
        except TimeoutError:
            return Decider(origin, url, missing="timeout")


def fixed(settings: ProxySettings, target: Target) -> str:
    """Return what fixed settings say of a target, as a PAC file would."""
    scheme = _SCHEMES.get(target.protocol, "https")
    way = settings.proxies.get("http" if scheme == "http" else "https") or settings.proxies.get("all", "")
    return "DIRECT" if not way or bypasses(settings.bypass, scheme, target.host, target.port) else way


def url_of(target: Target) -> str:
    """Return the URL a PAC file is asked about. Of an encrypted one browsers tell the host alone."""
    scheme = _SCHEMES.get(target.protocol, "https")
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if target.port == (80 if scheme == "http" else 443) else f":{target.port}"
    return f"{scheme}://{host}{port}{target.path if scheme == 'http' else '/'}"
