"""What the demo prints, from rows made by hand: order, words, offline, and that no store's word stops it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.telling import OFFLINE, ONLINE, ORDER, Row, Teller, Told, greeting, headline, is_offline, line_of, rows, wrapped
from server.history.port import Point
from server.state.summary import Summary
from wire.vocabulary import VERDICTS

STORED = Summary(1, 25, 25, 14)


def row(target: str = "outlook.office365.com:443", verdict: str = "clean", **more: Any) -> Row:
    """Return a row."""
    fields: dict[str, Any] = {
        "route": "direct",
        "category": "Optimize",
        "responsible": "nobody",
        "vendor": "",
        "took_ms": 41.4,
        "stage": "",
    } | more
    return Row(target=target, verdict=verdict, **fields)


def point(target: str, fields: dict[str, Any], route: str = "direct") -> Point:
    """Return a point as the collector writes it."""
    return Point("x", (("site", "s"), ("target", target), ("route", route), ("category", "Allow")), fields, 1)


def teller() -> Teller:
    """Return one that has told nothing yet."""
    return Teller(cast("Any", SimpleNamespace(console_port=1)), cast("Any", None), Told(30, lab=False))


def test_every_verdict_has_its_place() -> None:
    """All verdicts are ordered and have a shape, clean last: what asks for somebody is read first."""
    assert sorted(ORDER) == sorted(VERDICTS)
    assert ORDER[-1] == "clean"
    assert all("?" not in headline([row(verdict=verdict)]) for verdict in VERDICTS)


def test_greeting_is_honest() -> None:
    """At home nothing is simulated; in a laboratory the network is, and the start says so."""
    home, lab = "\n".join(greeting(8300, Told(30, lab=False))), "\n".join(greeting(8300, Told(0.5, lab=True)))
    assert "simulated   nothing" in home
    assert "http://127.0.0.1:8300/healthz" in home
    assert "then one every 30 s. Ctrl-C ends it." in home
    assert "laboratory" in lab
    assert "nothing" not in lab
    assert "then one every 0.5 s" in lab


def test_rows_join_findings_and_samples() -> None:
    """A row takes its verdict from the finding and its time from the newest sample of its route; the reflector has no row."""
    findings = [
        point("a:443", {"verdict": "clean", "responsible": "nobody"}),
        point("b:443", {"verdict": "inspected", "responsible": "intermediary", "vendor": "Zscaler"}),
        point("b:443", {"verdict": "unreachable", "responsible": "unclear"}, "system"),
        point("reflector:80", {"verdict": "clean", "responsible": "nobody"}),
    ]
    web = [
        point("a:443", {"seq": 2, "total_ms": 7.0}),
        point("b:443", {"seq": 2, "total_ms": 9.0}),
        point("b:443", {"seq": 2, "stage": "tls", "total_ms": 3.0}, "system"),
    ]
    assert rows(findings, web) == [
        row("b:443", "inspected", category="Allow", responsible="intermediary", vendor="Zscaler", took_ms=9.0),
        row("b:443", "unreachable", category="Allow", route="system", responsible="unclear", took_ms=None, stage="tls"),
        row("a:443", category="Allow", took_ms=7.0),
    ]


def test_headline_counts_worst_first() -> None:
    """The first words are the worst verdict with its number."""
    assert headline([row(), row(), row(verdict="inspected"), row(verdict="inconclusive")]) == "▲ 1 inspected  ○ 1 inconclusive  ● 2 clean"
    assert headline([row(), row()]) == "● all 2 connections clean"


def test_lines() -> None:
    """A line has shape and word, host, category, and time or where it failed; a vendor and whose job it is only if known."""
    assert " ".join(line_of(row()).split()) == "● clean outlook.office365.com:443 Optimize 41 ms"
    inspected = line_of(row(verdict="inspected", vendor="Zscaler", responsible="intermediary", route="system"))
    assert " ".join(inspected.split()).endswith("41 ms by system Zscaler for: whoever runs the device")
    assert line_of(row(verdict="unreachable", responsible="unclear", took_ms=None, stage="dns")).endswith("failed at dns")
    assert line_of(row(verdict="unreachable", took_ms=None)).endswith("no answer")
    assert line_of(row(verdict="a word of next year", responsible="somebody")).startswith("? a word of next year")


def test_offline_needs_silence_everywhere() -> None:
    """Only when nothing at all answered is this machine offline; a refused handshake is an answer, and no row is no proof."""
    silent = row(verdict="unreachable", stage="dns", took_ms=None)
    assert is_offline([silent, silent._replace(stage="connect")])
    assert not is_offline([silent, silent._replace(stage="tls")])
    assert not is_offline([silent, row()])
    assert not is_offline([row(verdict="inconclusive")])
    assert not is_offline([])


def test_reports_tell_the_change(capsys: pytest.CaptureFixture[str]) -> None:
    """A row is printed when its verdict is new; offline is one sentence instead of rows, once, and its end is told."""
    one = teller()
    good, bad = row(), row(verdict="unreachable", stage="connect", took_ms=None)
    for now in ([good], [good], [bad], [bad], [good]):
        one.tell_report(STORED, now)
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(tuple("0123456789"))]
    assert lines == [f"    {line_of(good)}", *OFFLINE.splitlines(), ONLINE, f"    {line_of(good)}"]


def test_nothing_changed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A report like the one before is one line with its number and what is stored."""
    one = teller()
    one.tell_report(STORED, [row()])
    one.tell_report(STORED, [row()])
    told = "● all 1 connections clean, nothing changed   (report 1; stored so far: 25 observations, 25 facts, 14 certificates)"
    assert capsys.readouterr().out.splitlines()[-1][10:] == told


def test_sentences_are_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event's sentence keeps to the screen, hanging under its mark, and loses no word."""
    monkeypatch.setenv("COLUMNS", "60")
    sentence = "! appeared (P2): " + " ".join(f"word{number}" for number in range(40))
    lines = wrapped(sentence).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("    ! appeared")
    assert all(line.startswith("      word") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == sentence
