"""`middlewatch-agent`: arguments only. argparse, because `run` must not carry a toolkit for terminals (typer and rich: 6 MB, measured).

Exit status: 0 done or clean, 1 findings, 2 could not run (sentences on standard error, never a traceback).
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

INSTANCES = ("Worldwide", "China", "USGovGCCHigh", "USGovDoD")
"""Microsoft's clouds, as its endpoint web service names them."""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(
        prog="middlewatch-agent", description="Measures how this machine reaches Microsoft 365, and what stands in the way."
    )
    top.add_argument("--version", action="version", version=f"middlewatch-agent {version('middlewatch')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="check | run")
    check = commands.add_parser("check", help="measure once and judge here; nothing is sent to a centre")
    check.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    check.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained page, to mail or to keep")
    check.add_argument("--markdown", type=Path, metavar="FILE", help="write the same as text for a ticket; - prints it")
    check.add_argument("--tenant", default="", metavar="NAME", help="your tenant's name: its own SharePoint and mail names are asked too")
    check.add_argument("--instance", default="Worldwide", choices=INSTANCES, help="which of Microsoft's clouds (default: Worldwide)")
    check.add_argument("--place", type=read_place, metavar="LAT,LON", help="where this machine is, in degrees: distances are told with it")
    check.add_argument("--config", type=Path, metavar="FILE", help="the agent's TOML file (optional: plan, trust and lab are used)")
    run = commands.add_parser("run", help="measure for ever and report to the centre")
    run.add_argument("--config", type=Path, metavar="FILE", required=True, help="the agent's TOML file")
    return top


def read_place(text: str) -> tuple[float, float]:
    """Return latitude and longitude of `latitude,longitude` in degrees, north and east up. Raises ArgumentTypeError."""
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude, longitude = 91.0, 181.0
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise argparse.ArgumentTypeError(f"{text!r} is not a place; write latitude and longitude in degrees, such as 50.11,8.68")
    return latitude, longitude


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    chosen = parser().parse_args(arguments)
    try:
        if chosen.command == "run":
            from agent.run import main as run  # noqa: PLC0415 - `check` loads what `run` must not, and the other way round

            return run(chosen.config)
        from agent.check.checking import main as check  # noqa: PLC0415 - as above
        from agent.check.wish import Wish  # noqa: PLC0415 - as above

        wish = Wish(chosen.json, chosen.html, chosen.markdown, chosen.place, chosen.instance, chosen.tenant)
        return check(chosen.config, wish)
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells have it


if __name__ == "__main__":
    sys.exit(main())
