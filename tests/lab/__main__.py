"""The laboratory's entry: `python tests/lab/__main__.py [--record] [NAME ...]`; its own programs are started by the words `link` and `row`.

Another distribution installs a package called `tests`; whatever runs here must see ours.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import tests

tests.__path__ = [str(Path(__file__).parents[1])]


def main(arguments: list[str]) -> int:
    """Do what the first word says; return the exit status."""
    if arguments[:1] == ["link"]:
        from tests.lab import delay_link  # noqa: PLC0415 - the link carries packets and needs nothing else

        delay_link.main(*arguments[1:])
        return 0
    from tests.lab import laboratory  # noqa: PLC0415 - as above

    return laboratory.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
