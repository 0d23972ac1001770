"""The document for a ticket: it stands alone, and nobody's certificate can write markup into it."""

from agent.check.markdown import evidence, render, text
from tests.fakes.checked import ROWS, checked, costly, finding, with_chain


def test_the_evidence_stands_alone() -> None:
    """When, by what, on which hosts, whose job, why, the chain as captured, where to read on."""
    told = "\n".join(evidence(with_chain([finding("a.example", "inspected", "high")])))
    for part in ("Measured 2026-", "UTC by middlewatch", "Hosts: a.example", "whoever runs the device", "Severity high", "Laboratory"):
        assert part in told
    assert "Evidence: Public roots do not accept" in told
    assert "log timestamps: " in told
    assert "See https://example/guide" in told


def test_what_it_costs() -> None:
    """A finding that was measured by two ways says what it costs; one that was not says nothing of it."""
    assert "- It costs: a.example:443 by system: +31.0 ms a request" in "\n".join(evidence(checked([costly("a.example")])))
    assert "It costs" not in "\n".join(evidence(checked([finding("a.example", "inspected")])))


def test_a_stranger_writes_no_markup() -> None:
    """Names in certificates are escaped: no tag, no table cell, no heading, no line of its own."""
    assert text("a|b\n# c <b>") == "a\\|b \\# c \\<b\\>"
    assert "<b>" not in render(with_chain([finding("a.example", "inspected")]))


def test_rows_are_a_table() -> None:
    """Every row with state in shape and word; what asks for attention also with its details."""
    told = render(checked([finding("a.example", "clean")], ROWS))
    assert "| ▲ attention | DNS request time | median 140 ms | 100 ms or more; Microsoft's performance plan |" in told
    assert "- slow: a.example" in told


def test_offline_blames_nobody() -> None:
    """Offline is said in its two sentences."""
    told = render(checked([finding("a.example", "unreachable")]))
    assert "This machine has no way to the Internet just now" in told
    assert "unreachable:" not in told
