"""Import this before anything of `tests`: gmqtt 0.8.0 installs a top-level package of that name, which hides our folder."""

from pathlib import Path

import tests

tests.__path__.insert(0, str(Path(__file__).parents[1] / "tests"))
