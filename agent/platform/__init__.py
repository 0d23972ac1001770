"""The operating system, one file for each behind `agent.platform.port.Platform`. Every difference between systems lives here.

Parsers are pure functions over the text of the system's own tools; nothing but `machine.py` reads a file or starts a program.
What has not been run on the real system is listed in `docs/platforms.md`.
"""

import sys

from agent.platform.linux import Linux
from agent.platform.machine import Machine, ThisMachine
from agent.platform.macos import MacOs
from agent.platform.port import Platform
from agent.platform.windows import Windows


def here(machine: Machine | None = None, system: str = sys.platform) -> Platform:
    """Return the platform this program runs on; what is neither Windows nor macOS is read as Linux is, and says nothing where it is not."""
    machine = machine or ThisMachine()
    if system == "win32":
        return Windows(machine)
    return MacOs(machine) if system == "darwin" else Linux(machine)
