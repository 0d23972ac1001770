"""Programs of the laboratory as child processes: started with a log, ended with the body, and what their sockets say about being ready."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.lab.isolation import network

STOP_S = 2.0
"""A program that does not end within it is killed: nothing it holds outlives the namespaces."""
READY_S = 20.0
"""mitmproxy imports for 2 s on an idle machine; this one may be busy."""


class NotReady(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A program did not come up; the text holds its last words."""


@asynccontextmanager
async def running(
    arguments: Sequence[str], log: Path, *, stdin: int = asyncio.subprocess.DEVNULL, stdout: int | None = None, **more: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program while the body runs; what it says goes to `log`, which is begun anew."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*arguments, stdin=stdin, stdout=stdout or file, stderr=file, env=more.get("env"))
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # it may have ended in this very moment
                process.kill()
            await process.wait()


async def until(is_ready: Callable[[], bool], what: str, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until a program is ready. Raises NotReady with its last words when it ended or takes too long."""
    limit = time.monotonic() + READY_S
    while not is_ready():
        if process.returncode is not None or time.monotonic() > limit:
            raise NotReady(f"{what} does not come up: {last_words(log)}")
        await asyncio.sleep(0.02)


def last_words(log: Path) -> str:
    """Return the end of a program's log."""
    return log.read_text(errors="replace")[-600:]


def listens(namespace: str, port: int, kind: str = "tcp") -> Callable[[], bool]:
    """Return whether anything in a namespace listens on a port (`tcp`: LISTEN; `udp`: bound), read from /proc of one of its processes."""
    wanted = f":{port:04X}"

    def look() -> bool:
        rows = [line.split() for line in _sockets(namespace, kind)]
        return any(row[1].endswith(wanted) and (kind == "udp" or row[3] == "0A") for row in rows)

    return look


def sockets(namespace: str) -> int:
    """Return how many sockets are in use in a namespace: bound or connected, none that only waits to be forgotten (TIME_WAIT)."""
    rows = [(kind, line.split()) for kind in ("tcp", "udp") for line in _sockets(namespace, kind)]
    return sum(kind == "udp" or row[3] != "06" for kind, row in rows)


def _sockets(namespace: str, kind: str) -> list[str]:
    lines: list[str] = []
    with network(namespace):
        for name in (kind, f"{kind}6"):
            lines += Path(f"/proc/thread-self/net/{name}").read_text().splitlines()[1:]
    return lines
