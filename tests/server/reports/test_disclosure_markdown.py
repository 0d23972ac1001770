"""Holds server/reports/disclosure_markdown.py: the text for the ticket has all of it, and no stranger's name becomes markup."""

from pathlib import Path

from server.reports.disclosure_markdown import render
from tests.fakes.disclosed import HOST, disclosed


async def test_the_text(tmp_path: Path) -> None:
    """Headline, classes, device with facts, places, hosts and proof, signs, coverage, position, limits."""
    async with disclosed(tmp_path) as found:
        text = render(found)
    for part in (
        "# What stands between us and Microsoft 365: The fleet",
        "| Secure Web Gateways (SWG) | Zscaler, signing as Zscaler \\<b\\>Frankfurt\\</b\\> |",
        "| Proxy solutions | none seen or entered |",
        "- Runs: a vendor's security cloud (SSE) (the sites leave by Zscaler's network)",
        "- Owner: not entered",
        "2 of 2 agents agree (a, b). Leaves by 165.225.72.1 (Zscaler's network).",
        f"| `{HOST}` | Optimize, Exchange | decrypted |",
        "(measured in our laboratory)",
        "| Frankfurt | `graph.microsoft.com` | blocked |",
        "- **Category Optimize**: Bypass proxies, inspection and VPN",
        "## What is not known",
    ):
        assert part in text
    assert "<b>" not in text
    assert "|  |" not in text, "no empty cell"
