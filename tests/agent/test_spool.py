"""The spool: identity, bound, receipts, bodies, resets, damage, and SIGKILL."""

import itertools
import logging
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent.spool import Appended, Applied, Spool
from wire.codec import content_id, decode, facts_bytes
from wire.facts import DnsFacts, WebFacts
from wire.observation import DnsObservation, WebObservation
from wire.receipt import Receipt, Refusal
from wire.report import Cycle
from wire.target import Target

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
LEAF = b"leaf certificate"
LEAF_ID = content_id(LEAF)


def make(spool: Spool, *, now_ns: int = 0, resolver: str = "192.0.2.53", chain: Sequence[bytes] = (), pad: int = 0) -> Appended:
    """Append a report of one dns and, with a chain, one web observation."""
    dns = DnsFacts(target=TARGET, resolver=resolver)
    facts = {content_id(facts_bytes(dns)): facts_bytes(dns)}
    seen: list[WebObservation | DnsObservation] = [DnsObservation(kind="dns", facts=next(iter(facts)), at_us=0, error="x" * pad or None)]
    if chain:
        web = facts_bytes(WebFacts(target=TARGET, chain=[content_id(der) for der in chain]))
        facts[content_id(web)] = web
        seen.append(WebObservation(kind="web", facts=content_id(web), at_us=1))
    created = spool.created_ns(now_ns)
    cycle = Cycle(started_ns=created, created_ns=created, cadence_s=60, observations=seen).dump()
    return spool.append(cycle, created_ns=created, facts=facts, certificates={content_id(der): der for der in chain})


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """Give a fresh spool without a bound that matters."""
    one = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1 << 20)
    yield one
    one.close()


def receipt(spool: Spool, **fields: object) -> Receipt:
    """Return a receipt for the spool's stream."""
    return Receipt.model_validate({"stream": spool.stream} | fields)


def applied(spool: Spool, **fields: object) -> Applied:
    """Apply a receipt for the spool's stream."""
    outcome = spool.apply(receipt(spool, **fields))
    assert outcome is not None
    return outcome


def reopened(spool: Spool, path: Path, max_bytes: int = 1 << 20) -> Spool:
    """Close and open again, as a restart does."""
    spool.close()
    return Spool(path, "lyon-1", max_bytes=max_bytes)


def test_reports_are_numbered_and_chained(spool: Spool) -> None:
    """Numbers rise by one, each report names its predecessor's digest, and the payload is what was appended."""
    assert [make(spool, now_ns=10), make(spool, now_ns=20)] == [Appended(1), Appended(2)]
    first, second = (decode(spool.payload(seq) or b"") for seq in (1, 2))
    assert (first.agent, first.stream, first.seq, first.previous) == ("lyon-1", spool.stream, 1, None)
    assert second.previous == first.digest == content_id(first.cycle.dump())
    assert len(spool.stream) == 32


def test_numbers_are_never_used_twice(spool: Spool, tmp_path: Path) -> None:
    """After everything is receipted and the agent restarts, the next number is still new and the stream the same."""
    make(spool)
    stream = spool.stream
    applied(spool, upto=1)
    again = reopened(spool, tmp_path / "spool.sqlite")
    assert (again.stream, make(again).seq) == (stream, 2)
    again.close()


def test_creation_times_only_rise(spool: Spool, tmp_path: Path) -> None:
    """A clock set back a day does not make a report older than its predecessor, also after a restart."""
    make(spool, now_ns=1_000)
    assert spool.created_ns(5) == 1_001
    again = reopened(spool, tmp_path / "spool.sqlite")
    assert again.created_ns(5) == 1_001
    assert again.created_ns(2_000) == 2_000
    again.close()


def test_rows_go_only_on_a_receipt(spool: Spool) -> None:
    """`upto` and `also` remove rows; a receipt for another stream does nothing."""
    for _ in range(6):
        make(spool)
    assert spool.apply(Receipt(stream="0" * 32, upto=6)) is None
    assert applied(spool, upto=2, also=[(4, 5)]).done == (1, 2, 4, 5)
    assert spool.pending() == [3, 6]
    assert (spool.count, spool.payload(1)) == (2, None)
    assert applied(spool, upto=2).done == ()


def test_quarantined_reports_go_and_held_ones_stay(spool: Spool) -> None:
    """A quarantined report is done, with its reason; a held one stays."""
    for _ in range(3):
        make(spool)
    outcome = applied(spool, upto=2, quarantined=[{"seq": 2, "reason": "bad"}], held=[{"seq": 3, "reason": "newer"}])
    assert outcome == Applied((1, 2), (), (3,), (Refusal(seq=2, reason="bad"),))
    assert spool.pending() == [3]


def test_bodies_travel_until_the_centre_has_them(spool: Spool, tmp_path: Path) -> None:
    """Facts and certificates are in each payload until a report that used them is receipted; that is remembered over a restart."""
    make(spool, chain=[LEAF])
    make(spool, chain=[LEAF])
    for seq in (1, 2):
        report = decode(spool.payload(seq) or b"")
        assert set(report.facts) == {one.facts for one in report.cycle.observations if not isinstance(one, dict) and one.kind != "raw"}
        assert list(report.certificates) == [LEAF_ID]
    applied(spool, upto=1)
    again = reopened(spool, tmp_path / "spool.sqlite")
    assert decode(again.payload(2) or b"").facts == {}
    assert decode(again.payload(2) or b"").certificates == {}
    make(again, chain=[LEAF, b"other"])
    assert list(decode(again.payload(3) or b"").certificates) == [content_id(b"other")]
    again.close()


def test_a_quarantined_report_teaches_nothing(spool: Spool) -> None:
    """What an unreadable report carried is not at the centre."""
    make(spool)
    make(spool)
    applied(spool, upto=1, quarantined=[{"seq": 1, "reason": "bad"}])
    assert len(decode(spool.payload(2) or b"").facts) == 1


def test_wanted_bodies_travel_again(spool: Spool) -> None:
    """A want names ids; the reports that use them are offered again, with those bodies only; its echo offers nothing twice."""
    for resolver in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        make(spool, resolver=resolver, chain=[LEAF])
    applied(spool, upto=1)
    facts = {seq: decode(spool.payload(seq) or b"").cycle.observations[0] for seq in (2, 3)}
    wanted = facts[3].facts if facts[3].kind == "dns" else ""
    assert applied(spool, upto=1, want=[wanted]).again == (3,)
    assert applied(spool, upto=1, want=[wanted]).again == ()
    assert applied(spool, upto=1, want=[wanted, LEAF_ID]).again == (2, 3)
    report = decode(spool.payload(3) or b"")
    assert (list(report.facts), list(report.certificates)) == ([wanted], [LEAF_ID])
    assert applied(spool, upto=1, want=["A" * 22]).again == ()


def test_freed_bodies_come_back_when_needed(spool: Spool) -> None:
    """A body the centre knows is freed when unused for long; seen again it is kept again, and can be sent when wanted."""
    make(spool, resolver="192.0.2.1")
    for number in range(10):
        make(spool, resolver=f"192.0.2.{number + 10}")
    applied(spool, upto=11)
    before = spool.payload_bytes
    spool.tidy()
    assert spool.payload_bytes < before
    make(spool, resolver="192.0.2.1")
    report = decode(spool.payload(12) or b"")
    assert report.facts == {}
    wanted = report.cycle.observations[0].model_dump()["facts"]
    assert applied(spool, upto=11, want=[wanted]).again == (12,)
    assert list(decode(spool.payload(12) or b"").facts) == [wanted]


def test_the_bound_drops_oldest_first_and_news_last(tmp_path: Path) -> None:
    """Over the bound the oldest report goes, one that introduced a facts id only when nothing else is left; ranges say which."""
    spool = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=2_000)
    dropped: list[int] = []
    for number in range(12):
        dropped += make(spool, resolver="192.0.2.2" if number == 3 else "192.0.2.1", pad=200).dropped
    assert dropped == [2, 3, 5, 6, 7, 8, 9, 10][: len(dropped)]
    assert {1, 4, 12} <= set(spool.pending())
    assert spool.payload_bytes <= 2_000
    assert spool.dropped == len(dropped) > 3
    assert spool.dropped_ranges == ((2, 3), (5, dropped[-1]))
    assert decode(spool.payload(12) or b"").dropped == [(2, 3), (5, dropped[-1])]
    assert applied(spool, upto=3).done == (1,)
    again = reopened(spool, tmp_path / "spool.sqlite", 2_000)
    assert again.dropped_ranges == ((5, dropped[-1]),)
    assert again.dropped == len(dropped)
    again.close()


def test_the_newest_report_is_kept_whatever_its_size(tmp_path: Path) -> None:
    """A bound smaller than one report still keeps the newest."""
    spool = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=10)
    make(spool)
    assert make(spool).dropped == (1,)
    assert spool.pending() == [2]
    spool.close()


def test_reset_renumbers_what_is_unreceipted(spool: Spool) -> None:
    """A new stream: same reports, same order, numbers from one, a chain of its own, and the counter goes on from there."""
    for number in range(6):
        make(spool, now_ns=number)
    applied(spool, upto=2, also=[(4, 4)])
    old, cycles = spool.stream, [decode(spool.payload(seq) or b"").cycle for seq in (3, 5, 6)]
    assert spool.reset_stream() == [1, 2, 3]
    reports = [decode(spool.payload(seq) or b"") for seq in (1, 2, 3)]
    assert spool.stream != old
    assert {(report.stream, report.former) for report in reports} == {(spool.stream, old)}
    assert [report.cycle for report in reports] == cycles
    assert [report.previous for report in reports] == [None, reports[0].digest, reports[1].digest]
    assert make(spool).seq == 4
    assert decode(spool.payload(4) or b"").previous == reports[2].digest
    applied(spool, upto=1)
    assert decode(spool.payload(4) or b"").former is None


def test_reset_keeps_dropped_reports_counted(tmp_path: Path) -> None:
    """Dropped ranges keep their place in the new stream, so that the ledger still learns of them."""
    spool = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1_200)
    for _ in range(8):
        make(spool, pad=200)
    kept = len(spool.pending())
    assert (spool.pending()[0], spool.dropped_ranges) == (1, ((2, 8 - kept + 1),))
    following = decode(spool.payload(8 - kept + 2) or b"")
    applied(spool, upto=1)
    numbers = spool.reset_stream()
    assert spool.dropped_ranges == ((1, 8 - kept),)
    assert numbers == list(range(8 - kept + 1, 8))
    assert decode(spool.payload(numbers[0]) or b"").previous == following.previous
    spool.close()


def test_a_reset_of_an_empty_spool_starts_at_one(spool: Spool) -> None:
    """With nothing unreceipted the new stream is simply empty."""
    make(spool)
    applied(spool, upto=1)
    assert spool.reset_stream() == []
    assert make(spool).seq == 1
    assert decode(spool.payload(1) or b"").previous is None


def test_a_copy_restored_from_yesterday_deletes_nothing(spool: Spool) -> None:
    """Receipts for numbers a newer copy of this spool used are recognised by digest or number, and nothing is deleted."""
    for _ in range(5):
        make(spool)
    digest = decode(spool.payload(3) or b"").digest
    assert applied(spool, upto=3, ends=["A" * 22]) == Applied(forked=True)
    assert applied(spool, upto=9) == Applied(forked=True)
    assert applied(spool, upto=5, reset_stream=True) == Applied(forked=True)
    assert spool.pending() == [1, 2, 3, 4, 5]
    assert applied(spool, upto=3, ends=[digest]).done == (1, 2, 3)
    last = decode(spool.payload(5) or b"").digest
    assert applied(spool, upto=3, also=[(5, 5)], ends=[digest, last]).done == (5,)
    assert applied(spool, upto=3, also=[(5, 5)], ends=[digest, "A" * 22]) == Applied(forked=True)


def test_a_full_disk_costs_reports_not_the_agent(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """What the disk refuses is counted, gets numbers once there is room, and travels as a dropped range; said once."""
    make(spool)
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count={pages}")
    with caplog.at_level(logging.WARNING):
        outcomes = [make(spool, resolver=f"192.0.2.{number}", chain=[bytes(200_000)]) for number in range(3)]
    assert [one.seq for one in outcomes] == [None, None, None]
    assert (spool.dropped, spool.last_seq, spool.count) == (3, 1, 1)
    assert [record.message for record in caplog.records] == [
        "spool: the disk refuses reports (database or disk is full); they are dropped and counted until it takes them again"
    ]
    spool._db.execute("PRAGMA max_page_count=1000000")
    assert make(spool).seq == 5
    report = decode(spool.payload(5) or b"")
    assert report.dropped == [(2, 4)]
    assert (spool.dropped, spool.dropped_ranges) == (3, ((2, 4),))


def test_tidying_gives_the_disk_back(tmp_path: Path) -> None:
    """After a long backlog is receipted the file shrinks, down to a spare half MiB."""
    spool = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1 << 24)
    for number in range(300):
        spool.append(bytes(8000), created_ns=number + 1, facts={}, certificates={})
    spool.tidy()
    large = (tmp_path / "spool.sqlite").stat().st_size
    applied(spool, upto=300)
    spool.tidy()
    assert large > 2_400_000
    assert (tmp_path / "spool.sqlite").stat().st_size < 700_000
    spool.close()


def test_a_failed_receipt_changes_nothing(spool: Spool) -> None:
    """When the file refuses, the receipt is undone whole, in memory too; it will come again."""
    make(spool)
    spool._db.execute("PRAGMA query_only=1")
    with pytest.raises(sqlite3.OperationalError):
        spool.apply(receipt(spool, upto=1))
    assert (spool.count, spool.pending()) == (1, [1])
    spool.tidy()


WRITER = """
import sys
from pathlib import Path
from agent.spool import Spool
from wire.codec import content_id
from wire.receipt import Receipt
spool = Spool(Path(sys.argv[1]), "lyon-1", max_bytes=1 << 30)
while True:
    seq = spool.last_seq + 1
    body = b'{"n":%d}' % (seq // 7)
    spool.append(b'{"seq":%d}' % seq, created_ns=spool.created_ns(0), facts={content_id(body): body}, certificates={})
    print("made", seq, flush=True)
    if seq % 5 == 0:
        spool.apply(Receipt(stream=spool.stream, upto=seq - 3))
        print("done", seq - 3, flush=True)
"""


def test_sigkill_loses_no_committed_report(tmp_path: Path) -> None:
    """Killed at 20 seeded moments in mid-write: each report told as made is there or receipted, in an intact chain, no number twice."""
    path, chance = tmp_path / "spool.sqlite", random.Random(20261123)
    made: list[int] = []
    done = 0
    for _ in range(20):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(chance.randint(1, 60)):
            word, number = writer.stdout.readline().split()
            made, done = ([*made, int(number)], done) if word == "made" else (made, int(number))
        writer.send_signal(signal.SIGKILL)
        for line in writer.communicate()[0].splitlines(keepends=True):
            if line.endswith("\n"):
                word, number = line.split()
                made, done = ([*made, int(number)], done) if word == "made" else (made, int(number))
        assert len(set(made)) == len(made)
        spool = Spool(path, "lyon-1", max_bytes=1 << 30)
        pending = spool.pending()
        assert pending == list(range(spool.last_seq - len(pending) + 1, spool.last_seq + 1))
        assert {seq for seq in made if seq > done + 5} <= set(pending)
        assert spool.last_seq >= made[-1]
        chain = [spool._db.execute("SELECT digest, previous FROM report WHERE seq = ?", (seq,)).fetchone() for seq in pending]
        assert all(one[0] == following[1] for one, following in itertools.pairwise(chain))
        spool.close()
