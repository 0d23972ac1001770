"""Holds server/reports/case_report.py: the proof says line by line what is so, what it cost, how sure; a closing report adds the course."""

from collections.abc import AsyncGenerator
from pathlib import Path

from judge.knowledge.loader import load_knowledge
from server.fleet.registry import Place, Registry, Site
from server.history.embedded import Embedded
from server.history.port import Point, Unavailable
from server.reports.case_report import ARTICLE, STATES, CaseReport, called, closing, gather, proof, summary
from server.reports.timings import Spread, Timing
from server.state import cases as stored
from server.state.database import Database
from server.state.devices import DeviceRow
from server.watcher.cases import Line, LineState, Look

START = 1_795_000_000 * 10**9
MINUTE = 60 * 10**9
HOST = "outlook.office365.com"
ROW = stored.CaseRow(7, "2511-0042", "Bypass of 2 hosts at Frankfurt", "Anna", START, "proved", 3, START, proofs=1)
FREE = Line(
    "Frankfurt", HOST, Look("bypassed", "inspected", START, START + MINUTE, START + 2 * MINUTE, 2, 2, (), "instance:1"), cleared=True
)
BACK = Line("Frankfurt", "teams.microsoft.com", Look("held", "inspected", START, 0, 0, 1, 2, (), "instance:1"), returns=1)
TIMING = {("Frankfurt", HOST): Timing(Spread(12, 96.04, 40.0, 0, 1), Spread(5, None, None, 0, 1))}


class Away(Embedded):
    """A history that does not answer."""

    async def samples(self, *_asked: object) -> AsyncGenerator[list[Point], None]:
        """Say so."""
        raise Unavailable("away", "no answer; look whether InfluxDB runs")
        yield []


def report(*lines: Line, row: stored.CaseRow = ROW) -> CaseReport:
    """Return a report of these lines."""
    entries = (stored.EntryRow(7, START, "Anna", "note", "rule | in place"),)
    return CaseReport(row, lines, entries, {"instance:1": "Zscaler Internet Access"}, TIMING, "", {"Frankfurt": "Europe/Berlin"}, START)


def test_a_proof_stands_alone() -> None:
    """Verdict first; each host with until, since, who agrees and which device; medians with counts, few samples said; limits; article."""
    text = proof(report(FREE))
    assert text.startswith("# Case 7 (ticket 2511-0042): bypassed on every host\n")
    assert "**Nothing decrypts or holds up these 1 hosts any more" not in text
    assert "**Nothing decrypts or holds up this host any more" in text
    assert "| ● bypassed | Frankfurt | `outlook.office365.com` | decrypted until 2026-11-18 12:07:40 UTC+1, clean since" in text
    assert "2 of 2 agents agree. | Zscaler Internet Access |" in text
    assert "| 96.0 | too few samples | 40.0 | too few samples | 12 and 5 |" in text
    assert ARTICLE in text
    assert "Silence proves nothing" in text


def test_what_is_not_proved_says_so() -> None:
    """A return is counted and marked; whose job it is."""
    text = proof(report(FREE, BACK))
    assert "**1 of 2 hosts are bypassed; 1 are held by a device now, 1 of them after a bypass. For: the owner of the device.**" in text
    assert "| ▲ held | Frankfurt | `teams.microsoft.com` | again decrypted since" in text
    assert "Returned 1 time while the case was open." in text


def test_a_closing_report_has_the_course_and_the_log() -> None:
    """Strangers' markup in a note stays text."""
    text = closing(report(FREE), "Ben")
    assert text.startswith("# Case 7 (ticket 2511-0042): closed, bypassed on every host")
    assert "by Ben." in text
    assert "proved 1 time; broken by a return 0 times; reminded of 0 times; opened 1 time." in text
    assert "| Anna | note | rule \\| in place |" in text


def test_the_log_is_short() -> None:
    """Lines that turned at one moment are one row, and doubt in between is none; the case itself keeps all."""
    found = [
        stored.EntryRow(7, START + at, "", kind, f"{host}: {kind}")
        for at, kind in enumerate(("held", "clearing", "bypassed"))
        for host in "abc"
    ]
    one = report(FREE)
    text = closing(CaseReport(one.row, one.lines, tuple(found), one.makes, one.timing, "", one.zones, START), "Ben")
    rows = [line for line in text.splitlines() if "| Middlewatch |" in line]
    assert [row.rpartition("| Middlewatch | ")[2] for row in rows] == [
        "held | a: held And 2 more at this moment. |",
        "bypassed | a: bypassed And 2 more at this moment. |",
    ]


async def test_what_is_gathered(database: Database, tmp_path: Path) -> None:
    """Lines, log, timings and zones; a history that is away is said and hides nothing else."""
    registry = Registry({"Frankfurt": Site("Frankfurt", Place(50, 8), "Europe/Berlin")})
    history = Embedded(tmp_path / "history.db")
    async with database.writing() as transaction:
        number = await stored.add(transaction, ROW, [stored.LineRow(0, "Frankfurt", HOST, held_ns=START - MINUTE, device_key="instance:1")])
        row = await stored.read(transaction, number)
        assert row is not None
        found = await gather(transaction, history, registry, row, START)
        away = await gather(transaction, Away(tmp_path / "away.db"), registry, row, START)
    assert (found.trouble, found.zone("Frankfurt"), found.makes, len(found.lines)) == ("", "Europe/Berlin", {}, 1)
    assert (away.timing, len(away.lines)) == (None, 1)
    assert "No timings: no answer" in proof(away)
    await history.close()


def test_names() -> None:
    """A guess is marked, an unknown make is told by its issuer, and every state has a shape."""
    assert called(DeviceRow("1", vendor="Zscaler", product="Zscaler Internet Access")) == "Zscaler Internet Access"
    assert called(DeviceRow("1", possible="Squid")) == "possibly Squid, not proven"
    assert called(DeviceRow("1", issuer="CN=Box")) == "unknown make, signing as Box"
    assert set(STATES) == set(LineState.__args__)  # type: ignore[attr-defined]
    assert summary([FREE, BACK]) == "1 of 2 bypassed"
    assert ARTICLE in {one.url for one in load_knowledge().links}, "the same address as in the knowledge"
