"""`middlewatch-demo`: up, insert, remove, here. Only arguments and last words live here.

Exit status: 0 done, or stopped by Ctrl-C or after --cycles; 1 it ran and failed; 2 it could not start.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import FrameType
from typing import Any

from demo.acting import NotDone, act
from demo.folder import CannotStart
from demo.here import AgentEnded, here
from demo.up import DEFAULT_PORT, MOST_SIMULATED, Wish, up


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status."""
    asked = _parser().parse_args(arguments)
    _end_like_ctrl_c("SIGTERM", "SIGHUP")
    try:
        if asked.command in {"insert", "remove"}:
            print(act(asked.command, asked.site, asked.port))  # noqa: T201 - the answer a person asked for
            return 0
        return _run(asked)
    except (CannotStart, AgentEnded, NotDone) as reason:
        print(reason, file=sys.stderr)  # noqa: T201 - the sentence a person needs
        return 2 if isinstance(reason, CannotStart) else 1
    except BrokenPipeError:  # `| head` has seen enough; standard output must not be flushed at exit (Python's documentation of SIGPIPE)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _run(asked: argparse.Namespace) -> int:
    kept = f"its files are kept in {asked.folder.absolute()}" if asked.folder else "nothing is left behind"
    try:
        asyncio.run(_work(asked))
        print(f"\nstopped after {asked.cycles} report{'s' * (asked.cycles > 1)}; {kept}")  # noqa: T201 - said to the person who asked for so many
    except KeyboardInterrupt:
        print(f"\nstopped; {kept}")  # noqa: T201 - said to the person who pressed Ctrl-C
    return 0


def _work(asked: argparse.Namespace) -> Coroutine[Any, Any, None]:
    if asked.command == "up":
        return up(Wish(asked.folder, asked.port, asked.fleet, asked.with_servers, asked.cycles))
    return here(asked.folder, asked.cycles, asked.agent_config, asked.public_roots)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="middlewatch-demo", description="See Middlewatch work on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up | insert | remove | here")
    one = commands.add_parser("up", help="start a stand-in world, real agents, a simulated fleet and the centre with its live page")
    _run_options(one)
    one.add_argument(
        "--port", type=_number("a port", 0, 65_535), default=DEFAULT_PORT, help="of the page; 0 takes any free one (default: 8300)"
    )
    one.add_argument(
        "--fleet", type=_number("a number of sites", 0, MOST_SIMULATED), default=60, metavar="N", help="simulated sites (default: 60)"
    )
    one.add_argument(
        "--with-servers", action="store_true", help="a real mosquitto and InfluxDB in place of the built-in ones (scripts/servers)"
    )
    for word, what in (("insert", "put an inspection device into a site's path"), ("remove", "take it out again")):
        one = commands.add_parser(word, help=what)
        one.add_argument("site", metavar="SITE", help="Frankfurt, Lyon or Porto")
        one.add_argument(
            "--port", type=_number("a port", 1, 65_535), default=DEFAULT_PORT, help="of the running demo's page (default: 8300)"
        )
    one = commands.add_parser("here", help="measure the real Microsoft 365 names from this machine: the centre and one real agent")
    _run_options(one)
    one.add_argument("--agent-config", type=Path, default=None, help="for laboratories: more lines for the agent's configuration")
    one.add_argument("--public-roots", type=Path, default=None, help="for laboratories: a PEM file in place of the centre's public roots")
    return parser


def _run_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--folder", type=Path, default=None, help="where to keep its files (default: a folder that goes when it stops)")
    one.add_argument("--cycles", type=_count, default=0, help="stop after so many reports (default: run until Ctrl-C)")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of reports; write 0 to run until Ctrl-C")
    return int(text)


def _number(what: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}; write one from {low} to {high}")
        return int(text)

    return read


def _end_like_ctrl_c(*names: str) -> None:
    """Make a closed terminal and a plain `kill` end it in good order too, or its agents would go on alone."""
    for name in names:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup's wish stays
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started with `&` by a script
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
