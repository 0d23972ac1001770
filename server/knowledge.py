"""Which knowledge this centre judges by: the shipped one, or a signed bundle over it that may be replaced while the centre runs.

A bundle that is refused (older, not signed by a key of ours, damaged, a row that is wrong) changes nothing: the last good one stays in
use, and is kept beside the bundle (`NAME.kept`) so that a restart finds it. A refusal is said once, with file, row and remedy.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import structlog

from judge.knowledge.files import KnowledgeError
from judge.knowledge.loader import load_bundle, load_knowledge
from judge.knowledge.model import Knowledge
from server.config import KnowledgeSection

Adopt = Callable[[Knowledge], None]
_Stamp = tuple[int, int]


class KnowledgeSource:
    """Loads the knowledge at the start, and again whenever the bundle's file has changed."""

    def __init__(self, settings: KnowledgeSection, public_roots: Path | None, log: structlog.typing.FilteringBoundLogger) -> None:
        self._settings = settings
        self._roots = public_roots
        self._log = log
        self._edition = 0
        self._looked: _Stamp | None = None
        self.trouble = ""
        """Why the configured bundle is not in use, or nothing."""

    def start(self) -> Knowledge:
        """Return the newest good knowledge there is: the bundle, else the one kept, else the shipped one. Raises KnowledgeError."""
        found = load_knowledge(self._roots)
        bundle = self._settings.bundle
        if bundle is None:
            return found
        kept = _kept(bundle)
        if kept.exists():
            with contextlib.suppress(KnowledgeError):  # by an older version, or with a key taken back: then it is no longer good
                found = load_bundle(kept, self._settings.raw_keys(), self._roots)
                self._edition = found.edition
        return self.look() or found

    def look(self) -> Knowledge | None:
        """Return the bundle's knowledge if its file is new and good, else None; takes about 110 ms when it is new."""
        bundle = self._settings.bundle
        stamp = _stamp(bundle) if bundle is not None else None
        if bundle is None or (stamp == self._looked and stamp is not None):
            return None
        self._looked = stamp
        try:
            found = load_bundle(bundle, self._settings.raw_keys(), self._roots, edition=self._edition)
        except KnowledgeError as error:
            self._refuse(str(error))
            return None
        self._edition = found.edition
        self.trouble = ""
        self._keep(bundle)
        self._log.info("knowledge adopted", version=found.version, edition=found.edition)
        return found

    async def run(self, adopt: Adopt) -> None:
        """Look again every `refresh_s` until cancelled, and hand over each new knowledge."""
        while self._settings.bundle is not None:
            await asyncio.sleep(self._settings.refresh_s)
            found = await asyncio.to_thread(self.look)
            if found is not None:
                adopt(found)

    def _refuse(self, trouble: str) -> None:
        if trouble != self.trouble:
            self._log.warning("knowledge bundle refused; what was in use stays in use", reason=trouble)
        self.trouble = trouble

    def _keep(self, bundle: Path) -> None:
        """Copy the good bundle beside itself, whole or not at all. What cannot be kept is used all the same."""
        fresh = bundle.with_name(f"{bundle.name}.new")
        try:
            fresh.write_bytes(bundle.read_bytes())
            fresh.replace(_kept(bundle))
        except OSError as error:
            self._log.warning("knowledge bundle cannot be kept for a restart; make its folder writable", reason=error.strerror)


def _kept(bundle: Path) -> Path:
    return bundle.with_name(f"{bundle.name}.kept")


def _stamp(bundle: Path) -> _Stamp | None:
    try:
        told = bundle.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
