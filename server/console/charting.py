"""Reads what one site's timeline is drawn from: its runs, whether anything was heard, the phases of one target. Nothing is drawn here."""

from collections.abc import Sequence
from dataclasses import replace

from server.console.picture import PHASES, Timeline
from server.history.port import History, Unavailable
from server.state import showing
from server.state.database import Database
from server.watcher.beside import kind_of
from server.watcher.states import SiteState

SECOND = 10**9
RANGES = {"15m": 900 * SECOND, "1h": 3600 * SECOND, "24h": 86_400 * SECOND}
RANGE = "15m"
MOST_STEPS = 90
"""Bars across the page: at 1280 pixels wide ones a finger can point at."""
CADENCES_PER_STEP = 2.5
"""A step holds two rounds at least, so that one late report is no gap."""
DEFAULT_CADENCE_S = 60.0


def steps(width_ns: int, cadence_s: float, now_ns: int) -> tuple[int, int, int]:
    """Return (start, end, step) in nanoseconds; steps stand on whole multiples, so that bars do not wander while time goes on."""
    wanted = max(width_ns / MOST_STEPS, CADENCES_PER_STEP * (cadence_s or DEFAULT_CADENCE_S) * SECOND)
    step_ns = int(-(-wanted // SECOND)) * SECOND
    end_ns = (now_ns // step_ns + 1) * step_ns
    return end_ns - max(1, width_ns // step_ns) * step_ns, end_ns, step_ns


class Charts:
    """One site's timeline, as often as it is asked for: who asks keeps the answer for a while."""

    def __init__(self, database: Database, history: History) -> None:
        self._database = database
        self._history = history

    async def read(self, site: SiteState, cadence_s: float, wanted: tuple[str, str], now_ns: int) -> Timeline:
        """Return the timeline of a site for (range, target or an empty string). History that is away leaves its part empty and says so."""
        span, target = wanted
        start_ns, end_ns, step_ns = steps(RANGES.get(span, RANGES[RANGE]), cadence_s, now_ns)
        async with self._database.reading() as transaction:
            runs = await showing.runs_at(transaction, site.site, start_ns)
        targets = targets_of([run.target for run in runs])
        target = target if target in targets else (targets[0] if targets else "")
        chart = Timeline(site.site, start_ns, end_ns, step_ns, runs, target=target)
        try:
            return await self._measured(chart)
        except Unavailable as away:
            return replace(chart, history=str(away))

    async def _measured(self, chart: Timeline) -> Timeline:
        window = (chart.start_ns, chart.end_ns, chart.step_ns)
        heard = await self._history.series("mw_raw", "finding", "confidence", {"site": chart.site}, *window, "count")
        phases = {}
        if chart.target:
            where = {"site": chart.site, "target": chart.target}
            for phase in PHASES:
                found = await self._history.series("mw_raw", "web", phase, where, *window, "mean")
                phases[phase] = [value for _, value in found]
        return replace(chart, heard=[bool(value) for _, value in heard], phases=phases)


def targets_of(names: Sequence[str]) -> list[str]:
    """Return the targets whose answers have phases, in the order of their names, each once."""
    return sorted({name for name in names if not kind_of(name)})
