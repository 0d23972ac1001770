"""Children of the demo: asked by lines, ended in good order, gone with a parent that is killed."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.child import Asking, child, last_words
from demo.folder import CannotStart

ECHO = """\
import sys, json
print(json.dumps({'ready': 1}), flush=True)
for line in sys.stdin:
    print(json.dumps({'heard': json.loads(line)}), flush=True)
"""
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)\n"


async def test_asked_by_lines(tmp_path: Path) -> None:
    """A child says when it is ready and answers each question; the end of its input ends it."""
    async with child([sys.executable, "-c", ECHO], tmp_path / "log", asked=True) as process:
        asking = Asking("world", process, tmp_path / "log")
        assert await asking.ready() == {"ready": 1}
        assert await asking.ask({"insert": "Porto"}) == {"heard": {"insert": "Porto"}}
    assert process.returncode is not None


async def test_child_that_does_not_start(tmp_path: Path) -> None:
    """A child that ends instead of getting ready is told with its last words."""
    log = tmp_path / "world.log"
    async with child([sys.executable, "-c", "raise SystemExit('world: folder: cannot be written')"], log, asked=True) as process:
        with pytest.raises(CannotStart) as told:
            await Asking("world", process, log).ready()
    assert str(told.value) == "demo: the world does not start; its last words (world.log):\n  world: folder: cannot be written"


async def test_child_that_is_gone(tmp_path: Path) -> None:
    """A question to a child that has ended raises, and does not hang."""
    log = tmp_path / "log"
    async with child([sys.executable, "-c", "print('{}')"], log, asked=True) as process:
        asking = Asking("world", process, log)
        await asking.ready()
        await process.wait()
        with pytest.raises(ConnectionError):
            await asking.ask({})


async def test_stubborn_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that takes no SIGTERM is killed after the time it is given."""
    monkeypatch.setattr("demo.child.STOP_SECONDS", 0.1)
    async with child([sys.executable, "-u", "-c", STUBBORN], tmp_path / "log", asked=True) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"up\n"
    assert process.returncode == -signal.SIGKILL


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is util-linux's")
def test_dies_with_its_parent(tmp_path: Path) -> None:
    """A child that is not asked anything ends when its parent is killed: nothing goes on measuring alone."""
    parent = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom demo.child import child\n"
        "async def main():\n"
        "    async with child(['sleep', '600'], Path(sys.argv[1])) as one:\n"
        "        print(one.pid, flush=True)\n        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    watch = os.pidfd_open(pid)
    process.kill()
    process.communicate()
    poll = select.poll()
    poll.register(watch)
    assert poll.poll(30_000), "it lives on"
    os.close(watch)


def test_last_words(tmp_path: Path) -> None:
    """Of a log the last five lines are told; of an empty one that it said nothing."""
    log = tmp_path / "agent.log"
    log.write_text("")
    assert last_words(log) == "it said nothing"
    log.write_text("\n".join(f"line {number}" for number in range(9)))
    assert last_words(log).splitlines() == ["its last words (agent.log):", *(f"  line {number}" for number in range(4, 9))]
