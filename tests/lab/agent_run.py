"""The real agent on the client machine: `python -m agent run` as a user without any right, until its first report is on its disk.

Its configuration sets trust roots and a plan, nothing of `[lab]`: names are looked up and connections made as anywhere. The report is
read from its own spool, bodies included, as it would be sent.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.spool import Spool
from tests.lab.isolation import NOBODY
from tests.lab.nodes import Nodes
from tests.lab.processes import STOP_S, sockets
from tests.tree import ROOT
from wire import codec
from wire.plan import Envelope, Plan

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LIMIT_S = 60.0
"""A cycle in which every stage of every probe times out at `STAGE_MS`; most take two seconds."""


BESIDE_S = 20.0
"""What goes on beside the cycle: some stages of `STAGE_MS`, and a train to a relay that is silent."""
QUIET_S, POLL_S = 1.0, 0.05
"""A chain is checked by a child for some tenths of a second after its connection has ended."""


class NoReport(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The agent ended or stayed silent; the text holds its last words."""


def _early() -> str:
    """Return an agent's name whose phase begins a cycle at once: its hash decides (`agent.schedule.phase_s`)."""
    return next(name for name in (f"lab-{n}" for n in range(100_000)) if hashlib.sha256(name.encode()).digest()[:2] < b"\x00\x20")


AGENT = _early()


class Agent:
    """One configured agent on the client of a row. `environment` is what its user's session sets."""

    def __init__(self, nodes: Nodes, plan: Plan, os_roots: bytes, public_roots: bytes, resolvers: Sequence[str]) -> None:
        self._nodes = nodes
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        self.folder = nodes.folder / "agent"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o755)
        (self.folder / "os-roots.pem").write_bytes(os_roots)
        (self.folder / "public-roots.pem").write_bytes(public_roots)
        (self.folder / "resolv.conf").write_text("".join(f"nameserver {one}\n" for one in resolvers))
        body = plan.model_dump_json(exclude_defaults=True)
        signature = base64.b64encode(KEY.sign(body.encode())).decode()
        (self.folder / "plan.json").write_bytes(Envelope(body=body, key_id="lab", signature=signature).dump())
        state = self.folder / "state"
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
        self.config = self.folder / "agent.toml"
        self.config.write_text(
            f'[agent]\nid = "{AGENT}"\nstate = "state"\n'
            '[broker]\nurl = "mqtt://127.0.0.1:1883"\nversion = "3.1.1"\n'
            f'[plan]\nfile = "plan.json"\nkeys = {{ lab = "{public}" }}\n'
            '[trust]\nos_roots = "os-roots.pem"\npublic_roots = "public-roots.pem"\n'
        )
        self.log = self.folder / "agent.log"

    def command(self, *arguments: str) -> list[str]:
        """Return a command line run on the client as nobody, without capabilities, with this agent's resolvers."""
        # /sys shows the adapters of the network it was mounted in.
        bind = 'mount -t sysfs lab /sys; mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
        rights = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        shell = ["unshare", "--mount", "sh", "-ec", bind, "sh", str(self.folder / "resolv.conf")]
        return self._nodes.command("c", *shell, "setpriv", *rights, *arguments)

    async def report(self) -> dict[str, Any]:
        """Run the agent until its first cycle is spooled and what goes on beside it is quiet; end it, and return what it reported as one.

        Raises NoReport.
        """
        arguments = self.command(sys.executable, "-P", "-m", "agent", "run", "--config", str(self.config))
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=self.folder
            )
        try:
            await self._until_spooled(process)
            await self._until_quiet()
        finally:
            await _ended(process)
        return self._read()

    async def _until_spooled(self, process: asyncio.subprocess.Process) -> None:
        limit = time.monotonic() + LIMIT_S
        while not _spooled(self.folder / "state" / "spool.sqlite"):
            if process.returncode is not None or time.monotonic() > limit:
                raise NoReport(f"the agent made no report: {self.log.read_text(errors='replace')[-1500:]}")
            await asyncio.sleep(0.05)

    async def _until_quiet(self) -> None:
        """Wait until the client has had no socket for a while: probes that may take long go on beside the cycle."""
        limit, quiet = time.monotonic() + BESIDE_S, 0
        while quiet * POLL_S < QUIET_S and time.monotonic() < limit:
            await asyncio.sleep(POLL_S)
            quiet = 0 if sockets(self._nodes.name("c")) else quiet + 1

    def _read(self) -> dict[str, Any]:
        """Return the first report with what later ones add: the agent tells in a second one what ended beside the cycle."""
        spool = Spool(self.folder / "state" / "spool.sqlite", AGENT, max_bytes=10**8)
        try:
            payloads = [payload for seq in spool.pending() if (payload := spool.payload(seq)) is not None]
        finally:
            spool.close()
        whole, *later = (json.loads(codec.inflate(payload)) for payload in payloads)
        for one in later:
            whole["cycle"]["observations"] += one["cycle"]["observations"]
            for bodies in ("facts", "certificates"):
                whole[bodies] = whole.get(bodies, {}) | one.get(bodies, {})
        return dict(whole)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End the agent in order; what is spooled is safe if it must be killed."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):  # it may have ended in this very moment
            process.kill()
        await process.wait()


def _spooled(file: Path) -> int:
    """Return how many reports an agent that still runs has written."""
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=0.2) as database:
            return int(database.execute("SELECT COUNT(*) FROM report").fetchone()[0])
    except sqlite3.Error:  # it is being made, or the agent writes
        return 0
