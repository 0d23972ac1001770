"""One name, end to end: a probe's NAME is its file, its test, its observation and facts kind, its measurement (style rule 8)."""

from pathlib import Path
from typing import get_args

from agent.planning import default_plan
from agent.probes import PROBES
from server.collector.points import MEASUREMENTS
from wire.facts import KnownFacts
from wire.observation import KnownObservation
from wire.vocabulary import KINDS

ROOT = Path(__file__).parents[3]


def test_one_name_end_to_end() -> None:
    """The registry, the wire's kinds, the measurements and the default plan name the same probes."""
    names = tuple(probe.NAME for probe in PROBES)
    assert names == KINDS
    assert tuple(name for name in MEASUREMENTS if name != "finding") == names
    assert {kind.model_fields["kind"].default for kind in get_args(KnownFacts)} == set(names)
    assert {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(KnownObservation)} == set(names)
    assert set(default_plan().probes) == set(names)


def test_each_probe_is_a_file_with_a_test() -> None:
    """`git grep` of one word draws the route."""
    for probe in PROBES:
        assert (ROOT / "agent" / "probes" / f"{probe.NAME}.py").exists()
        assert (ROOT / "tests" / "agent" / "probes" / f"test_{probe.NAME}.py").exists()
