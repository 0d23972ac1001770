"""A laboratory for the demo: every name of the shipped plan on loopback, and the two files that lead the demo there."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.planning import default_plan
from tests.lab.programs import PROGRAMS, toml
from tests.lab.world import World


def agent_lines(file: Path, resolver: str, **more: Mapping[str, object]) -> Path:
    """Write more configuration for the demo's agent, two reports a second; return the file."""
    lab = {"enabled": True, "resolvers": [resolver], **more.pop("lab", {})}
    file.write_text(toml({"lab": lab, **more}).replace("[lab]", "[lab]\ncadence_s = 0.5"))
    return file


@dataclass
class Demo:
    """`middlewatch-demo` as a person starts it; folders nobody asked for are made in `scratch`."""

    scratch: Path
    world: World
    lab: Path
    public_roots: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start `middlewatch-demo here` with these arguments."""
        process = subprocess.Popen(
            [str(PROGRAMS / "middlewatch-demo"), "here", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(self.scratch), "PYTHONUNBUFFERED": "1"},
            cwd=self.scratch.parent,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def in_the_lab(self) -> tuple[object, ...]:
        """Return the arguments that lead it into the laboratory."""
        return "--agent-config", self.lab, "--public-roots", self.public_roots

    def left_behind(self) -> list[str]:
        """Return the folders and the agents that are still there."""
        told = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, capture_output=True, text=True).stdout
        agents = [line for line in told.splitlines() if " -m agent run " in line and str(self.scratch.parent) in line]
        return [path.name for path in self.scratch.iterdir()] + agents


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Give the demo and an open laboratory."""
    if sys.platform == "win32":
        pytest.skip("signals and ps: Unix")
    scratch, made = tmp_path / "scratch", tmp_path / "made"
    scratch.mkdir()
    made.mkdir()
    with World(made, [one.host for one in default_plan().targets if one.protocol == "https"]) as world:
        trust = {"os_roots": world.os_roots, "public_roots": world.public_roots}
        lab = agent_lines(made / "lab.toml", world.resolver, trust=trust, lab={"connect": world.connect})
        running = Demo(scratch, world, lab, world.public_roots)
        yield running
        for process in running.started:
            process.kill()
            process.communicate()
