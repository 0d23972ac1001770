"""Holds server/console/api/route.py: pages end, tags are revisions."""

from server.console.api.route import page_of, tag_of


def test_page_of() -> None:
    """A page says what is behind it only when something is."""
    assert page_of([1, 2, 3], 2, str).model_dump() == {"items": [1, 2], "next": "2"}
    assert page_of([1, 2], 2, str).next is None
    assert page_of([], 2, str).items == []


def test_tag_of() -> None:
    """A tag is a strong one."""
    assert tag_of(3) == '"r3"'
