"""Whose page an answer is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.markers import LOOKED_AT, markers, page_of
from judge.knowledge.loader import load_knowledge
from judge.knowledge.signatures import Where, page_marks

PAGES = load_knowledge().pages


def test_the_agents_copy_is_the_judges_knowledge() -> None:
    """`markers.csv` holds the marks only the agent can see, for text in lower case; run scripts/agent_data.py when this fails."""
    seen = [one for one in PAGES if one.enabled and one.where in {"body", "title", "location", "server"}]
    assert [(one.id, one.where) for one in markers()] == [(one.id, one.where) for one in seen]
    lowered = [re.sub(r"(?<!\\)[A-Z]+", lambda found: found[0].lower(), one.pattern) for one in seen]
    assert [one.pattern.pattern for one in markers()] == lowered


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        (b"Internet Security by ZSCALER", {}, ["zscaler-body"]),
        (b"<title class='x'>McAfee Web Gateway - Notification", {}, ["mcafee-title"]),
        (b"McAfee Web Gateway - Notification", {}, []),
        (b"", {"location": "http://192.0.2.1:15871/cgi-bin/blockpage.cgi?ws-session=1"}, ["forcepoint-blockpage"]),
        (b"", {"location": "https://login.microsoftonline.com/"}, []),
        (b"", {}, []),
    ],
)
def test_marks(body: bytes, headers: dict[str, str], found: list[str]) -> None:
    """In the body, the title, the whole address of a redirect; in any case, and only where the mark belongs."""
    assert page_of(body, headers)[0] == found


def test_the_same_page_is_known_again() -> None:
    """Numbers, addresses and ids in it vary from request to request; the words do not. A page without marks has no hash."""
    first = page_of(b"Powered By FortiGuard, incident 4711, 9f86d081884c7d65 for 10.0.0.7", {})
    second = page_of(b"Powered By FortiGuard, incident 815,  2c26b46b68ffc68f for 10.250.0.1", {})
    assert first == second
    assert len(first[1]) == 22
    assert page_of(b"Powered By FortiGuard. Another page.", {})[1] != first[1]
    assert page_of(b"nothing", {}) == ([], "")


def test_the_agents_marks_say_what_the_judges_do() -> None:
    """On a page with every product's words both find the same marks."""
    words = {"body": "internet security by zscaler, juniper web filtering, sonicwall - web site blocked", "title": "ESET"}
    shown: dict[Where, str] = {"body": f"<title>{words['title']}</title>{words['body']}", "title": words["title"]}
    theirs = [one.id for one in page_marks(PAGES, shown)]
    assert page_of(shown["body"].encode(), {})[0] == theirs
    assert len(theirs) >= 4


@given(st.binary(max_size=2000), st.text(max_size=200))
def test_any_page(body: bytes, location: str) -> None:
    """Whatever comes, there is an answer within the caps; what is beyond the first 64 KiB is not looked at."""
    found, digest = page_of(body, {"location": location})
    assert len(found) <= 16
    assert len(digest) <= 22
    assert page_of(b" " * LOOKED_AT + b"Powered By FortiGuard", {}) == ([], "")
