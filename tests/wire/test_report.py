"""A cycle and the report around it."""

import pytest
from pydantic import ValidationError

from wire.report import MAX_OBSERVATIONS, Cycle, Report


def test_index_fits_the_nanosecond() -> None:
    """A point's time ends in the observation's index: three digits must hold it."""
    assert MAX_OBSERVATIONS - 1 < 10**3


@pytest.mark.parametrize("cadence", [0, -1, 86_401, float("nan")])
def test_cadence(cadence: float) -> None:
    """A cycle's cadence is above nothing and at most a day."""
    with pytest.raises(ValidationError):
        Cycle(started_ns=1, created_ns=2, cadence_s=cadence, observations=[])


@pytest.mark.parametrize(
    "change", [{"stream": "A" * 32}, {"stream": "0" * 31}, {"seq": 0}, {"digest": "short"}, {"dropped": [(1,)]}, {"agent": "Mallory"}]
)
def test_identity(change: dict[str, object]) -> None:
    """A report without a proper identity is none."""
    cycle = Cycle(started_ns=1, created_ns=2, cadence_s=60, observations=[])
    good = {"agent": "agent-01", "stream": "0" * 32, "seq": 1, "digest": "A" * 22, "cycle": cycle}
    Report.model_validate(good)
    with pytest.raises(ValidationError):
        Report.model_validate(good | change)
