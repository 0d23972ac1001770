"""The demo as a process, in a laboratory on loopback: what it says, what it stores, and that nothing stays when it ends."""

import contextlib
import re
import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from demo.folder import CannotStart
from demo.here import CADENCE_S, AgentEnded, Extra, _ended, read_extra
from tests.demo.conftest import Demo, agent_lines

OBSERVATIONS = 25
"""Twelve targets by `web` and `dns`, and one `egress`."""
STORED = r"report (?P<report>\d+); stored so far: (?P<observations>\d+) observations, \d+ facts, 14 certificates"
REPORT = re.compile(rf"^\d\d:\d\d:\d\d  (?P<what>.*)   \({STORED}\)$", re.MULTILINE)


def closed_port() -> int:
    """Return a UDP port of loopback where nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_clean_in_the_lab_and_again(demo: Demo, tmp_path: Path) -> None:
    """It says what is real and what is not and finds twelve clean connections; what it counts is what is stored. A second start goes on."""
    folder = Path("kept files")  # relative, and with a space: as people type it
    first = demo.run(*demo.in_the_lab(), "--cycles", 2, "--folder", folder)
    assert (first.returncode, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert lines[0].endswith("in a laboratory.")
    assert lines[2].startswith("  simulated   the network")
    assert lines[5] == "The first report comes within about 20 seconds, then one every 0.5 s. Ctrl-C ends it."
    told = REPORT.search(lines[7])
    assert told, lines[7]
    assert (told["what"], int(told["observations"])) == ("● all 12 connections clean", OBSERVATIONS * int(told["report"]))
    assert lines[8].split()[:3] == ["●", "clean", "device.login.microsoftonline.com:443"]
    assert lines[-1] == f"stopped after 2 reports; its files are kept in {tmp_path / folder}"
    with contextlib.closing(sqlite3.connect(tmp_path / folder / "state.db")) as state:
        ((stored, observations),) = state.execute("SELECT count(*), sum(observations) FROM ledger WHERE state = 'stored'").fetchall()

    second = demo.run(*demo.in_the_lab(), "--cycles", 1, "--folder", folder)
    assert (second.returncode, second.stderr) == (0, "")
    told = REPORT.search(second.stdout)
    assert told, second.stdout
    assert (int(told["report"]) > stored, int(told["observations"]) > observations) == (True, True), "it goes on where the first ended"
    assert demo.left_behind() == []


def test_offline_is_honest(demo: Demo) -> None:
    """With no resolver answering it says that there is no way to the Internet, blames nobody, and ends with 0."""
    lab = agent_lines(demo.scratch.parent / "offline.toml", f"127.0.0.1:{closed_port()}")
    done = demo.run("--agent-config", lab, "--cycles", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert "■ all 12 connections unreachable   (report " in done.stdout
    assert done.stdout.count("this machine has no way to the Internet") == 1
    assert "That says nothing about Microsoft 365, nor about any device." in done.stdout
    assert "for:" not in done.stdout
    assert "inspected" not in done.stdout
    assert done.stdout.endswith("\nstopped after 2 reports; nothing is left behind\n")
    assert demo.left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_in_good_order(demo: Demo, number: signal.Signals) -> None:
    """Ctrl-C, and a plain kill, end agent and centre; no folder and no process stays."""
    process = demo.start(*demo.in_the_lab())
    assert process.stdout is not None
    for line in process.stdout:
        if REPORT.search(line):
            break
    assert len(demo.left_behind()) == 2, "a folder and an agent while it runs"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("\nstopped; nothing is left behind\n")
    assert demo.left_behind() == []


def test_agent_that_cannot_start(demo: Demo) -> None:
    """What the agent says of its configuration is told, with status 2 and no traceback."""
    lab = demo.scratch.parent / "wrong.toml"
    lab.write_text("[uplnk]\nresend_s = 3\n")
    done = demo.run("--agent-config", lab)
    assert done.returncode == 2
    assert done.stderr.startswith("demo: the agent ended with status 2; its last words (agent.log):\n  config: uplnk: no such section")
    assert "Traceback" not in done.stderr
    assert demo.left_behind() == []


def test_ended(tmp_path: Path) -> None:
    """An agent that ended otherwise than by its configuration is told as that, with the end of its log."""
    (tmp_path / "agent.log").write_text("\n".join(f"line {number}" for number in range(9)))
    told = _ended(tmp_path, -9)
    assert isinstance(told, AgentEnded)
    assert str(told).splitlines() == [
        "demo: the agent ended with status -9; its last words (agent.log):",
        *(f"  line {n}" for n in range(4, 9)),
    ]


def test_extra(tmp_path: Path) -> None:
    """Of more configuration the demo tells what concerns it: whether this is a laboratory, and how often a report comes."""
    assert read_extra(None) == Extra("", lab=False, cadence_s=CADENCE_S)
    file = tmp_path / "extra.toml"
    for text, lab, cadence_s in (
        ("", False, CADENCE_S),
        ("[uplink]\nwindow = 3\n", False, CADENCE_S),
        ("[trust]\nos_roots = 'a'\n", True, CADENCE_S),
        ("[lab]\ncadence_s = 2\n", True, 2.0),
        ("[lab]\ncadence_s = 'x'\n", True, CADENCE_S),
        ("lab = 3\n", True, CADENCE_S),
    ):
        file.write_text(text)
        assert read_extra(file) == Extra(text, lab, cadence_s), text


def test_unusable_extra(tmp_path: Path) -> None:
    """A file that is not there, or is not TOML, is one sentence with its name."""
    with pytest.raises(CannotStart, match=r"--agent-config .*nowhere\.toml cannot be read \(No such file or directory\)"):
        read_extra(tmp_path / "nowhere.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(CannotStart, match=r"x\.toml is not TOML"):
        read_extra(tmp_path / "x.toml")
