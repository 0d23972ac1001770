"""The replay benchmark's day of whole reports, in a small form: eight sites, a day of learning and three hours at five minutes."""

import asyncio
import random

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.fullday import COMES, DAY_BEGINS, make_day, play_day
from benchmarks.replay_world.scoring import NEWS
from wire import codec, topics


def test_whole_reports_are_stored_once_and_every_true_device_is_told() -> None:
    """Bytes through the collector: each report one row of the ledger though some come twice; all devices in time, none falsely or twice."""
    day, result = asyncio.run(play_day(1, len(COMES) + 2, hours=3))
    assert [one.truth.name for one in result.scores if not one.found] == []
    assert [one.truth.name for one in result.late] == []
    assert [one.sentence for one in result.false] == []
    assert [one.truth.name for one in result.scores if one.doubled] == []
    assert not [one for one in day.told if one.kind in NEWS and one.told_ns < DAY_BEGINS]
    assert day.complete()
    assert (day.stored, day.duplicates) == (day.sent, day.again)
    assert day.again
    assert day.points > 26 * day.sent  # as many observations has the smallest of the recordings


def test_what_is_sent_are_reports_of_one_stream_each() -> None:
    """The real decoder reads what was put together from parts: identity, site, times, and a digest chain that holds."""
    streams, _ = make_day(random.Random(1), 1, 3)
    one, previous = streams[0], None
    for number, now_ns in enumerate((DAY_BEGINS, one.says[-1][0], one.says[-1][0] + 1), start=1):
        topic, payload = one.report(now_ns, one.at(now_ns), 300)
        report = codec.decode(payload)
        assert topics.parse_report(topic) == (report.agent, report.stream, report.seq)
        assert (report.agent, report.seq) == (one.name, number)
        assert (report.previous, report.cycle.started_ns, report.cycle.context.site) == (previous, now_ns, one.site)
        assert codec.facts_bodies(payload).keys() == (
            {seen.facts for seen in report.cycle.observations if seen.kind != "raw"} if number < 3 else set()
        )
        previous = report.digest
