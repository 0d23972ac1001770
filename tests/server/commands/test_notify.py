"""Holds server/commands/notify.py: targets, queue, test letter and alerts as a person sees them, without a secret."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server import cli
from server.notify.sending import Outlet, Sending
from server.state.database import open_database
from server.watcher.notices.routing import Rule
from tests.fakes.notices import Desk, Fake


class Office:
    """A configuration with one webhook, and a state database with an alert and its letters."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9/hook") -> None:
        self.config, self.secret = folder / "server.toml", folder / "secret"
        self.secret.write_text("not-a-real-secret\n")
        self.state = f"sqlite+aiosqlite:///{folder / 'state.db'}"
        target = f'name = "noc"\nkind = "webhook"\nurl = "{url}"\nsecret_file = "{self.secret}"\nsites = ["Ly*"]\n'
        self.config.write_text(
            f'[history]\nkind = "embedded"\n[broker]\nurl = "mqtt://localhost"\n[state]\nurl = "{self.state}"\n[[notify.targets]]\n{target}'
        )

    def run(self, *arguments: str) -> Result:
        """Run `middlewatch-server notify`."""
        return CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, ["notify", *arguments, "--config", str(self.config)])

    async def happen(self) -> str:
        """Let a site go down, and nobody take the letter; return the alert."""
        database = await open_database(self.state)
        desk = Desk(database, Rule("noc", digest_hour=-1), wait_s=0)
        await desk.step()
        await desk.tell("site-down")
        await desk.step(1)
        await Sending(Outlet("noc", Fake("it answered 500"), 3600)).step(desk.lead)
        (letter,) = await desk.letters()
        await database.close()
        return str(letter["alert"])


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Give an office."""
    return Office(tmp_path)


def test_targets_queue_and_alerts(office: Office) -> None:
    """What is configured, what waits and why, what is open, who has seen it."""
    alert = asyncio.run(office.happen())
    listed = office.run("list").output
    assert "noc" in listed
    assert "Ly*" in listed
    queue = office.run("queue").output
    assert "P1 Lyon: Optimize endpoints not reached" in queue
    assert "it answered 500" in queue
    assert "no such letter" in office.run("queue", "--state", "sent").output
    assert alert in office.run("alerts").output
    done = office.run("acknowledge", alert, "--by", "ana")
    assert done.exit_code == 0, done.output
    assert "ana" in office.run("alerts").output
    assert "no such alert" in office.run("alerts", "--state", "closed").output
    assert "not-a-real-secret" not in listed + queue


def test_what_cannot_be_done(office: Office) -> None:
    """One sentence each, with the remedy."""
    asyncio.run(office.happen())
    for arguments, status, told in (
        (("test", "other"), 2, "there is no target 'other'; see middlewatch-server notify list"),
        (("test", "noc"), 1, "notify test: noc: cannot be reached ("),
        (("acknowledge", "nothing", "--by", "ana"), 1, "there is no alert 'nothing'"),
        (("acknowledge", "nothing", "--by", " "), 2, "--by is a name"),
    ):
        done = office.run(*arguments)
        assert done.exit_code == status, done.output
        assert told in done.output
    office.secret.unlink()
    assert "notify.targets.0.secret_file: " in office.run("test", "noc").output


@contextmanager
def somebody() -> Iterator[tuple[str, list[bytes]]]:
    """Give the address of a server in a thread (the command has a loop of its own), and what it got."""
    got: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_test_letter(tmp_path: Path) -> None:
    """It goes at once and says that it is one; the state database is not needed for it."""
    with somebody() as (url, got):
        done = Office(tmp_path, url).run("test", "noc")
    assert done.exit_code == 0, done.output
    assert "noc took a test letter" in done.output
    assert b"This is a test of the target noc" in got[0]
