"""What the watcher writes while nothing changes, by the benchmark's own count at a small size."""

from pathlib import Path

from benchmarks.watcher import measure


async def test_nothing_is_written_per_report(tmp_path: Path) -> None:
    """A quiet fleet of any size leaves the same: the lease's renewals, and nothing else."""
    figures = []
    for agents in (20, 60):
        folder = tmp_path / str(agents)
        folder.mkdir()
        figures.append(await measure(agents, 2, folder))
    small, larger = figures
    assert small["writes_per_minute"] == larger["writes_per_minute"] == 0
    assert small["lease_writes_per_minute"] == larger["lease_writes_per_minute"] > 0
