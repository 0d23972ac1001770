"""A real PostgreSQL: a cluster in a temporary folder, and a fresh database for each test.

PostgreSQL refuses to run as root, so as root it runs as the user `postgres` (or `nobody`), to whom the folder is given.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from tests.servers.process import POLL_SECONDS, Server


class Postgres(Server):
    """Trusts every user on loopback. `programs` is the folder that holds `initdb`, `postgres` and `psql`."""

    def __init__(self, programs: str) -> None:
        super().__init__("postgres")
        self._programs = Path(programs)
        self._data = self.folder / "data"

    def arguments(self) -> Sequence[str]:
        """Return the command line, after making the cluster if there is none.

        `-F`: no fsync. A SIGKILL does not lose what the kernel has; a loss of power is not tested here.
        """
        if not self._data.exists():
            self._give_folder_away()
            make = [str(self._programs / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
            subprocess.run([*self._as_user(), *make, "--no-locale"], check=True, capture_output=True, cwd=self.folder)
        run = [
            str(self._programs / "postgres"),
            "-D",
            str(self._data),
            "-k",
            str(self.folder),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-F",
        ]
        return [*self._as_user(), *run]

    def is_ready(self) -> bool:
        """Return whether it takes queries."""
        return self._psql("SELECT 1").returncode == 0

    def stop(self) -> None:
        """End it in good order without waiting for clients: `pg_ctl stop -m fast`."""
        if self.running:
            stop = [str(self._programs / "pg_ctl"), "stop", "-D", str(self._data), "-m", "fast"]
            subprocess.run([*self._as_user(), *stop], check=True, capture_output=True, cwd=self.folder)
        super().stop()

    def kill(self) -> None:
        """SIGKILL the postmaster and its backends: each backend is a session of its own, so the process group is not all of it.

        They would end by themselves soon after, but until then a new postmaster refuses to start.
        """
        backends = self._backends()
        super().kill()
        for backend in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
        while any(_lives(backend) for backend in backends):
            time.sleep(POLL_SECONDS)

    def _backends(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children") if self._process else Path("/nowhere")
        return [int(word) for word in children.read_text().split()] if children.exists() else []

    def fresh(self) -> str:
        """Make an empty database and return its SQLAlchemy address."""
        name = f"test_{uuid4().hex[:12]}"
        made = self._psql(f"CREATE DATABASE {name}")
        if made.returncode:
            raise RuntimeError(f"cannot make a database: {made.stderr!r}")
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{name}"

    def _psql(self, statement: str) -> subprocess.CompletedProcess[bytes]:
        client = [str(self._programs / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-X", "-q", "-c", statement]
        return subprocess.run(client, check=False, capture_output=True, cwd=self.folder)

    def _user(self) -> str:
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        entry = pwd.getpwnam(self._user())
        return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]

    def _give_folder_away(self) -> None:
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self._user())
            shutil.chown(self.folder, entry.pw_uid, entry.pw_gid)


def _lives(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be reaped (state Z) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
