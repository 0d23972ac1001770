"""Which file holds what: the committed files and what makes each. `scripts/dashboards` writes them, a test compares them."""

from collections.abc import Mapping
from typing import Final

from dashboards.dashboard import written
from dashboards.fleet import fleet
from dashboards.rules import rules
from dashboards.site import site

FOLDER: Final = "dashboards"


def files() -> Mapping[str, str]:
    """Return the text of each made file by its path from the root of the repository."""
    return {
        f"{FOLDER}/json/fleet.json": written(fleet()),
        f"{FOLDER}/json/site.json": written(site()),
        f"{FOLDER}/provisioning/alerting/system.json": written(rules()),
    }
