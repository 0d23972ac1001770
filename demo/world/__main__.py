"""`python -m demo.world CONFIG.json`: runs a world until its standard input ends or SIGTERM comes. Arguments, lines and exit status only.

One JSON line on standard output when it is ready (`World.announcement`), then one answer for each line of standard input:
`{"insert": SITE}` or `{"remove": SITE}` is answered `{"ok": true}` or `{"error": sentence}`. Exit status: 0 ended, 2 could not start.
"""

import asyncio
import contextlib
import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from demo.authority import UnusableFolder
from demo.world.config import BadConfig, Config, load
from demo.world.world import UnknownSite, World, opened

USAGE = "usage: python -m demo.world CONFIG.json"


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    if len(arguments) != 1:
        return _refuse(USAGE)
    try:
        asyncio.run(_run(load(Path(arguments[0]))))
    except (BadConfig, UnusableFolder) as reason:
        return _refuse(str(reason))
    except (KeyboardInterrupt, BrokenPipeError):  # Ctrl-C reaches the whole group; whoever listened has gone
        pass
    return 0


async def _run(config: Config) -> None:
    async with opened(config, datetime.now(UTC)) as world:
        _say(world.announcement())
        lines = _lines()
        while line := await lines.get():
            _say(await _done(world, line))


async def _done(world: World, line: bytes) -> dict[str, object]:
    """Do what a line says; return the answer."""
    try:
        asked = json.loads(line)
    except ValueError:
        asked = None
    match asked:
        case {"insert": str(site), **more} if not more:
            act = world.insert(site)
        case {"remove": str(site), **more} if not more:
            act = world.remove(site)
        case _:
            return {"error": 'world: a line is not understood; write {"insert": "SITE"} or {"remove": "SITE"}'}
    try:
        await act
    except (UnknownSite, UnusableFolder) as reason:
        return {"error": str(reason)}
    return {"ok": True}


def _lines() -> "asyncio.Queue[bytes]":
    """Return the lines of standard input as they come, at its end an empty one.

    A thread reads: asyncio's pipes take no files and no terminals. Unbuffered, as Python ends badly when a thread holds a buffer's lock.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        with open(0, "rb", buffering=0, closefd=False) as source:
            line = b"?"
            while line:
                line = source.readline()
                with contextlib.suppress(RuntimeError):  # the loop has ended before us
                    loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=read, name="standard input", daemon=True).start()
    return lines


def _say(plain: dict[str, object]) -> None:
    print(json.dumps(plain), flush=True)  # noqa: T201 - the answer


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - the sentence a person needs
    return 2


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started with `&` by a script
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
