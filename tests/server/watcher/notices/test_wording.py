"""Holds server/watcher/notices/wording.py: what a person reads for every kind of event, to the letter (golden.txt), and its JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.watcher.kinds import KINDS
from server.watcher.notices.alert import NOTE, PROBLEM, Alert, Part, is_problem
from server.watcher.notices.book import Book, Terms
from server.watcher.notices.digest import collect
from server.watcher.notices.release import Draft, release
from server.watcher.notices.routing import Rule
from server.watcher.notices.titles import GUIDANCE
from server.watcher.notices.wording import LINES_NAMED, Around, Detail, words_of
from server.watcher.notices.wording import test_words as words_of_a_test
from tests.fakes.notices import HOUR, MINUTE, START, seen
from wire.codec import canonical

GOLDEN = Path(__file__).parent / "golden.txt"
AROUND = Around(
    "https://watch.example",
    lambda site: "Europe/Paris" if site == "Lyon" else "UTC",
    {cause: (f"https://learn.example/{topic}",) for cause, topic in GUIDANCE.items() if topic},
)
PROOF: dict[str, dict[str, Any]] = {
    "device": {"issuer": "Zscaler Root CA", "agents_agree": 4, "agents_reporting": 5, "responsible": "intermediary", "native": "none"},
    "reach": {"before": "12 of 12 Optimize hosts answered", "now": "0 of 12 answer", "agents_agree": 5, "agents_reporting": 5},
    "egress": {"before": "Paris, AS64500", "now": "Frankfurt, AS64501", "responsible": "network"},
    "agent": {"site": "Lyon", "responsible": "client"},
    "latency": {"before": "p95 84 ms, n = 1 412", "now": "p95 131 ms, n = 1 380", "agents_agree": 3, "agents_reporting": 4},
}
SENTENCES = {
    "appeared": (
        "Lyon: traffic to host0.office.com, host1.office.com and 7 more is being decrypted by a device not seen here before. Zscaler, by "
        "its certificate (certain). 4 of 5 agents agree, since 2026-03-01 11:00 UTC+1. Before: clean. Now: certificates issued by Zscaler "
        "Root CA. For: the owner of the device."
    )
}
"""What the rules that tell an event say of it, of the kind that matters most."""
HOSTS = [f"host{number}.office.com" for number in range(9)]


def drafted(kind: str) -> Draft:
    """Return the draft of one event of a kind, as a target that wants everything gets it."""
    cause = KINDS[kind].cause
    scope = "laptop-17" if cause == "agent" else "Worldwide" if cause in {"feed", "trust"} else "Lyon"
    event = seen(kind, "Lyon" if scope != "Worldwide" else "", scope=scope, device="d1" if cause == "device" else "")
    weight = event.severity if event.severity != "none" else "P4"
    part = Part(event, "alert-1", PROBLEM if is_problem(kind) else NOTE, START, weight)
    alert = Alert("alert-1", "key", cause, weight, START - MINUTE, START)
    return Draft("noc", "opened", "key-1", START + MINUTE, (part,), (part,) if part.open else (), alert)


def detail(kind: str) -> Detail:
    """Return what an event's row says of a kind."""
    cause = KINDS[kind].cause
    hosts = {"hosts": HOSTS} if cause == "device" else {"hosts": HOSTS[:2]} if cause == "reach" else {}
    sentence = f"Lyon: {KINDS[kind].meaning}."
    return Detail(SENTENCES.get(kind, sentence), PROOF.get(cause, {}) | hosts)


def of_kinds() -> str:
    """Return the letters of every kind."""
    told = []
    for kind, meaning in KINDS.items():
        if meaning.severity == "none":
            continue  # told to nobody
        draft = drafted(kind)
        words = words_of(draft, {draft.parts[0].event.id: detail(kind)}, AROUND)
        told.append(f"=== {kind}\n{words.subject}\n\n{words.text}\n")
    return "\n".join(told)


def _of_many(number: int, kind: str = "site-silent", end: str = "") -> str:
    made = Book([], Terms())
    details = {}
    for at in range(number):
        event = seen(kind, f"site-{at:02}", number=at + 1)
        details[event.id] = Detail(f"site-{at:02}: {KINDS[kind].meaning}.")
        made.fold(event, START)
    rule = Rule("noc", "P4")
    drafts = release(made, [rule], START + HOUR)
    if end:
        for at in range(number):
            made.fold(seen(end, f"site-{at:02}", START + HOUR, number=at + 100), START + HOUR)
        drafts = release(made, [rule], START + 2 * HOUR)
    return _told(drafts[0], details)


def _told(draft: Draft, details: dict[int, Detail]) -> str:
    words = words_of(draft, details, AROUND)
    return f"{words.subject}\n\n{words.text}\n"


def _digest() -> str:
    kinds = ("agent-silent", "feed-changed", "agent-clock")
    parts = [
        Part(seen(kind, "Lyon", number=number), "a", PROBLEM if is_problem(kind) else NOTE, START, "P4")
        for number, kind in enumerate(kinds, 1)
    ]
    parts[2].over_ns = START + MINUTE
    digest = collect(Rule("noc"), parts, START - 24 * HOUR, START)
    assert digest is not None
    return _told(digest, {})


def _maintenance() -> str:
    made = Book([], Terms(muting=lambda _site, at_ns: START + HOUR if at_ns < START + HOUR else 0))
    for kind in ("site-down", "appeared", "egress-moved"):
        made.fold(seen(kind, "Lyon", device="d1" if kind == "appeared" else ""), START)
    made.fold(seen("site-up", "Lyon", START + MINUTE), START + MINUTE)
    (draft,) = release(made, [Rule("noc", "P4")], START + HOUR)
    return _told(draft, {})


SITUATIONS: dict[str, Callable[[], str]] = {
    "two sites silent": lambda: _of_many(2),
    "twenty sites silent at once": lambda: _of_many(20),
    "twenty sites heard again": lambda: _of_many(20, end="site-heard"),
    "daily digest": _digest,
    "after maintenance": _maintenance,
    "test": lambda: "{0.subject}\n\n{0.text}\n".format(words_of_a_test("noc", "key-1", START, "https://watch.example")),
}


def everything() -> str:
    """Return all texts, as golden.txt keeps them."""
    return of_kinds() + "".join(f"\n=== {name}\n{told()}" for name, told in SITUATIONS.items())


def test_the_words_of_everything() -> None:
    """Whoever changes a word sees it in golden.txt, beside all others. To write it anew: GOLDEN.write_text(everything())."""
    assert everything().splitlines() == GOLDEN.read_text().splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_of_a_letter(kind: str) -> None:
    """It can be written, names its event, key and severity, and holds the text a person reads."""
    draft = drafted(kind)
    words = words_of(draft, {draft.parts[0].event.id: detail(kind)}, AROUND)
    plain = json.loads(canonical(words.plain))
    assert (plain["key"], plain["kind"], plain["subject"], plain["text"]) == ("key-1", kind, words.subject, words.text)
    assert plain["events"][0]["identity"] == draft.parts[0].event.identity
    assert len(words.subject) <= 78  # RFC 5322, section 2.1.1: what a mail's header line should not exceed


def test_nothing_is_cut_without_a_word() -> None:
    """More events than a letter names are counted in it, and are all in its JSON."""
    many = _of_many(40)
    assert f"- and {39 - LINES_NAMED} more, in the console" in many
    assert "and 32 more." in many


def test_some_sites_are_back() -> None:
    """An update says how many are back, and how many are not."""
    made = Book([], Terms())
    for at in range(5):
        made.fold(seen("site-silent", f"site-{at}"), START)
    release(made, [Rule("noc", "P4")], START + HOUR)
    for at in range(2):
        made.fold(seen("site-heard", f"site-{at}", START + HOUR), START + HOUR)
    (draft,) = release(made, [Rule("noc", "P4")], START + 2 * HOUR)
    assert words_of(draft, {}, AROUND).subject == "P2 update: 2 sites: agents are heard of again; 3 sites not yet"


def test_what_strangers_write_stays_text() -> None:
    """A name with line ends makes no header of its own, and a thousand long sentences are a letter that services take."""
    made = Book([], Terms())
    details = {}
    for at in range(1000):
        event = seen("appeared", f"a\r\nBcc: x@example.org {at}", device="d1")
        details[event.id] = Detail("x" * 4096)
        made.fold(event, START)
    (draft,) = release(made, [Rule("noc", "P4")], START + HOUR)
    words = words_of(draft, details, AROUND)
    assert "\n" not in words.subject
    assert len(words.text.encode()) < 20_000
    one = Draft("noc", "opened", "k", START, draft.parts[:1], draft.parts[:1])
    assert words_of(one, details, AROUND).subject == "P2 a Bcc: x@example.org 0: new device in the path"


def test_a_row_that_is_gone() -> None:
    """Without its event's row a letter says what the kind means."""
    draft = drafted("site-down")
    assert words_of(draft, {}, Around()).text.startswith("Lyon: a site cannot reach Optimize endpoints.")
