"""How long each bucket keeps its points: one table for both stores. Data only."""

from server.history.port import Bucket

DAY_S = 86_400

RETENTION_S: dict[Bucket, int] = {
    "mw_raw": 30 * DAY_S,  # single probes: 25 a minute and agent are 55 bytes each on disk (InfluxDB 2.9, measured)
    "mw_rollup": 792 * DAY_S,  # 26 months: two whole years and the running month can be compared
    "mw_event": 792 * DAY_S,
}
