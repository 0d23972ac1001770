"""The demo where the machine is poor: no IPv6, and its main process killed. Needs root for a network namespace of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.programs import PROGRAMS
from tests.lab.readback import until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0,
    reason="NOT RUN: a machine without IPv6 is made by root in a network namespace",
)
NO_IPV6 = """
ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && exec "$@"
"""
LOOK = """
import re, sys, urllib.request
page = urllib.request.urlopen(sys.argv[1], timeout=30).read().decode()
print(len(re.findall('<tr data-key=', page)))
"""


def processes(folder: Path) -> list[str]:
    """Return the command lines that speak of this folder."""
    told = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if str(folder) in line]


def test_without_ipv6_and_killed(tmp_path: Path) -> None:
    """Without IPv6 the page comes with its sites; when the main process is killed every other one ends by itself, agents included."""
    folder = tmp_path / "demo"
    command = [str(PROGRAMS / "middlewatch-demo"), "up", "--port", "0", "--fleet", "3", "--folder", str(folder)]
    process = subprocess.Popen(
        ["unshare", "--net", "bash", "-c", NO_IPV6, "bash", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        address = ""
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"open +(http://\S+)", line):
                address = found[1]
            if "Ctrl-C ends it" in line:
                break
        enter = ["nsenter", "--net", "--target", str(process.pid), sys.executable, "-c", LOOK, address]

        def sites() -> str:
            return subprocess.run(enter, check=False, capture_output=True, text=True).stdout.strip()

        until(lambda: sites() == "6", sites)
        assert len(processes(folder)) >= 7, "centre, world, fleet and four agents"
    finally:
        process.kill()
        process.communicate()
    until(lambda: not processes(folder), lambda: processes(folder))
