"""Rows of ours: coverage by category; whose each score is, and that a missing sample is no score."""

from judge.connectivity.marks import assessment, coverage, scores
from tests.fakes.looks import finding, look, relay, web


def test_scores_of_one_check() -> None:
    """10 ms to Exchange are 100 points by Microsoft's curve; Teams' score is labelled as ours; SharePoint needs a download."""
    seen = look(web(connect_ms=10.0), relay(rtt_ms=30.0, jitter_ms=2.0, loss_percent=0.0))
    assert [(one.workload, one.points is not None) for one in scores(seen)] == [("Exchange", True), ("SharePoint", False), ("Teams", True)]
    row = assessment(seen)
    assert row.state == "pass"
    assert row.value.startswith("Exchange 100 of 100; Teams ")
    assert "Microsoft's score" in row.details[0]
    assert "our own score, not Microsoft's" in row.details[1]


def test_low_scores_ask_for_attention() -> None:
    """150 ms to Exchange are 50 points; a silent relay has no score; nothing measured is not measured."""
    assert (
        assessment(look(web(connect_ms=150.0), relay(ephemeral="", audio="", rtt_ms=1.0, jitter_ms=1.0, loss_percent=0.0))).state
        == "attention"
    )
    assert assessment(look()).state == "unmeasured"


def test_coverage_by_category() -> None:
    """Optimize and Allow must be whole; a Default host in between is told and asks for nothing; what is not proven counts for neither."""
    optimize, allow, default = "outlook.office365.com", "teams.microsoft.com", "www.office.com"
    fine = look(findings=[finding(optimize, "clean"), finding(allow, "unreachable"), finding(default, "inspected")])
    assert (coverage(fine).state, coverage(fine).value) == ("pass", "Optimize 1 of 1, Default 0 of 1; 1 not proven either way")
    assert coverage(look(findings=[finding(optimize, "inspected"), finding(allow, "clean")])).state == "attention"
    assert coverage(look()).state == "unmeasured"
