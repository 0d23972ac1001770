"""The whole schema: importing this imports every module that has tables, so that `metadata` lacks none. Nothing else lives here."""

from server.state import (
    devices_tables,
    feed_tables,
    notices_tables,
    rollups_tables,
    sites_tables,
    standing_tables,
    tables,
)
from server.state.tables import metadata

MODULES = (
    devices_tables,
    tables,
    sites_tables,
    standing_tables,
    feed_tables,
    notices_tables,
    rollups_tables,
)
"""Every module with tables."""

__all__ = ["MODULES", "metadata"]
