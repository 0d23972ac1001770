"""`python -m agent` is the agent's command line."""

import subprocess
import sys
from pathlib import Path


def test_the_module_runs_as_the_program() -> None:
    """The same program by its module name."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "agent", "--version"], check=True, capture_output=True, text=True, cwd=root)
    assert done.stdout.startswith("middlewatch-agent ")
