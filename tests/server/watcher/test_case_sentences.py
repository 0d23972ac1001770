"""Holds server/watcher/case_sentences.py: each sentence can be read aloud, says who agrees, since when, what is not known, whose job."""

from server.watcher import case_sentences as words
from server.watcher.cases import Line, Look

START = 1_795_000_000 * 10**9
MINUTE = 60 * 10**9
HOST = "outlook.office365.com"
HELD = Look("held", "inspected", START, 0, 0, 2, 2)
FREE = Look("bypassed", "inspected", START, START + 5 * MINUTE, START + 6 * MINUTE, 2, 2)


def zone(site: str) -> str:
    """Return Berlin for Frankfurt."""
    return {"Frankfurt": "Europe/Berlin"}.get(site, "UTC")


def test_lines() -> None:
    """Held, held again, clearing, bypassed, never held, silent: each is told apart, and silence is named."""
    told = {
        "held": Line("Frankfurt", HOST, HELD),
        "again": Line("Frankfurt", HOST, Look("held", "inspected", START + 9 * MINUTE, 0, START + 6 * MINUTE, 1, 2), returns=1),
        "clearing": Line("Frankfurt", HOST, Look("clearing", "inspected", START, START + MINUTE, 0, 1, 2, ("b",))),
        "bypassed": Line("Frankfurt", HOST, FREE, cleared=True),
        "never": Line("Frankfurt", HOST, Look("bypassed", "clean", 0, 0, START, 1, 1), cleared=True),
        "silent": Line("Frankfurt", HOST),
    }
    assert {name: words.line_words(line, "Europe/Berlin") for name, line in told.items()} == {
        "held": "decrypted since 2026-11-18 12:06:40 UTC+1, by 2 of 2 agents.",
        "again": "again decrypted since 2026-11-18 12:15:40 UTC+1, by 1 of 2 agents."
        " Before that it was clean since 2026-11-18 12:12:40 UTC+1.",
        "clearing": "decrypted until 2026-11-18 12:07:40 UTC+1; 1 of 2 agents saw it clean often enough so far."
        " b saw it decrypted and reports no more: silence proves nothing.",
        "bypassed": "decrypted until 2026-11-18 12:11:40 UTC+1, clean since 2026-11-18 12:12:40 UTC+1; 2 of 2 agents agree.",
        "never": "not seen decrypted in this case, clean since 2026-11-18 12:06:40 UTC+1; 1 of 1 agent agree.",
        "silent": "no data: no agent reports on it.",
    }


def test_events() -> None:
    """One paragraph each: what, where, since when, who agrees, whose job."""
    lines = [Line("Frankfurt", f"h{n}", FREE, cleared=True) for n in range(5)] + [Line("Lyon", "h0", FREE, cleared=True)]
    name = words.named(7, "2511-0042")
    assert words.proved(name, lines, "Anna", zone) == (
        "Case 7 (ticket 2511-0042): bypassed on every host. Frankfurt, h0, h1, h2 and 2 more: held until 2026-11-18 12:11:40 UTC+1, clean "
        "since 2026-11-18 12:12:40 UTC+1; 2 of 2 agents agree. Lyon, h0: held "
        "until 2026-11-18 11:11:40 UTC, clean since 2026-11-18 11:12:40 UTC; "
        "2 of 2 agents agree. For: Anna, to tell Microsoft's support and to close the case when it is solved."
    )
    back = [Line("Frankfurt", HOST, Look("held", "inspected", START, 0, START - MINUTE, 2, 2), returns=1)]
    assert words.broken(words.named(7, ""), back, START, zone) == (
        f"Case 7: decryption is back while the case is open. Frankfurt, {HOST}, since 2026-11-18 12:06:40 UTC+1; 2 of 2 agents agree. "
        "Before: clean since 2026-11-18 12:05:40 UTC+1. For: the owner of the device."
    )
    assert words.opened(name, [Line("Lyon", HOST, HELD)]).startswith("Case 7 (ticket 2511-0042): a bypass is asked for. Lyon, outlook")
    assert "close it when the ticket is solved. For: Anna." in words.reminder(name, lines, "proved", START, "Anna")
    assert "0 of 1 lines are bypassed. For: the owner of the device." in words.reminder(name, back, "open", START, "")
    assert "Not proved: 0 of 1 lines were bypassed when it was closed." in words.closed(name, back, "broken", "Anna")
