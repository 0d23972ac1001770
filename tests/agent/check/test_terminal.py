"""What a person reads: verdict first, then the rows that matter, whose job, and no colour where none is wanted."""

import io

import pytest
from rich.console import Console

from agent.check.terminal import JOBS, SHAPES, progress, show
from judge.finding import Finding
from tests.fakes.checked import ROWS, checked, costly, finding
from wire.vocabulary import VERDICTS


def shown(*findings: Finding, offline: bool = False, color: bool = False) -> str:
    """Return what is printed on a terminal 120 columns wide."""
    out = io.StringIO()
    console = Console(file=out, width=120, highlight=False, force_terminal=color, color_system="truecolor" if color else None)
    status = checked(findings if not offline else [finding("a.example", "unreachable")])
    show(status, console=console)
    return out.getvalue()


def test_the_worst_comes_first() -> None:
    """The first line is the worst finding; its row names host, verdict and whose job; clean hosts are one line."""
    text = shown(finding("a.example", "clean"), finding("b.example", "inspected", "high"), finding("c.example", "clean"))
    lines = text.splitlines()
    assert lines[0].startswith("▲ 1 of 3 connections inspected. b.example is inspected.")
    assert "whoever runs the device" in text
    assert "● 2 clean: a.example, c.example" in text
    assert "See https://example/guide" in text
    assert "Note: a note" in text
    assert "middlewatch-agent check --json" in text


def test_what_it_costs() -> None:
    """Below the evidence stands what the finding costs, when it is known."""
    assert "It costs: a.example:443 by system: +31.0 ms a request" in shown(costly("a.example"))
    assert "It costs" not in shown(finding("a.example", "inspected"))


def test_all_clean_is_one_sentence() -> None:
    """Nothing found is said in one sentence, without a table."""
    text = shown(finding("a.example", "clean"))
    assert text.startswith("● No sign of a device between this machine and Microsoft 365 on 1 of 1 connections.")
    assert "whose job" not in text


def test_sanctioned_is_said_apart() -> None:
    """What policy sanctions is not called clean."""
    text = shown(finding("a.example", "clean"), finding("login.example", "sanctioned"))
    assert "on 1 of 2 connections, the rest is sanctioned by policy." in text
    assert "◐ 1 sanctioned: login.example" in text


def test_a_port_other_than_443_is_shown() -> None:
    """Hosts by name, and by name and port where it is not the usual one."""
    assert "relay.example:3478" in shown(finding("relay.example", "unreachable", "high", 3478), finding("a.example", "clean"))


def test_offline_shows_no_table() -> None:
    """Offline is two sentences, whatever the findings say."""
    text = shown(finding("a.example", "unreachable"), offline=True)
    assert "no way to the Internet" in text
    assert "a.example" not in text


def test_colour_is_never_alone() -> None:
    """Every verdict has a shape beside its colour; without a terminal there is no escape sequence, with one there is."""
    assert set(SHAPES) == set(VERDICTS)
    assert "\x1b" not in shown(finding("a.example", "inspected", "high"))
    assert "\x1b" in shown(finding("a.example", "inspected", "high"), color=True)
    assert all(JOBS.values())


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed while it works when standard error is no terminal."""
    with progress():
        assert capsys.readouterr() == ("", "")
    assert capsys.readouterr() == ("", "")


def test_rows_are_a_table_that_asks_first() -> None:
    """Rows of Microsoft's test stand below the findings: attention first, then what passed, what was not measured last."""
    out = io.StringIO()
    show(checked([finding("a.example", "clean")], ROWS), console=Console(file=out, width=120, highlight=False))
    lines = [line.strip() for line in out.getvalue().splitlines()]
    order = [next(index for index, line in enumerate(lines) if title in line) for title in ("DNS request time", "Proxy", "Location")]
    assert order == sorted(order)
    assert "▲ DNS request time median 140 ms" in " ".join(lines[order[0]].split())


def test_many_quiet_hosts_stay_one_line() -> None:
    """Two hundred clean hosts are counted; eight are named."""
    text = shown(*(finding(f"host{number}.example", "clean") for number in range(20)))
    assert "● 20 clean: " in text
    assert "and 12 more" in text
