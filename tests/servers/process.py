"""Real server programs on loopback: start, stop, SIGKILL, SIGSTOP, and start again on the same port with the same state.

Only processes live here, no protocol. Waiting for a program to listen is the one place where tests wait for real: nothing else can tell.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

START_SECONDS = 60.0
"""influxd needs 1 s on an idle machine; on one busy with other tests it took 10."""
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server program in its own folder and process group. `kill` is SIGKILL to all of it; `folder` outlives `stop` and `kill`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"mw-{name}-"))
        self.folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> Sequence[str]:
        """Return the command line."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Return what the program's environment has beside ours."""
        return {}

    def is_ready(self) -> bool:
        """Return whether it answers. The default: it accepts a connection."""
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self) -> Self:
        """Start it and return when it answers. Raises RuntimeError with the end of its log."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already: a second one would be nobody's to end")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.arguments(),
                cwd=self.folder,
                env=os.environ | self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} does not start: {self.log()[-2000:]}")
            time.sleep(POLL_SECONDS)
        return self

    @property
    def running(self) -> bool:
        """Return whether the program runs (stopped by SIGSTOP counts as running)."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL the whole process group."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def log(self) -> str:
        """Return all it has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def remove(self) -> None:
        """End it and delete its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)  # a stopped process takes no SIGTERM
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(STOP_SECONDS)
        self._process = None
