"""Where a demo keeps its files: a folder the user names, or one that goes when the demo ends. Refusals are sentences."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED_MB = 200
"""An hour of the demo with 60 simulated sites writes about 100 MB (measured); the rest is for logs and the write-ahead logs."""


class CannotStart(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The demo could not start; the text says why and what to do."""


def _free_mb(place: Path) -> int:
    return shutil.disk_usage(place).free >> 20


@contextmanager
def folder(wanted: Path | None, free_mb: Callable[[Path], int] = _free_mb) -> Iterator[Path]:
    """Give the folder for the demo's files; one that nobody asked for goes when the demo ends. Raises CannotStart."""
    try:
        if wanted is not None:
            wanted.mkdir(parents=True, exist_ok=True)
        place = wanted.resolve() if wanted is not None else Path(tempfile.mkdtemp(prefix="middlewatch-demo-"))
        (place / "centre.log").open("a").close()
    except OSError as error:
        where = error.filename or wanted
        raise CannotStart(f"demo: {where} cannot be written ({error.strerror}); give a folder you can write with --folder") from None
    try:
        if (free := free_mb(place)) < NEEDED_MB:
            raise CannotStart(f"demo: {place} has {free} MB free and {NEEDED_MB} are needed; give a folder with more space with --folder")
        yield place
    finally:
        if wanted is None:
            shutil.rmtree(place, ignore_errors=True)
