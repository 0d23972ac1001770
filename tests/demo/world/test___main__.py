"""The world as a process: one line when ready, one for each command, an end with its standard input, sentences for what is wrong."""

import base64
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.world.__main__ import USAGE
from tests.tree import ROOT

SITE = {
    "name": "Lyon",
    "egress_address": "203.0.113.20",
    "resolver_address": "203.0.113.21",
    "front_door": "CDG",
    "latitude": 45.76,
    "longitude": 4.84,
    "delay_ms": 1,
}


def command(*arguments: object) -> list[str]:
    """Return the command line of a world."""
    return [sys.executable, "-m", "demo.world", *map(str, arguments)]


@contextlib.contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a world of one site."""
    file = folder / "config.json"
    file.write_text(json.dumps({"folder": str(folder / "world"), "sites": [SITE], "hosts": ["outlook.office365.com"]}))
    pipe = subprocess.PIPE
    with subprocess.Popen(command(file), stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:
        yield process
        process.kill()


def told(process: subprocess.Popen[str], *lines: str) -> list[dict[str, Any]]:
    """Write lines and return one answer for each, or the first line without any."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{line}\n" for line in lines))
    process.stdin.flush()
    return [json.loads(process.stdout.readline()) for _ in lines or (None,)]


@pytest.mark.programs
def test_whole_run(tmp_path: Path) -> None:
    """It says where everything is, does and answers each line in order, and ends with its standard input."""
    with started(tmp_path) as process:
        (ready,) = told(process)
        assert list(ready) == ["links", "public_roots", "os_roots", "reflector", "whoami"]
        assert list(ready["links"]["Lyon"]["connect"]) == [
            "outlook.office365.com:443",
            "outlook.office365.com:443/udp",
            *(f"worldaz.tr.teams.microsoft.com:{port}/udp" for port in (3478, 3479, 3480, 3481)),
            "reflector.middlewatch.example:80",
        ]
        key = ready["reflector"].pop("key")
        assert ready["reflector"] == {"host": "reflector.middlewatch.example", "port": 80, "protocol": "http"}
        assert len(base64.b64decode(key)) == 32
        public, os_roots = (Path(ready[name]).read_text() for name in ("public_roots", "os_roots"))
        assert (public.count("BEGIN"), os_roots.count("BEGIN"), os_roots.startswith(public)) == (1, 2, True)
        lines = [
            '{"insert": "Lyon"}',
            '{"remove": "Lyon"}',
            '{"insert": "Paris"}',
            "nonsense",
            '{"insert": "Lyon", "remove": "Lyon"}',
            "[]",
        ]
        answers = told(process, *lines)
        assert answers[:2] == [{"ok": True}, {"ok": True}]
        assert answers[2] == {"error": "world: there is no site 'Paris'; write one of Lyon"}
        assert answers[3:] == [{"error": 'world: a line is not understood; write {"insert": "SITE"} or {"remove": "SITE"}'}] * 3
        out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("", "", 0)


@pytest.mark.programs
@pytest.mark.skipif(sys.platform == "win32", reason="a shell's `&`: Unix")
def test_ends_by_a_plain_kill_where_ctrl_c_is_ignored(tmp_path: Path) -> None:
    """A shell that starts the demo with `&` makes it deaf to Ctrl-C, and all it starts; a plain kill still ends it."""
    (tmp_path / "config.json").write_text(json.dumps({"folder": str(tmp_path / "world"), "sites": [SITE]}))
    deaf = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", *command(tmp_path / "config.json")]
    with subprocess.Popen(deaf, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            told(process)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


@pytest.mark.programs
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_by_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """A plain kill and Ctrl-C end it without a word while its standard input is still open."""
    with started(tmp_path) as process:
        told(process)
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.programs
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), USAGE),
        (("missing.json",), "world: missing.json cannot be read (No such file or directory); name a JSON file"),
        (("bad.json",), "world: folder is missing; write the path of a folder for keys and roots"),
        (("file.json",), "authority: /dev/null/authority cannot be made (Not a directory); name a folder you can write"),
    ],
)
def test_cannot_start(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """What keeps it from starting is one sentence and exit status 2."""
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "file.json").write_text(json.dumps({"folder": "/dev/null", "sites": [SITE]}))
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        command(*arguments), check=False, capture_output=True, text=True, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{sentence}\n")
