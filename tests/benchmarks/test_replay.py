"""The replay benchmark in its short form: three days of twenty sites with eight true devices, against the real watcher."""

import asyncio

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.outages import outages
from benchmarks.replay_world.playing import play
from benchmarks.replay_world.scoring import score
from benchmarks.replay_world.ways import told_of
from benchmarks.replay_world.world import BRIEF, make_world


def test_every_true_device_is_found_in_time_and_nothing_else_is_told() -> None:
    """Whatever else happens in three days: all eight told by the bound of design §6, none falsely, none twice; of each outage one alert."""
    world = make_world(1, BRIEF)
    played = asyncio.run(play(world))
    result, struck = score(world, played.told), outages(world, played.alerts)
    assert [one.truth.name for one in result.scores if not one.found] == []
    assert [one.truth.name for one in result.late] == []
    assert [one.sentence for one in result.false] == []
    assert [one.truth.name for one in result.scores if one.doubled] == []
    assert [(one.outage.kind, len(one.alerts)) for one in struck.causes] == [("site", 1), ("region", 1), ("Microsoft", 1)]
    proxied = [
        one.kind for one in played.told if one.scope in world.noise.proxied and any(key.startswith("path:proxy") for key in one.keys)
    ]
    assert proxied == ["discovered", "discovered", "left", "left", "returned"]
    moved, unmoved = told_of(((one.kind, one.severity, one.scope) for one in played.told), world.noise.clouds)
    assert moved > 0
    assert unmoved == []
    planned = {place for one in world.noise.maintained for place in one.places}
    assert [one.scope for one in played.told if one.kind == "site-silent" and one.severity == "P2" and one.scope in planned] != []
    assert struck.unmuted == 0
    assert struck.strange == []


def test_a_seed_gives_the_same_month() -> None:
    """The world is made of its seed alone: the same reports at the same moments."""
    one, two = (make_world(7, BRIEF).sent() for _ in range(2))
    assert [(sent.at_ns, sent.agent, sorted(sent.stretch.says)) for sent in one] == [
        (sent.at_ns, sent.agent, sorted(sent.stretch.says)) for sent in two
    ]
