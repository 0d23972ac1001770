"""`middlewatch-demo up`: the whole of Middlewatch on one machine, no servers needed. Only arguments and last words live here.

Exit status: 0 stopped by Ctrl-C or after --cycles, 1 the agent ended by itself, 2 could not start.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from demo.up import AgentEnded, CannotStart, up


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status."""
    asked = _parser().parse_args(arguments)
    _end_like_ctrl_c("SIGTERM", "SIGHUP")
    kept = f"its files are kept in {asked.folder.absolute()}" if asked.folder else "nothing is left behind"
    try:
        asyncio.run(up(asked.folder, asked.cycles, asked.agent_config, asked.public_roots))
        print(f"\nstopped after {asked.cycles} report{'s' * (asked.cycles > 1)}; {kept}")  # noqa: T201 - said to the person who asked for so many
    except (CannotStart, AgentEnded) as reason:
        print(reason, file=sys.stderr)  # noqa: T201 - the sentence a person needs
        return 2 if isinstance(reason, CannotStart) else 1
    except KeyboardInterrupt:
        print(f"\nstopped; {kept}")  # noqa: T201 - said to the person who pressed Ctrl-C
    except BrokenPipeError:  # `| head` has seen enough; standard output must not be flushed at exit (Python's documentation of SIGPIPE)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="middlewatch-demo", description="See Middlewatch work on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up")
    one = commands.add_parser("up", help="start the centre and one real agent of this machine, and print what they find")
    one.add_argument("--folder", type=Path, default=None, help="where to keep its files (default: a folder that goes when it stops)")
    one.add_argument("--cycles", type=_count, default=0, help="stop after so many reports (default: run until Ctrl-C)")
    one.add_argument("--agent-config", type=Path, default=None, help="for laboratories: more lines for the agent's configuration")
    one.add_argument("--public-roots", type=Path, default=None, help="for laboratories: a PEM file in place of the centre's public roots")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of reports; write 0 to run until Ctrl-C")
    return int(text)


def _end_like_ctrl_c(*names: str) -> None:
    """Make a closed terminal and a plain `kill` end it in good order too, or its agent would go on alone, asking Microsoft for ever."""
    for name in names:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup's wish stays
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
