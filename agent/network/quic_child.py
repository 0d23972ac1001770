"""The short-lived child that speaks QUIC: aioquic brings cryptography (10 MB), which must not stay with the agent.

Protocol: one JSON object a line on standard input, any number at a time; one line each on standard output as soon as it is done, with the
same `id`. `{"id", "place": [address, port], "name", "authority", "path", "limits": [handshake s, first byte s], "clock",
"local": own address or null, "interface"}` is answered
`{"id", "shaken": fields of agent.network.net.Shaken, certificates in base64}` or `{"id", "error"}`. Ends with its input.
"""

import asyncio
import base64
import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agent.network.clock import sample_clock
from agent.network.http3 import Asked, shake
from agent.network.loop import WatchedLoop


async def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one request. Never raises: the agent must get a line for each of its own."""
    number = request.get("id")
    try:
        address, port = request["place"]
        handshake_s, first_byte_s = request["limits"]
        words = {word: str(request[word]) for word in ("name", "authority", "path", "interface")}
        asked = Asked((str(address), int(port)), local=request["local"], **words)
        shaken = await shake(asked, (float(handshake_s), float(first_byte_s)), sample_clock(request["clock"]))
    except Exception as error:  # noqa: BLE001 - see above
        return {"id": number, "error": f"{type(error).__name__} in the child that speaks QUIC; this is a fault of the agent"}
    return {"id": number, "shaken": asdict(shaken) | {"chain": [base64.b64encode(der).decode() for der in shaken.chain]}}


async def serve() -> None:
    """Answer lines until there are no more; what is under way then is given up."""
    lines = _lines()
    async with asyncio.TaskGroup() as group:
        tasks = []
        while line := await lines.get():
            tasks.append(group.create_task(_say(line), name="request"))
        for task in tasks:
            task.cancel()


async def _say(line: bytes) -> None:
    try:
        request = json.loads(line)
    except ValueError:
        request = {}
    plain = await answer(request if isinstance(request, dict) else {})
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        sys.stdout.write(json.dumps(plain, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _lines() -> "asyncio.Queue[bytes]":
    """Return the lines of standard input as they come, at its end an empty one. A thread reads: not every loop can wait for a pipe."""
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


def main() -> int:
    """Serve standard input."""
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        runner.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
