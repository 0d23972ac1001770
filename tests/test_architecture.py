"""The walls between the rooms, held by reading imports: who may import whom, and where each boundary to the outside has its one room."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree import ROOT, belongs, imports, parsed, sources, within

MAY_IMPORT = {
    "wire": {"wire"},
    "judge": {"judge", "wire"},
    "agent": {"agent", "wire"},
    "server": {"server", "wire", "judge"},
    "demo": {"demo", "server", "agent", "judge", "wire"},
    "dashboards": {"dashboards"},
}
JUDGE_IN_AGENT = ("agent/check/", "agent/child.py", "agent/added_roots.py")
"""`check` judges one cycle and shows it; the child examines a chain and the roots. Nothing of `run` does (see sys.modules below)."""

NETWORK = ("agent/network/", "agent/uplink.py", "agent/mqtt.py", "server/ingest/", "server/console/", "demo/")
BOUNDARIES = {
    "socket": (*NETWORK, "agent/platform/linux.py"),  # asks the kernel for an interface's address; sends nothing
    "ssl": (
        *NETWORK,
        "agent/child.py",
        "agent/platform/trust.py",
        "agent/added_roots.py",
    ),  # where the system keeps its roots, and its verifier; no socket
    "socketserver": NETWORK,
    "http.client": NETWORK,
    "http.server": NETWORK,
    "urllib.request": NETWORK,
    "gmqtt": ("agent/mqtt.py", "server/ingest/", "demo/"),
    "amqtt": ("server/ingest/", "demo/"),
    "apprise": ("server/notify/by_apprise.py",),  # mail, chat and pagers by one address each
    "quickjs": ("agent/pac/engine.py",),
    "aioquic": ("agent/network/", "demo/"),
    "aiohttp": (
        "server/history/influx.py",
        "server/feed/client.py",  # Microsoft's endpoint web service: the one place the centre asks outside
        "server/notify/webhook.py",  # posts letters, only out
        "server/console/",
        "demo/",
    ),
    "influxdb_client": (),  # the tests' oracle only
    "sqlalchemy": ("server/state/",),
    "alembic": ("server/state/",),
    "aiosqlite": ("server/state/",),
    "asyncpg": ("server/state/",),
    "sqlite3": ("agent/spool.py", "agent/spool_file.py", "server/history/embedded.py", "server/state/", "demo/"),
}
"""Module and the places that may import it (style rule 2)."""

STREAMS = {"open_connection", "start_server", "open_unix_connection", "start_unix_server", "StreamReader", "StreamWriter"}
CONNECTING = {"create_connection", "create_server", "create_datagram_endpoint", "sock_connect", "getaddrinfo", "create_unix_connection"}
READING = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob", "files"}
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "now", "utcnow", "today", "sleep"}
PURE = {
    "judge": ("asyncio", "time", "random", "subprocess", "threading", "socket", "ssl", "logging"),
    "wire": ("asyncio", "time", "random", "logging"),
    "dashboards": ("asyncio", "time", "random", "logging"),
}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_one_way(room: str) -> None:
    """A room imports only itself and the rooms below it; nothing imports the demo, no import is relative."""
    wrong = []
    for path in sources(room):
        allowed = MAY_IMPORT[room] | ({"judge"} if within(path, *JUDGE_IN_AGENT) else set())
        for module, line in imports(path):
            top = module.split(".")[0]
            if module.startswith(".") or (top in {*MAY_IMPORT, "tests", "benchmarks"} and top not in allowed):
                wrong.append(f"{path}:{line} imports {module}")
    assert not wrong


def test_wire_needs_pydantic_only() -> None:
    """The wire schema imports pydantic, the standard library and nothing else."""
    allowed = {*sys.stdlib_module_names, "pydantic", "wire"}
    assert not [
        f"{path}:{line} {module}" for path in sources("wire") for module, line in imports(path) if module.split(".")[0] not in allowed
    ]


@pytest.mark.parametrize("module", BOUNDARIES)
def test_boundary_has_its_room(module: str) -> None:
    """A module that reaches outside is imported in its own rooms only."""
    places = BOUNDARIES[module]
    assert not [
        f"{path}:{one.line}" for path in sources() for one in imports(path) if belongs(one.module, module) and not within(path, *places)
    ]


def test_boundaries_are_needed() -> None:
    """Each single file on the allow-list is there and imports what it is allowed to."""
    for module, places in BOUNDARIES.items():
        for place in places:
            if not place.endswith("/") and places is not NETWORK and place not in NETWORK:
                assert any(belongs(one.module, module) for one in imports(Path(place))), f"{place} no longer imports {module}"


def test_asyncio_streams_and_connections() -> None:
    """The event loop's own ways to the network are used in the network's rooms only; subprocesses have pipes, not sockets."""
    wrong = []
    for path in sources():
        for node in ast.walk(parsed(path)):
            name = node.attr if isinstance(node, ast.Attribute) else node.name if isinstance(node, ast.alias) else ""
            if name in STREAMS | CONNECTING and not within(path, *NETWORK):
                wrong.append(f"{path}:{getattr(node, 'lineno', 0)} {name}")
    assert not wrong


def test_judge_reads_no_files() -> None:
    """In judge only the knowledge loader touches files."""
    assert not [
        f"{path}:{node.lineno}"
        for path in sources("judge")
        if not within(path, "judge/knowledge/loader.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and _called(node) in READING
    ]


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms(room: str) -> None:
    """Judge, wire schema and dashboards have no event loop, no clock, no chance, no log: the same input gives the same answer, for ever."""
    wrong = [f"{path}:{line} {module}" for path in sources(room) for module, line in imports(path) if belongs(module, *PURE[room])]
    wrong += [
        f"{path}:{node.lineno} {_called(node)}"
        for path in sources(room)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _called(node) in CLOCKS
    ]
    assert not wrong


def test_agent_run_stays_light() -> None:
    """What `middlewatch-agent run` imports holds none of the heavy libraries: the agent's memory is promised (50 MB)."""
    heavy = [
        "cryptography",
        "aioquic",
        "OpenSSL",
        "structlog",
        "typer",
        "rich",
        "pydantic_settings",
        "aiohttp",
        "judge",
        "server",
        "sqlalchemy",
        "quickjs",
    ]
    enter = "import agent.cli, agent.run, agent.network.quic, agent.probes"
    program = f"{enter}; import sys; agent.cli.parser(); print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
