"""Holds server/reports/disclosure_page.py: one page that loads nothing, runs nothing, escapes strangers, and is readable on both themes."""

import re
from pathlib import Path

import pytest

from server.reports.disclosure_page import render
from tests.fakes.disclosed import HOST, disclosed
from tests.servers.browser import Browser


async def test_the_page_stands_alone(tmp_path: Path) -> None:
    """No script, no source but itself, a strict policy; a certificate's markup is text; all parts are there."""
    async with disclosed(tmp_path) as found:
        text = render(found)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert not re.search(r"<script|<img|<link|src=|url\(|@import|\son\w+=", text)
    assert "<b>Frankfurt</b>" not in text
    assert "Zscaler &lt;b&gt;Frankfurt&lt;/b&gt;" in text
    for part in ("Secure Web Gateways", HOST, "What is bypassed now", "What is not known", "2 of 2 agents agree", "@media print"):
        assert part in text


@pytest.mark.servers
def test_contrast(browser: Browser) -> None:
    """Every text has 4.5 : 1 on both themes, and the browser reports no violation of the page's own policy."""
    example = Path(__file__).parents[3] / "docs" / "examples" / "disclosure.html"
    with browser.page(1280, 900) as watched:
        watched.page.goto(example.as_uri())
        assert {theme: watched.low_contrasts(theme) for theme in ("light", "dark")} == {"light": [], "dark": []}
        assert watched.errors == []
