"""Import this before anything of `tests`: gmqtt 0.8.0 installs a top-level package of that name, which hides our folder.

Under pytest the name is our folder already, and a namespace whose path cannot be written.
"""

from pathlib import Path

import tests

_OURS = str(Path(__file__).parents[1] / "tests")
if _OURS not in tests.__path__:
    tests.__path__.insert(0, _OURS)
