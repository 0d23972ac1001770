"""The whole agent as a process, before a stand-in world and a stand-in centre on loopback; and what stops it from starting."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent import run as running
from agent.config import Lab
from agent.planning import default_plan
from agent.run import name_settings
from tests.fakes import agent_files
from tests.fakes.centre import Centre, running_centre
from tests.fakes.world import World, running_world
from wire.plan import DnsSettings, Whoami

ROOT = Path(__file__).parents[2]
HOSTS = [target.name for target in default_plan().targets if target.protocol == "https"]


@asynccontextmanager
async def agent_process(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the real program; its log goes to `agent.log` beside the configuration."""
    with config.with_name("agent.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", "run", "--config", str(config), cwd=ROOT, stderr=log, stdin=asyncio.subprocess.DEVNULL
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def pending(folder: Path) -> int:
    """Return how many reports an agent's spool holds; 0 before there is one."""
    place = f"file:{folder / 'state' / 'spool.sqlite'}?mode=ro"
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(place, uri=True)) as spool:
        return int(spool.execute("SELECT COUNT(*) FROM report").fetchone()[0])
    return 0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a world for the shipped plan's targets."""
    async with running_world(tmp_path, HOSTS) as one:
        yield one


async def test_an_agent_measures_reports_and_stops(tmp_path: Path, world: World) -> None:
    """A real process measures 25 observations in its first cycle, all reached and stored once; SIGTERM ends it with exit 0."""
    async with running_centre() as centre:
        config = agent_files.write(tmp_path, world, centre.port, agent_files.plan())
        async with agent_process(config) as agent:
            await centre.until(lambda: len(centre.stored) >= 1)
            agent.terminate()
            assert await agent.wait() == 0
        await centre.until(lambda: centre.statuses[-1:] == ["offline"])
    first = next(iter(centre.stored.values()))
    assert (first.seq, first.agent, first.cycle.lab, first.cycle.plan) == (1, "lab-1", True, 1)
    assert len(first.cycle.observations) == 25
    assert [one for one in first.cycle.observations if getattr(one, "error", None)] == []
    assert {getattr(facts, "failure", None) for facts in first.facts.values()} == {None}
    assert len(first.certificates) == 5  # four leaves and the issuing authority
    assert "Traceback" not in config.with_name("agent.log").read_text()


async def test_a_killed_agent_loses_no_report(tmp_path: Path, world: World) -> None:
    """Killed after a report was spooled and not receipted, the next process delivers it under the same number."""
    async with running_centre() as centre:
        centre.silent = True
        config = agent_files.write(tmp_path, world, centre.port, agent_files.plan())
        async with agent_process(config) as agent:
            await centre.until(lambda: len(centre.payloads) >= 1)
            agent.send_signal(signal.SIGKILL)
            await agent.wait()
        assert pending(tmp_path) >= 1
        centre.silent = False
        async with agent_process(config):
            await centre.until(lambda: (centre.payloads[0][0], 1) in centre.stored)
    assert len({stream for stream, _ in centre.stored}) == 1


async def test_a_stop_in_mid_cycle_is_clean(tmp_path: Path, world: World) -> None:
    """SIGTERM while every lookup hangs ends the agent with exit 0 and no traceback."""
    asked = asyncio.Event()

    class Tap(asyncio.DatagramProtocol):
        """Notes that the agent has begun a lookup that is never answered."""

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            """Note it."""
            del data, addr
            asked.set()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Tap, ("127.0.0.1", 0))
    place = transport.get_extra_info("sockname")[1]
    config = agent_files.write(tmp_path, World(world.connect, f"127.0.0.1:{place}", world.roots), 1, agent_files.plan())
    async with agent_process(config) as agent:
        await asyncio.wait_for(asked.wait(), 20)
        agent.terminate()
        assert await agent.wait() == 0
    transport.close()
    log = config.with_name("agent.log").read_text()
    assert "stopped" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('file = "plan.json"', 'file = "none.json"', "config: plan.file: "),
        ('state = "state"', 'state = "plan.json/state"', "config: spool.path: "),
        ("mqtt://", "http://", "config: broker.url: "),
        ("[lab.connect]\n", '[lab.connect]\n"a.example:1" = "127.0.0.1:99999"\n', "config: lab.connect"),
        ("os_roots = ", 'os_roots = "none.pem" #', "config: trust: "),
    ],
)
def test_what_stops_the_start_is_a_sentence(tmp_path: Path, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of bad configuration is exit 2 and a sentence with setting and remedy, never a traceback."""
    roots = tmp_path / "roots.pem"
    roots.write_text("")
    config = agent_files.write(tmp_path, World({"b.example:1": "127.0.0.1:1"}, "127.0.0.1:53", roots), 1, agent_files.plan())
    config.write_text(config.read_text().replace(old, new))
    assert running.main(config) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "; write " in error
    assert "Traceback" not in error


async def test_unreadable_certificates_stop_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the files of mutual TLS the agent does not start, and names all three."""
    config = tmp_path / "agent.toml"
    files = "\n".join(f'{name} = "none.pem"' for name in ("ca", "certificate", "key"))
    config.write_text(f'[agent]\nid = "a"\nstate = "s"\n[broker]\nurl = "mqtts://h"\nversion = "5"\n{files}\n')
    assert await asyncio.to_thread(running.main, config) == 2
    assert capsys.readouterr().err.count("cannot be read") == 3


async def test_an_unreachable_broker_is_a_state_not_an_end(tmp_path: Path, world: World) -> None:
    """With nobody at the broker's address the agent runs, spools, and says why once; when the centre comes, all is delivered."""
    async with running_centre() as placeholder:
        port = placeholder.port
    config = agent_files.write(tmp_path, world, port, agent_files.plan())
    async with agent_process(config) as agent:
        async with asyncio.timeout(30):
            while pending(tmp_path) == 0:  # noqa: ASYNC110 - another process's file has no event
                await asyncio.sleep(0.05)
        async with running_centre(port, Centre()) as centre:
            async with asyncio.timeout(40):
                await centre.until(lambda: any(seq == 1 for _, seq in centre.stored))
        assert agent.returncode is None
    assert config.with_name("agent.log").read_text().count("cannot be reached") == 1
    first = next(one for (_, seq), one in centre.stored.items() if seq == 1)  # a second one, made meanwhile, travels before it
    assert first.cycle.health.spooled == 0


def test_a_laboratory_asks_no_address_it_has_not_mapped() -> None:
    """The address nobody owns and name servers asked directly are the map's or nobody's; elsewhere they are the plan's."""
    whoami = [Whoami(name="a.example"), Whoami(name="b.example", server="203.0.113.53:53")]
    plan = default_plan().model_copy(update={"dns": DnsSettings(whoami=whoami)})
    real = name_settings(plan, Lab())
    assert (real.nobody, [one.server for one in real.whoami]) == ("192.0.2.53:53", ["", "203.0.113.53:53"])
    lab = name_settings(plan, Lab(enabled=True))
    assert (lab.nobody, [one.name for one in lab.whoami]) == ("", ["a.example"])
    mapped = name_settings(plan, Lab(enabled=True, connect={"192.0.2.53:53": "127.0.0.1:5", "203.0.113.53:53": "127.0.0.1:6"}))
    assert (mapped.nobody, mapped.whoami[1].server) == ("127.0.0.1:5", "127.0.0.1:6")
