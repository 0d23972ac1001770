"""Three routers in a row between a client and a server, in network namespaces, and the `path` probe's own trace run at the client.

client - r1 - box - r2 - server: the server is at TTL 4, `box` at 2. Run as a file it reads one JSON object a line: `box` and `r1` (each a
chain of nft for that node), `address`, `port`, `limit_s` and `settings` of a trace; it answers with the trace as JSON. Run it, the root on
PYTHONPATH, under `unshare --net --pid --fork --kill-child`: everything ends with it. The trace runs as nobody: it needs no privilege.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.network.loop import WatchedLoop
from agent.network.open import open_network
from agent.network.settings import NetworkSettings, PathSettings, Timeouts
from wire.target import Target

ROOT = Path(__file__).parents[2]
NAMES = ("client", "r1", "box", "r2", "server")
LINES = (("10.0.1", "fd00:1"), ("10.0.2", "fd00:2"), ("203.0.113", "2001:db8:113"), ("198.51.100", "2001:db8:51"))
"""The prefixes of the four links, near to far: two of the customer's own, two of the Internet's (documentation prefixes)."""
SERVER, SERVER6 = "198.51.100.2", "2001:db8:51::2"
BOX = "203.0.113.1"
NOBODY = 65_534
SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.icmp_ratelimit=0",  # a router that answers each packet; that others do not is a case of its own
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.ping_group_range=0 2147483647",
)
SPLITTER = 8443
"""Where a splitter on `box` would listen: something there accepts whatever the rules send to it."""


def run(*command: str, given: str | None = None) -> None:
    """Run a command to its end. Raises CalledProcessError with what it said."""
    subprocess.run(command, check=True, input=given, text=True, capture_output=True)


def inside(pid: int, *command: str) -> tuple[str, ...]:
    """Return a command as it runs in another process's network namespace."""
    return ("nsenter", "--target", str(pid), "--net", *command)


@contextlib.contextmanager
def built() -> Iterator[dict[str, int]]:
    """Build the row; give each namespace's process by name."""
    with contextlib.ExitStack() as stack:
        nodes = {name: stack.enter_context(_node()).pid for name in NAMES}
        for pid in nodes.values():
            _until_apart(pid)
            run(*inside(pid, "sysctl", "-qw", *SYSCTLS))
            run(*inside(pid, "ip", "link", "set", "lo", "up"))
        for (four, six), near, far in zip(LINES, NAMES, NAMES[1:], strict=False):
            run("ip", "link", "add", f"{near}-f", "netns", str(nodes[near]), "type", "veth", "peer", f"{far}-n", "netns", str(nodes[far]))
            for name, device, host in ((near, f"{near}-f", 1), (far, f"{far}-n", 2)):
                run(*inside(nodes[name], "ip", "address", "add", f"{four}.{host}/24", "dev", device))
                run(*inside(nodes[name], "ip", "address", "add", f"{six}::{host}/64", "dev", device, "nodad"))
                run(*inside(nodes[name], "ip", "link", "set", device, "up"))
        for index, name in enumerate(NAMES):
            _route(nodes[name], index)
        yield nodes


@contextlib.contextmanager
def _node() -> Iterator[subprocess.Popen[bytes]]:
    """Hold a network namespace open."""
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as process:
        try:
            yield process
        finally:
            process.kill()


def _until_apart(pid: int) -> None:
    while Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
        time.sleep(0.005)


def _route(pid: int, index: int) -> None:
    """Give a node its ways: what is nearer by its near neighbour, all else by its far one; the server knows nothing beyond itself."""
    if index < len(LINES):
        four, six = LINES[index]
        run(*inside(pid, "ip", "route", "add", "default", "via", f"{four}.2"))
        run(*inside(pid, "ip", "-6", "route", "add", "default", "via", f"{six}::2"))
    for four, six in LINES[: max(0, index - 1)]:
        near, near6 = LINES[index - 1]
        run(*inside(pid, "ip", "route", "add", f"{four}.0/24", "via", f"{near}.1"))
        run(*inside(pid, "ip", "-6", "route", "add", f"{six}::/64", "via", f"{near6}::1"))


ACCEPTING = """
import select, socket, sys
socks = []
for word in sys.argv[1:]:
    sock = socket.create_server(("::", int(word)), family=socket.AF_INET6, dualstack_ipv6=True)
    sock.setblocking(False)
    socks.append(sock)
print("ready", flush=True)
while True:
    for sock in select.select(socks, [], [])[0]:
        try:
            sock.accept()[0].close()
        except OSError:
            pass
"""
"""Accepts on its ports, says nothing, closes."""


@contextlib.contextmanager
def accepting(pid: int, *ports: int) -> Iterator[None]:
    """Have something accept connections on these ports of a node."""
    command = inside(pid, sys.executable, "-c", ACCEPTING, *map(str, ports))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield
        finally:
            process.kill()


def rules(pid: int, chain: str) -> None:
    """Put a node's packet filter in place: this one chain and nothing else."""
    table = f"table inet lab {{\nchain one {{\n{chain}\n}}\n}}\n" if chain else ""
    run(*inside(pid, "nft", "-f", "-"), given=f"flush ruleset\n{table}")


def answer(nodes: dict[str, int], asked: dict[str, Any]) -> str:
    """Set the row up as asked, trace at the client, and return what the trace printed."""
    try:
        rules(nodes["box"], asked.get("box", ""))
        rules(nodes["r1"], asked.get("r1", ""))
    except subprocess.CalledProcessError as error:
        return json.dumps({"broken": error.stderr})
    command = inside(nodes["client"], sys.executable, "-P", __file__, "--trace", json.dumps(asked))
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() or json.dumps({"broken": done.stderr})


def trace(asked: dict[str, Any]) -> None:
    """Trace as nobody, and print what came of it."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    limits = Timeouts.every(asked.get("limit_s", 10.0))
    net = open_network(NetworkSettings(timeouts=limits, path=PathSettings(**asked.get("settings", {}))))
    target = Target(host="outlook.office365.com", port=asked.get("port", 443), category="Optimize", workload="Exchange")
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        say(json.dumps(dataclasses.asdict(runner.run(net.trace(target, asked.get("address", SERVER))))))


def say(text: str) -> None:
    """Write one line for whoever asked."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Build the row, say so, answer until standard input ends."""
    with built() as nodes, accepting(nodes["server"], 443, 80), accepting(nodes["box"], SPLITTER):
        say("ready")
        for line in sys.stdin:
            say(answer(nodes, json.loads(line)))


if __name__ == "__main__":
    trace(json.loads(sys.argv[2])) if sys.argv[1:2] == ["--trace"] else main()
