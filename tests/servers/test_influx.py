"""The InfluxDB fixture: organisations are apart, and what was answered with 204 survives SIGKILL."""

import time

from server.history.influx import Influx as History
from server.history.port import Point
from tests.servers.influx import Influx


async def test_survives_kill(influx: Influx) -> None:
    """A written point is there after SIGKILL and a start on the same port; a fresh organisation knows nothing of it."""
    point = Point("web", (("agent", "a1"),), {"total_ms": 1.5}, time.time_ns())
    history = History(influx.settings())
    await history.write("mw_raw", [point])
    influx.kill()
    influx.start()
    assert await history.latest("mw_raw", "web", ["total_ms"], {}, 0) == [point]
    await history.close()
    other = History(influx.fresh())
    assert await other.latest("mw_raw", "web", ["total_ms"], {}, 0) == []
    await other.close()
