"""The laboratory's own world inside this machine: private network, mount and process namespaces, in which it starts itself again.

All of it ends with the first process inside, and that one with its parent: what an interrupted run leaves is nothing. `/run` and the work
folder are in memory and private. Only what makes the isolation lives here; no network is built.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.tree import ROOT

WORK = Path("/run/middlewatch-lab")
"""In the private `/run`: configurations, keys, logs. Readable by the unprivileged agent where it must be."""
NOBODY = 65_534
"""The uid and gid of Debian's nobody and nogroup."""
NEEDED = ("ip", "nft", "setpriv", "nsenter", "mount", "squid", "sslsplit", "haproxy", "tinyproxy", "dnsmasq", "mitmdump")
"""Programs of a laboratory; `scripts/servers` brings them and says where they are."""
OWN = (sys.executable, "-P", str(Path(__file__).with_name("__main__.py")))
"""How the laboratory starts a program of its own."""
_CLONE_NEWNET, _CLONE_NEWNS, _CLONE_NEWPID = 0x4000_0000, 0x0002_0000, 0x2000_0000
"""linux/sched.h"""
_PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""
_libc = ctypes.CDLL(None, use_errno=True)


class CannotRun(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The laboratory cannot run here; the text says why and what to do."""


def programs() -> dict[str, str]:
    """Return name and path of each program the laboratory uses, as scripts/servers knows them. Raises CannotRun when one is missing."""
    told = subprocess.run(["bash", str(ROOT / "scripts" / "servers"), "--where"], check=False, capture_output=True, text=True)
    found = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
    found |= {name: path for name in NEEDED if name not in found and (path := shutil.which(name, path=_path()))}
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise CannotRun(f"lab: {', '.join(missing)}: not here; run scripts/servers as root, which brings them")
    return found


def requirements() -> None:
    """Raise CannotRun unless a laboratory can be built here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise CannotRun("lab: network namespaces with real intermediaries need root on Linux; run it as root, or in CI")
    if not Path("/dev/net/tun").exists():
        raise CannotRun("lab: /dev/net/tun is not here, and links with delay are made of it; give the container that device")
    programs()


def command(*arguments: str) -> list[str]:
    """Return the command that runs the laboratory as a child that dies with its parent."""
    return ["setpriv", "--pdeathsig", "KILL", *OWN, *arguments]


def inside() -> bool:
    """Return whether this process is the laboratory's first process in its own namespaces."""
    return os.getpid() == 1


def enter(arguments: Sequence[str]) -> int:
    """Run the laboratory in namespaces of its own, to its end or a signal; return its exit status.

    It runs as first process of a process namespace: the kernel ends whatever it started when it ends, and it ends when this one does.
    """
    if _libc.unshare(_CLONE_NEWNET | _CLONE_NEWNS | _CLONE_NEWPID):
        raise CannotRun(f"lab: this kernel or container allows no namespaces of its own ({os.strerror(ctypes.get_errno())})")
    child = os.fork()
    if child == 0:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.chdir(ROOT)
        os.execve(OWN[0], [*OWN, *arguments], os.environ | {"PATH": _path()})  # noqa: S606 - the point
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) % 256


def prepare(kept: Sequence[Path] = ()) -> None:
    """Make the private `/proc`, `/run` and work folder; let an unprivileged user reach interpreter and source, and us what is `kept`."""
    for one in (["--make-rprivate", "/"], ["-t", "proc", "proc", "/proc"], ["-t", "tmpfs", "-o", "mode=755", "lab", "/run"]):
        subprocess.run(["mount", *one], check=True)
    WORK.mkdir()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    _let_pass([place.resolve() for place in (Path(sys.base_prefix), Path(sys.prefix), ROOT, *kept)])


def _let_pass(places: Sequence[Path]) -> None:
    """Where a folder above a place may not be entered by others, show an empty one there that holds those places alone."""
    closed = {place: next((above for above in reversed(place.parents) if not above.stat().st_mode & 0o001), None) for place in places}
    aside = {place: WORK / f"kept-{number}" for number, (place, above) in enumerate(closed.items()) if above is not None}
    for place, kept in aside.items():
        kept.mkdir()
        subprocess.run(["mount", "--bind", str(place), str(kept)], check=True)
    for above in {one for one in closed.values() if one is not None}:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", str(above)], check=True)
    for place, kept in aside.items():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--move", str(kept), str(place)], check=True)


@contextlib.contextmanager
def network(name: str) -> Iterator[None]:
    """Make sockets in a named network namespace within the body; no `await` may stand in it, the thread is switched."""
    own, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        _set(there)
        yield
    finally:
        _set(own)
        os.close(own)
        os.close(there)


def _set(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _path() -> str:
    """Return a PATH with the folders of Debian's servers."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin:/usr/bin:/bin"
