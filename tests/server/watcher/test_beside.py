"""Holds server/watcher/beside.py: what is found beside an answer, in words."""

import pytest

from server.state.overview import Aside
from server.watcher.beside import counts, host_of, kind_of, meddling, said


def aside(target: str, verdict: str = "altered") -> Aside:
    """Return what is found beside an answer."""
    return Aside("Lyon", "a", target, verdict, "", 1)


@pytest.mark.parametrize(
    ("name", "kind", "host", "words"),
    [
        ("h.example:443", "", "h.example", "h.example"),
        ("h.example:25", "", "h.example", "h.example:25"),
        ("h.example:443#tcp", "#tcp", "h.example", "connections to h.example"),
        ("h.example:25#tcp", "#tcp", "h.example", "connections to h.example:25"),
        ("h.example:443#h2", "#h2", "h.example", "HTTP/2 to h.example"),
        ("h.example:443/udp", "443/udp", "h.example", "HTTP/3 to h.example"),
        ("h.example:3478/udp", "/udp", "h.example", "media to h.example:3478"),
        ("h.example:443/wss", "/wss", "h.example", "WebSocket to h.example"),
        ("this-machine", "", "this-machine", "this-machine"),
    ],
)
def test_names(name: str, kind: str, host: str, words: str) -> None:
    """A name is read for what it is about, its host, and as a person says it."""
    assert (kind_of(name), host_of(name), said(name)) == (kind, host, words)


@pytest.mark.parametrize(
    ("target", "verdict", "word"),
    [
        ("h:443#tcp", "spliced", True),
        ("h:443/wss", "blocked", True),
        ("h:3478/udp", "blocked", True),
        ("h:443/udp", "inspected", True),
        ("r:80#request", "altered", True),
        ("h:443#h2", "altered", False),
        ("h:443#mss", "altered", False),
        ("h:443/udp", "blocked", False),
        ("h:443/udp", "unreachable", False),
        ("h:443/wss", "unreachable", False),
    ],
)
def test_what_can_be_a_sites_word(target: str, verdict: str, word: bool) -> None:  # noqa: FBT001 - a table's column
    """Devices seen and services shut; a lost protocol is told beside it, and what is not reached the answer tells."""
    assert counts(aside(target, verdict)) is word


def test_meddling_in_words() -> None:
    """Each loss once, with its hosts counted once; what counts for the site's word is not told again."""
    found = [aside("a:443#h2"), aside("b:443#h2"), aside("a:443#mss"), aside("a:443/udp", "blocked"), aside("a:443#tcp", "spliced")]
    assert meddling(found) == ("HTTP/2 lost to 2 hosts", "HTTP/3 blocked to 1 host", "segments cut short to 1 host")
    assert meddling([]) == ()
