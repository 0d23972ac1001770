"""Receipts: one for each stream that was heard, true to the ledger, within the caps of the wire."""

from typing import Any, cast

from server.collector.intake import Hold, Item
from server.collector.ledger import MAX_RANGES, Entry, Head
from server.collector.receipts import Answers
from server.ingest.port import Arrival
from wire.receipt import Receipt
from wire.report import Report

STREAM = "0" * 31 + "1"
OTHER = "0" * 31 + "2"


def item(seq: int, agent: str = "agent-01", stream: str = STREAM, reason: str = "") -> Item:
    """Return a report, or poison when there is a reason."""
    report = None if reason else cast("Any", Report).model_construct(seq=seq)
    return Item(Arrival("", b"", 0), agent, Entry(seq, "stored", f"d{seq}", "", 0), stream, report, reason)


def receipts(answers: Answers, *heads: Head) -> list[tuple[str, Receipt]]:
    """Return what goes out."""
    return answers.receipts({head.stream: head for head in heads}, 77)


def test_a_stored_report_is_answered_from_the_ledger() -> None:
    """Numbers, ranges and their ends come from the head, not from the batch."""
    answers = Answers(ends={STREAM: ["d4", "d7"]})
    answers.done(item(7))
    assert receipts(answers, Head(STREAM, "agent-01", 4, ((6, 7),))) == [
        ("agent-01", Receipt(stream=STREAM, upto=4, also=[(6, 7)], ends=["d4", "d7"], now_ns=77))
    ]


def test_each_answer_reaches_its_own_field() -> None:
    """Quarantined, held, wanted and forked in one batch of one stream are one receipt."""
    answers = Answers()
    answers.done(item(1, reason="not JSON"))
    answers.hold(Hold("agent-01", STREAM, 2, "upgrade"))
    answers.ask(item(3), ["B" * 22, "A" * 22])
    answers.ask(item(4), ["A" * 22])
    answers.forked(item(5))
    ((_, receipt),) = receipts(answers, Head(STREAM, "agent-01", 1))
    assert [(one.seq, one.reason) for one in receipt.quarantined] == [(1, "not JSON")]
    assert [(one.seq, one.reason) for one in receipt.held] == [(2, "upgrade")]
    assert receipt.want == ["A" * 22, "B" * 22]
    assert receipt.reset_stream


def test_streams_and_agents_are_answered_apart() -> None:
    """Two streams of one agent get two receipts; a stream nobody was heard on gets none."""
    answers = Answers(ends={STREAM: ["d1"], OTHER: ["d2"]})
    answers.done(item(1))
    answers.done(item(2, stream=OTHER))
    told = receipts(answers, Head(STREAM, "agent-01", 1), Head(OTHER, "agent-01", 2), Head("0" * 32, "agent-03", 9))
    assert [(agent, receipt.stream, receipt.upto) for agent, receipt in told] == [("agent-01", STREAM, 1), ("agent-01", OTHER, 2)]


def test_a_copy_under_another_name_learns_nothing_but_to_reset() -> None:
    """The stream is the first agent's: its numbers and digests are not the copy's business."""
    answers = Answers(ends={STREAM: ["d5"]})
    answers.forked(item(6, "agent-02"))
    answers.done(item(5))
    (_, original), (who, copy) = receipts(answers, Head(STREAM, "agent-01", 5))
    assert (original.upto, original.reset_stream) == (5, False)
    assert (who, copy.upto, copy.also, copy.ends, copy.reset_stream) == ("agent-02", 0, [], [], True)


def test_a_stream_the_ledger_does_not_know_is_answered_with_nothing_done() -> None:
    """All of its reports were held or lack bodies."""
    answers = Answers()
    answers.hold(Hold("agent-01", STREAM, 1, "upgrade"))
    ((_, receipt),) = receipts(answers)
    assert (receipt.upto, receipt.also, receipt.ends) == (0, [], [])


def test_receipts_stay_within_the_caps_of_the_wire() -> None:
    """Thousands of ranges, refusals and wanted ids, and reasons of any length, are cut, and the ends still match their ranges."""
    beyond = tuple((first, first) for first in range(10, 10 + 4 * MAX_RANGES, 2))
    answers = Answers(ends={STREAM: ["", *(f"d{last}" for _, last in beyond[-MAX_RANGES:])]})
    for seq in range(1, 2 * MAX_RANGES):
        answers.done(item(seq, reason="x" * 1000))
        answers.hold(Hold("agent-01", STREAM, seq, "y" * 1000))
    answers.ask(item(1), [f"{number:022d}" for number in range(12_000)])
    ((_, receipt),) = receipts(answers, Head(STREAM, "agent-01", 1, beyond))
    assert (len(receipt.also), len(receipt.quarantined), len(receipt.held), len(receipt.want)) == (MAX_RANGES,) * 3 + (10_000,)
    assert receipt.ends[1:] == [f"d{last}" for _, last in receipt.also]
    assert Receipt.model_validate_json(receipt.dump()) == receipt
