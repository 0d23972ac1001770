"""How a platform's file reaches its system: files, the environment, and the system's own programs. The one place that does.

Bounded: a program has SECONDS and OUTPUT_BYTES; one that hangs is killed. Failures are empty text.
"""

import asyncio
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from agent.line_child import QUIET

SECONDS = 5.0
"""`reg` and `scutil` answer within 50 ms; a system that takes longer than this is not to hold a cycle up."""
FILE_BYTES = OUTPUT_BYTES = 4 << 20
"""macOS' list of roots (`security find-certificate -a -p`) is the longest, about 300 kB."""


class Machine(Protocol):
    """What a platform may ask of its machine."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return this process's environment."""
        ...

    def read(self, path: str) -> str:
        """Return a small file's text, empty when it cannot be read."""
        ...

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, none when it cannot be read."""
        ...

    async def tell(self, *command: str) -> str:
        """Return what a program of the system prints, empty when it fails or takes too long. Name it by its full path."""
        ...


class ThisMachine:
    """The machine this program runs on."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return this process's environment."""
        return os.environ

    def read(self, path: str) -> str:
        """Return the first FILE_BYTES of a file as text."""
        try:
            with Path(path).open("rb") as file:
                return file.read(FILE_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder."""
        try:
            return tuple(os.listdir(path))  # noqa: PTH208 - names only: /proc has hundreds, and changes meanwhile
        except OSError:
            return ()

    async def tell(self, *command: str) -> str:
        """Run a program without input and return what it printed within the bounds."""
        return (await asyncio.to_thread(_told, command)).decode("utf-8", "replace")


def _told(command: Sequence[str]) -> bytes:
    """Run a program and return what it printed, cut at OUTPUT_BYTES; nothing when it took longer than SECONDS.

    In a thread, for the agent's loop has no subprocesses on Windows; the timer's kill wakes who reads.
    """
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        child = subprocess.Popen(command, stdin=null, stdout=pipe, stderr=null, creationflags=QUIET)
    except OSError:
        return b""
    late = threading.Event()

    def stop() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(SECONDS, stop)
    timer.start()
    try:
        with child:
            told = child.stdout.read(OUTPUT_BYTES) if child.stdout else b""
            child.kill()  # nothing happens to one that has ended
    finally:
        timer.cancel()
    return b"" if late.is_set() else told
