"""The server's command line: exit status and sentences, never a traceback, whatever is wrong; the small commands on a small database."""

import asyncio
import contextlib
import gc
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest
import structlog
from typer.testing import CliRunner, Result

from server import cli
from server.collector.ledger import Entry, Head
from server.state import ledger, quarantine, tables
from server.state.database import open_database
from server.state.quarantine import Kept
from tests.fakes.influx import Answer, FakeInflux
from tests.lab.programs import PROGRAMS, toml
from tests.lab.readback import state_rows, until
from tests.servers.certificates import Certificates
from tests.servers.process import free_port

POISON = b'{"not": a report\x00\xff'


class Centre:
    """A server's folder and configuration. Nothing runs until a test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "server.toml"
        self.state_url = f"sqlite+aiosqlite:///{folder}/state.db"
        self.sections: dict[str, dict[str, object]] = {
            "broker": {"url": f"mqtt://127.0.0.1:{free_port()}"},
            "history": {"kind": "embedded", "path": folder / "history.db"},
            "state": {"url": self.state_url},
            "console": {"listen": "127.0.0.1:0"},
        }

    def write(self, **sections: Mapping[str, object]) -> Path:
        """Write the configuration with these sections in place of its own."""
        self.config.write_text(toml(self.sections | sections))
        return self.config

    def run(self, *arguments: object) -> Result:
        """Run `middlewatch-server` in this process."""
        done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, [*map(str, arguments), "--config", str(self.config)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def refused(self, command: str = "run", status: int = 2, **sections: Mapping[str, object]) -> list[str]:
        """Run a command on a configuration that does not do; return its sentences."""
        self.write(**sections)
        done = self.run(command)
        assert done.exit_code == status
        assert "Traceback" not in done.output
        return done.stderr.splitlines()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """Give a centre; what `run` sets for the whole process is set back."""
    thresholds = gc.get_threshold()
    yield Centre(tmp_path)
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    structlog.reset_defaults()


@pytest.fixture
def taken() -> Iterator[str]:
    """Give an address of loopback that somebody has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


@contextlib.contextmanager
def influx(answer: Callable[[list[str]], Answer]) -> Iterator[dict[str, object]]:
    """Run an InfluxDB that gives one answer to everything; yield the section that leads there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="influx")
    thread.start()
    server = FakeInflux(answer)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield {"url": server.url, "token": "t"}
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_no_configuration(centre: Centre) -> None:
    """A file that is not there, or is not TOML, is one sentence; several bad settings are one each, all at once."""
    assert centre.run("run").stderr == f"config: {centre.config} cannot be read (No such file or directory); give the file with --config\n"
    centre.config.write_text("[broker\n")
    done = centre.run("run")
    assert (done.exit_code, done.stderr.startswith(f"config: {centre.config} is not TOML: "), done.stderr.count("\n")) == (2, True, 1)
    told = centre.refused(broker={"url": "mqtt:/x"}, console={"listen": "8300"}, stat={"url": "x"})
    assert told == [
        "config: broker.url: 'mqtt:/x' is not an address; write mqtts://host:8883",
        "config: console.listen: '8300' is not address:port; write 127.0.0.1:8300",
        "config: stat: there is no such setting; remove it, or look for a spelling mistake",
    ]


def test_certificates(centre: Centre, tmp_path: Path) -> None:
    """Every file of the broker's TLS that cannot be read or is none is told with its setting."""
    made = Certificates(tmp_path / "pki")
    one, other = made.identity("one"), made.identity("other")
    good = {"url": "mqtts://127.0.0.1:1", "ca": made.ca, "certificate": one.certificate, "key": one.key}
    lost, junk = tmp_path / "lost.pem", tmp_path / "junk.pem"
    junk.write_text("no PEM")
    assert centre.refused(broker=good | {"ca": lost, "key": lost}) == [
        f"config: broker.ca: {lost} cannot be read (No such file or directory); check the path and its permissions",
        f"config: broker.key: {lost} cannot be read (No such file or directory); check the path and its permissions",
    ]
    assert centre.refused(broker=good | {"ca": junk}) == [
        f"config: broker.ca: {junk} holds no PEM certificate; give the CA that signed the broker's"
    ]
    for wrong in ({"certificate": junk}, {"key": junk}, {"key": other.key}):
        (told,) = centre.refused(broker=good | wrong)
        assert "and broker.key are not a PEM certificate and its key" in told


def test_stores_that_cannot_be_opened(centre: Centre, tmp_path: Path) -> None:
    """State and history in a folder that is none are one sentence with path and remedy, for each command that needs them."""
    (tmp_path / "file").touch()
    url = f"sqlite+aiosqlite:///{tmp_path}/file/state.db"
    said = f"config: state.url: {url} cannot be opened (OperationalError); check the path or that the server runs"
    assert centre.refused(state={"url": url}) == [said]
    assert centre.refused("setup", state={"url": url}) == [said]
    (told,) = centre.refused(history={"kind": "embedded", "path": tmp_path / "file" / "history.db"})
    assert told.startswith(f"config: history.path: {tmp_path}/file/history.db: unable to open database file; check its folder's rights")
    (tmp_path / "other.db").write_bytes(b"this is no database" * 100)
    (told,) = centre.refused(state={"url": f"sqlite+aiosqlite:///{tmp_path}/other.db"})
    assert told.startswith(f"config: state.url: sqlite+aiosqlite:///{tmp_path}/other.db cannot be opened (")


def test_influx_that_does_not_mend_itself(centre: Centre) -> None:
    """A wrong token and a missing bucket are told at the start, with setting and remedy; so is an address where something else listens."""
    for answer, said in (
        (Answer(401, '{"code": "unauthorized", "message": "unauthorized access"}'), "give history.token read and write on mw_raw"),
        (Answer(404, '{"code": "not found", "message": "bucket \\"mw_raw\\" not found"}'), "run `middlewatch-server setup`"),
        (Answer(302, "<html>", {"Location": "/login"}), "is something else at history.url?"),
    ):
        with influx(lambda _, answer=answer: answer) as section:  # type: ignore[misc] # mypy infers no type for a default
            (told,) = centre.refused(history=section)
        assert told.startswith(f"config: history.url: {section['url']} answers {answer.status}: ")
        assert said in told


def test_setup_without_influx(centre: Centre) -> None:
    """An InfluxDB that is not there, or will not, ends setup with status 1: it is no mistake in the configuration."""
    (told,) = centre.refused("setup", 1, history={"url": f"http://127.0.0.1:{free_port()}", "token": "t"})
    assert told.endswith("check that InfluxDB runs there")
    with influx(lambda _: Answer(200, '{"orgs": [], "buckets": []}')) as section:
        (told,) = centre.refused("setup", 1, history=section)
    assert told.startswith("config: history.org: middlewatch cannot be given buckets: the token sees no such organisation;")


def test_taken_ports(centre: Centre, taken: str) -> None:
    """A port somebody has is one sentence that names its setting, whichever of the three it is."""
    said = f"{taken} cannot be opened (address already in use); choose a free address and port"
    assert centre.refused(console={"listen": taken}) == [f"config: console.listen: {said}"]
    assert centre.refused(reflector={"listen": taken}) == [f"config: reflector.listen: {said}"]
    (told,) = centre.refused(broker={"url": f"mqtt://{taken}", "embedded": True})
    assert told.startswith("config: broker")
    assert taken in told
    assert told.endswith("set broker.url to a free port")


def test_policy_and_roots(centre: Centre, tmp_path: Path) -> None:
    """What the judge refuses is told with its setting."""
    (told,) = centre.refused(policy={"tenant_restriction": True})
    assert told.startswith("config: policy")
    lab = {"accept_lab_agents": True, "public_roots": tmp_path / "none.pem"}
    (told,) = centre.refused(collector=lab)
    assert (
        told == f"config: collector.public_roots: {tmp_path}/none.pem: No such file or directory; name a readable PEM file of public roots"
    )


def test_setup(centre: Centre) -> None:
    """It makes the tables, and again does nothing."""
    centre.write()
    for _ in range(2):
        done = centre.run("setup")
        assert (done.exit_code, done.stdout) == (0, "state database ready; the history is a file and needs no buckets\n")
    assert state_rows(centre.state_url, tables.ledger) == []


@pytest.mark.parametrize("command", [("quarantine", "list"), ("quarantine", "show", 1), ("quarantine", "replay", 1), ("assign", "a", "b")])
def test_a_database_that_is_not_there_is_not_made(centre: Centre, command: tuple[object, ...]) -> None:
    """From the wrong folder nobody is told that nothing is in quarantine."""
    centre.write()
    done = centre.run(*command)
    assert done.exit_code == 2
    assert done.stderr == f"config: state.url: {centre.state_url} is not there; run this where the server runs, or run setup first\n"
    assert not (centre.folder / "state.db").exists()


def fill(centre: Centre) -> None:
    """Put two things into quarantine, and an agent into the book."""

    async def work() -> None:
        database = await open_database(centre.state_url)
        kept = Kept("report", "mw/v1/agent/a-1/report/0/1", "a-1", "0" * 32, 1, "not JSON", POISON)
        async with database.writing() as connection:
            await quarantine.keep(connection, [kept, Kept("raw", "t", "a-1", "0" * 32, 2, "kind quic", b"{}")], 10**18)
            row = {"agent": "a-1", "context": "c", "site": "Porto", "valid_from_ns": 0, "made_ns": 1}
            await connection.execute(tables.assignment.insert().values(row))
        await database.close()

    asyncio.run(work())


def test_quarantine(centre: Centre) -> None:
    """What is in quarantine is listed with its reason, shown byte for byte, and marked for replay."""
    centre.write()
    assert centre.run("setup").exit_code == 0
    assert centre.run("quarantine", "list").stdout == "nothing is in quarantine\n"
    fill(centre)
    head, *lines = centre.run("quarantine", "list").stdout.splitlines()
    assert head.split() == ["id", "received", "kind", "agent", "seq", "reason"]
    assert [line.split() for line in lines] == [
        ["2", "2001-09-09", "01:46:40", "UTC", "raw", "a-1", "2", "kind", "quic"],
        ["1", "2001-09-09", "01:46:40", "UTC", "report", "a-1", "1", "not", "JSON"],
    ]
    shown = centre.run("quarantine", "show", 1)
    assert shown.stdout_bytes == POISON
    assert json.loads(shown.stderr) == {
        "id": 1,
        "kind": "report",
        "topic": "mw/v1/agent/a-1/report/0/1",
        "reason": "not JSON",
        "received": "2001-09-09 01:46:40 UTC",
        "bytes": len(POISON),
    }
    assert centre.run("quarantine", "replay", 1, 1).stdout == "1 marked; a running collector takes them in within seconds\n"
    assert "not JSON (to be replayed)" in centre.run("quarantine", "list").stdout


def test_a_reason_is_no_markup(centre: Centre) -> None:
    """Reasons name places in payloads: brackets and colons of a stranger's are shown as they are."""
    centre.write()
    centre.run("setup")

    async def work() -> None:
        database = await open_database(centre.state_url)
        async with database.writing() as connection:
            await quarantine.keep(connection, [Kept("report", "t", "a-1", "0", 1, "facts.[key]: [/red] :smile:", POISON)], 1)
        await database.close()

    asyncio.run(work())
    assert "facts.[key]: [/red] :smile:" in centre.run("quarantine", "list").stdout


def test_quarantine_numbers_that_are_none(centre: Centre) -> None:
    """Numbers that are not there end with 1, those that cannot be with 2 and the usage."""
    centre.write()
    centre.run("setup")
    fill(centre)
    lost = centre.run("quarantine", "show", 9)
    assert (lost.exit_code, lost.stderr) == (1, "quarantine: there is no 9; see middlewatch-server quarantine list\n")
    lost = centre.run("quarantine", "replay", 1, 2, 9)
    assert (lost.exit_code, lost.stderr.startswith("quarantine: 1 of 3 found and marked (kind raw waits")) == (1, True)
    for number in (0, 10**30, "x"):
        assert centre.run("quarantine", "show", number).exit_code == 2
        assert centre.run("quarantine", "replay", number).exit_code == 2


def test_assign(centre: Centre) -> None:
    """An agent that has reported is assigned from a minute on; another agent, and a site without a name, are told."""
    centre.write()
    centre.run("setup")
    fill(centre)
    done = centre.run("assign", "a-1", " Lyon ")
    assert done.exit_code == 0
    assert re.fullmatch(r"a-1 belongs to Lyon for all it measures from [0-9 :-]+ UTC on; what is stored stays where it is\n", done.stdout)
    old, new = sorted(state_rows(centre.state_url, tables.assignment), key=lambda row: int(row.id))
    assert (old.site, new.site, new.valid_from_ns - new.made_ns) == ("Porto", "Lyon", 60 * 10**9)
    lost = centre.run("assign", "a-2", "Lyon")
    assert (lost.exit_code, "no report of agent 'a-2' has come yet" in lost.stderr) == (1, True)
    for site in (" ", "x" * 257):
        assert centre.run("assign", "a-1", site).stderr.startswith("assign: a site is a name of 1 to 256 characters")


def test_completeness(centre: Centre) -> None:
    """Each agent's expected, stored, dropped and missing reports, from the ledger alone."""
    centre.write()
    centre.run("setup")
    assert centre.run("completeness").stdout == "no agent has reported in the last 24 h\n"

    async def work() -> None:
        database = await open_database(centre.state_url)
        now_ns = time.time_ns()
        async with database.writing() as connection:
            await connection.execute(tables.agent.insert().values(id="a-1", first_seen_ns=now_ns))
            await ledger.write_heads(connection, [Head("0" * 32, "a-1", upto=1, beyond=((3, 6),), stored=False)], now_ns)
            entries = [("0" * 32, Entry(seq, "stored", f"d{seq}", "", now_ns), 25) for seq in (1, 6)]
            await ledger.write_entries(connection, entries, [], now_ns)
            await ledger.note_dropped(database, connection, {"0" * 32: ((3, 5),)}, now_ns)
        await database.close()

    asyncio.run(work())
    row = centre.run("completeness", "--hours", 1).stdout.splitlines()[-1].split()
    assert row == ["a-1", "6", "2", "0", "3", "1"]


def test_plan_commands(tmp_path: Path) -> None:
    """A key is made once and signs a plan; each file that does not do is named."""

    def plan(*arguments: object) -> Result:
        return CliRunner().invoke(cli.app, ["plan", *map(str, arguments)])

    key, draft, envelope = tmp_path / "plan.key", tmp_path / "plan.json", tmp_path / "envelope.json"
    assert re.fullmatch(r'[0-9a-f]{16} = "[A-Za-z0-9+/]{43}="\n', plan("key", key).stdout)
    assert plan("key", key).stderr == f"plan key: {key} is there already and is never overwritten; name another file\n"
    assert plan("key", tmp_path / "none" / "k").stderr.startswith(f"plan key: {tmp_path}/none/k cannot be written (No such file")
    assert plan("sign", draft, key, envelope).stderr == (
        f"plan sign: {draft}: No such file or directory; check the path and its permissions\n"
    )
    assert plan("make", tmp_path / "none" / "p").stderr.startswith(f"plan make: {tmp_path}/none/p: No such file")
    assert plan("make", draft, "--tenant", "con toso").stderr.startswith("plan make: 'con toso' is no tenant's name; write")
    assert plan("make", draft, "--instance", "USGovDoD").stdout.startswith(f"made: {draft}")
    assert json.loads(draft.read_text())["targets"][0]["host"] == "outlook-dod.office365.us"
    draft.write_text('{"version": 1}')
    assert plan("sign", draft, key, envelope).stderr == f"plan sign: {draft}: targets: Field required\n"
    draft.write_text('{"version": 1, "targets": [{"host": "a", "category": "Optimize", "workload": "Teams"}]}')
    assert plan("sign", draft, draft, envelope).stderr.startswith(f"plan sign: {draft}: holds no PEM private key")
    assert not envelope.exists()
    assert plan("sign", draft, key, envelope).stdout == f"signed: {envelope}\n"
    assert json.loads(envelope.read_text()).keys() == {"body", "key_id", "signature"}


def test_as_a_process(centre: Centre) -> None:
    """The installed program: a bad configuration is its sentence and 2; a good one serves until SIGTERM and ends with 0."""
    port = free_port()
    program = [str(PROGRAMS / "middlewatch-server"), "run", "--config", str(centre.write(console={"listen": "x"}))]
    bad = subprocess.run(program, check=False, capture_output=True, text=True, timeout=60)
    assert (bad.returncode, bad.stdout, bad.stderr) == (2, "", "config: console.listen: 'x' is not address:port; write 127.0.0.1:8300\n")
    broker = {"url": f"mqtt://127.0.0.1:{free_port()}", "embedded": True}
    centre.write(broker=broker, console={"listen": f"127.0.0.1:{port}"})
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as good:

        def healthy() -> bool:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return bool(json.load(answer)["ok"])
            return False

        try:
            until(healthy, lambda: "not healthy", 60)
            good.send_signal(signal.SIGTERM)
            out, err = good.communicate(timeout=60)
        finally:
            good.kill()
    assert (good.returncode, out) == (0, "")
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["serving", "broker_connected", "stopping"]
