"""How a platform's file reaches its system: files, the environment, and the system's own programs. The one place that does.

Bounded: a program has SECONDS and OUTPUT_BYTES; one that hangs is killed. Failures are empty text.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

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
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            child = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=pipe, stderr=null)
        except OSError:
            return ""
        try:
            async with asyncio.timeout(SECONDS):
                return (await _bounded(child)).decode("utf-8", "replace")
        except TimeoutError:
            return ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _bounded(child: asyncio.subprocess.Process) -> bytes:
    """Return what the program prints, cut at OUTPUT_BYTES."""
    told = bytearray()
    while child.stdout is not None and len(told) < OUTPUT_BYTES and (part := await child.stdout.read(65_536)):
        told += part
    return bytes(told)
