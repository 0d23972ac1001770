"""Holds server/watcher/rollups/tally.py: what is counted, shown from 24 samples on, merged and kept."""

import random

import pytest

from server.watcher.rollups.tally import ENOUGH, FIGURES, LASTING, PASSING, PHASES, Tally, merged, pack, unpack


def tally_of(samples: int, seed: int = 1) -> Tally:
    """Return an hour of some probes."""
    chance = random.Random(seed)
    tally = Tally(count=samples + 2, reached=samples, judged=samples, inspected=samples // 2, agents=3, hours=1)
    for _ in range(samples):
        for phase in ("dns_ms", "total_ms", "tax_ms"):
            tally.add(phase, chance.gauss(40, 30))
    return tally


def test_figures() -> None:
    """Shares are of what was counted, percentiles of what was measured; each has its type for ever."""
    figures = tally_of(100).figures()
    assert figures["availability"] == pytest.approx(100 / 102)
    assert figures["inspected_share"] == 0.5
    assert figures["total_ms_p50"] < figures["total_ms_p95"] < figures["total_ms_p99"]
    assert "tls_ms_p95" not in figures
    assert {name: type(value) for name, value in figures.items()} == {name: FIGURES[name] for name in figures}


def test_too_few() -> None:
    """Below 24 samples no percentile is shown, counts are; and a share of nothing is none."""
    few, enough = tally_of(ENOUGH - 1).figures(), tally_of(ENOUGH).figures()
    assert "total_ms_p95" not in few
    assert few["count"] == ENOUGH + 1
    assert "total_ms_p95" in enough
    assert not {"availability", "inspected_share"} & set(Tally().figures())


def test_merged() -> None:
    """Merging is as if all had been counted at once; agents are the most of one hour, never a sum."""
    hours = [tally_of(30, seed) for seed in range(24)]
    whole = merged(hours)
    assert (whole.count, whole.agents, whole.hours, whole.sketches["total_ms"].count) == (24 * 32, 3, 24, 24 * 30)
    assert pack(whole, PHASES) == pack(merged(reversed(hours)), PHASES)


def test_bytes() -> None:
    """What lasts and what passes come back from their bytes, together the whole."""
    tally = tally_of(100)
    lasting, passing = unpack(pack(tally, LASTING), LASTING), unpack(pack(tally, PASSING), PASSING)
    assert lasting.figures() | passing.figures() == tally.figures()
    assert set(lasting.sketches) == {"total_ms", "tax_ms"}
    assert unpack(pack(Tally(), LASTING), LASTING).figures() == Tally().figures()
    with pytest.raises(ValueError, match="end"):
        unpack(b"\x09\x01", LASTING)


def test_phases() -> None:
    """Every phase either lasts or passes."""
    assert sorted((*LASTING, *PASSING)) == sorted(PHASES)
