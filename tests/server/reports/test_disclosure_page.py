"""Holds server/reports/disclosure_page.py: one page that loads nothing, runs nothing, escapes strangers, and is readable on both themes."""

import re
from pathlib import Path

from server.reports.disclosure_page import render
from tests.fakes.disclosed import HOST, disclosed


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
