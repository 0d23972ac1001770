"""The page to mail: whole in one file, nothing fetched, nothing of a stranger's taken for markup."""

import re
from html.parser import HTMLParser

from agent.check.page import render
from tests.fakes.checked import ROWS, checked, costly, finding, with_chain

LOUD = [finding("a.example", "inspected", "high"), finding("b.example", "clean")]


class Outline(HTMLParser):
    """Collects tags and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.points: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        self.tags.append(tag)
        self.points += [value or "" for name, value in attrs if name in {"src", "href"}]


def outline(text: str) -> Outline:
    """Return what a page is made of."""
    found = Outline()
    found.feed(text)
    return found


def test_it_is_one_file() -> None:
    """No script, no image, no style sheet or font from elsewhere; links lead to guidance only; a policy forbids the rest."""
    found = outline(render(with_chain(LOUD)))
    assert not {"script", "img", "link", "iframe", "object"} & set(found.tags)
    assert set(found.points) == {"https://example/guide"}
    assert "default-src 'none'" in render(checked(LOUD))


def test_it_answers_what_where_whose_and_why() -> None:
    """Verdict first, hosts, whose job, evidence, rows, phases, chain with PEM, block for the ticket."""
    text = render(with_chain(LOUD))
    for part in ("1 of 2 connections inspected", "a.example:443", "For whoever runs the device.", "Public roots do not accept"):
        assert part in text
    for row in ROWS:
        assert row.title in text
    assert text.count("<rect ") == 5
    assert "connect 20.0" in text
    assert "-----BEGIN CERTIFICATE-----" in text
    assert "For the ticket" in text
    assert "Laboratory." in text


def test_what_it_costs() -> None:
    """What a finding costs stands with its evidence."""
    assert "<li>It costs: a.example:443 by system: +31.0 ms a request" in render(checked([costly("a.example")]))
    assert "It costs" not in render(with_chain(LOUD))


def test_a_stranger_writes_no_markup() -> None:
    """A certificate's names and evidence are text."""
    text = render(with_chain(LOUD))
    assert "Contoso &lt;b&gt;Gateway&lt;/b&gt;" in text
    assert "<a.example>" not in text


def test_clean_and_offline() -> None:
    """Nothing found is one sentence; offline is its two; neither shows a section about devices."""
    clean, offline = render(checked(LOUD[1:], ROWS)), render(checked([finding("a.example", "unreachable")], ROWS))
    assert "No sign of a device" in clean
    assert "no way to the Internet just now" in offline
    assert not re.search("What stands in the way", clean + offline)
