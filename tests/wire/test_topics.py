"""Topics: spelled and read in one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import topics

STREAM = "0123456789abcdef" * 2
IDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@given(IDS, st.from_regex(r"[0-9a-f]{32}", fullmatch=True), st.integers(1, 2**53))
def test_round_trip(agent: str, stream: str, seq: int) -> None:
    """A report's topic gives back agent, stream and sequence number."""
    assert topics.parse_report(topics.report(agent, stream, seq)) == (agent, stream, seq)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        f"mw/v1/agent/a1/report/{STREAM}",
        f"mw/v1/agent/a1/report/{STREAM}/0",
        f"mw/v1/agent/a1/report/{STREAM}/01",
        f"mw/v1/agent/a1/report/{STREAM}/1/2",
        f"mw/v1/agent/a1/report/{STREAM}/1\n",
        f"mw/v1/agent/a1/report/{STREAM}/-1",
        f"mw/v1/agent/a1/report/{STREAM}/{2**53 + 1}",
        f"mw/v1/agent/a1/report/{STREAM}/٣",
        f"mw/v1/agent/a1/report/{STREAM.upper()}/1",
        f"mw/v1/agent/A1/report/{STREAM}/1",
        f"mw/v1/agent/-a/report/{STREAM}/1",
        f"mw/v1/agent/{'a' * 64}/report/{STREAM}/1",
        f"mw/v1/agent//report/{STREAM}/1",
        f"mw/v2/agent/a1/report/{STREAM}/1",
        f" mw/v1/agent/a1/report/{STREAM}/1",
        "mw/v1/agent/a1/receipt",
    ],
)
def test_not_a_report(topic: str) -> None:
    """Anything else is no report's topic."""
    assert topics.parse_report(topic) is None


@given(st.text())
def test_any_text(topic: str) -> None:
    """No text raises."""
    found = topics.parse_report(topic)
    assert found is None or topics.report(*found) == topic


def test_names() -> None:
    """The other topics of an agent, word by word: brokers' access lists repeat them."""
    assert topics.receipt("a1") == "mw/v1/agent/a1/receipt"
    assert topics.plan("a1") == "mw/v1/agent/a1/plan"
    assert topics.status("a1") == "mw/v1/agent/a1/status"
    assert topics.REPORTS == "mw/v1/agent/+/report/+/+"
