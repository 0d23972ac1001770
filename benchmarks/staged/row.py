"""Client, router and server in network namespaces of their own, 20 ms between the last two, and a splitter that the router can be.

Needs root and /dev/net/tun. Only what stands on the way lives here. `python row.py PORT ADDRESS` is the splitter: it accepts at PORT before
it dials ADDRESS, as every TCP splitter of the laboratory does, and relays.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DELAY_MS = 20
"""One way. A path from one end of Europe to the other; the answer at the router takes 0.1 ms."""
CLIENT_DEVICE = "near"
SERVER = "198.51.100.2"
SPLITTER_PORT = 8443
APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Everything inside ends with the first process there."""


def run(*command: str, given: str | None = None) -> None:
    """Run a command to its end. Raises CalledProcessError."""
    subprocess.run(command, check=True, input=given, text=True)


def inside(name: str, *command: str) -> tuple[str, ...]:
    """Return a command as it runs in a namespace."""
    return ("nsenter", f"--net=/run/netns/{name}", *command)


@contextlib.contextmanager
def row() -> Iterator[None]:
    """Build the three namespaces and the link between the last two. Run it within `APART` only: it covers /run."""
    run("mount", "-t", "tmpfs", "row", "/run")
    for name in ("client", "router", "server"):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "-n", "client", "link", "add", CLIENT_DEVICE, "type", "veth", "peer", "lan", "netns", "router")
    for name, lines in (
        ("client", (f"addr add 192.0.2.2/24 dev {CLIENT_DEVICE}", f"link set {CLIENT_DEVICE} up", "route add default via 192.0.2.1")),
        ("router", ("addr add 192.0.2.1/24 dev lan", "link set lan up")),
    ):
        run("ip", "-n", name, "-batch", "-", given="\n".join(lines))
    run(*inside("router", "sysctl", "-qw", "net.ipv4.ip_forward=1"))
    command = [sys.executable, "-P", str(ROOT / "tests" / "lab" / "__main__.py"), "link", "router", "server", "wan"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as link:
        assert link.stdin is not None
        assert link.stdout is not None
        link.stdout.readline()
        link.stdin.write(f"{DELAY_MS} 0 0\n")
        link.stdin.flush()
        run("ip", "-n", "router", "-batch", "-", given="addr add 198.51.100.1/24 dev wan\nlink set wan up")
        run("ip", "-n", "server", "-batch", "-", given=f"addr add {SERVER}/24 dev wan\nlink set wan up\nroute add default via 198.51.100.1")
        yield
        link.stdin.close()


@contextlib.contextmanager
def splitter(port: int) -> Iterator[None]:
    """Let the router end every connection to `port` itself within the body."""
    rules = f"table ip row {{\nchain in {{\ntype nat hook prerouting priority -100\ntcp dport {port} redirect to :{SPLITTER_PORT}\n}}\n}}\n"
    command = inside("router", sys.executable, "-P", __file__, str(port), SERVER)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        run(*inside("router", "nft", "-f", "-"), given=rules)
        yield
        run(*inside("router", "nft", "flush", "ruleset"))
        process.stdin.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


async def _split(port: int, address: str) -> None:
    """Relay until standard input ends."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(address, port)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, far_writer), name="out")
            group.create_task(_pump(far_reader, writer), name="back")

    server = await asyncio.start_server(handler, "0.0.0.0", SPLITTER_PORT, backlog=256)  # noqa: S104 - in a namespace of its own
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_split(int(sys.argv[1]), sys.argv[2]))
