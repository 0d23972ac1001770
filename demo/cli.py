"""`middlewatch-demo up`: the whole of Middlewatch on one machine, no servers needed. Only arguments live here."""

import argparse
import asyncio
import sys
from pathlib import Path

from demo.up import CannotStart, up


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 stopped by Ctrl-C or after --cycles, 2 could not start."""
    parser = argparse.ArgumentParser(prog="middlewatch-demo", description="See Middlewatch work on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up")
    one = commands.add_parser("up", help="start the centre and one real agent of this machine, and print what they find")
    one.add_argument("--folder", type=Path, default=None, help="where to keep its files (default: a folder that goes when it stops)")
    one.add_argument("--cycles", type=int, default=0, help="stop after so many reports (default: run until Ctrl-C)")
    one.add_argument("--agent-config", type=Path, default=None, help="more lines for the agent's configuration, for laboratories")
    asked = parser.parse_args(arguments)
    try:
        asyncio.run(up(asked.folder, asked.cycles, asked.agent_config))
    except CannotStart as reason:
        print(reason, file=sys.stderr)  # noqa: T201 - the sentence a person needs
        return 2
    except KeyboardInterrupt:
        print("\nstopped; nothing is left behind")  # noqa: T201 - said to the person who pressed Ctrl-C
    return 0


if __name__ == "__main__":
    sys.exit(main())
