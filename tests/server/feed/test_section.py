"""The section `[feed]`: off by itself, one of four instances, nothing but TLS to the outside."""

import pytest
from pydantic import ValidationError

from server.feed.section import FeedSection


def test_off_by_itself() -> None:
    """Nobody is asked until somebody says so; each instance counts once; an address ends without a slash."""
    assert not FeedSection().enabled
    assert FeedSection().instances == ("Worldwide",)
    section = FeedSection.model_validate(
        {"instances": ["China", "China", "Worldwide"], "url": "https://mirror.example/", "tenant": "Contoso"}
    )
    assert (section.instances, section.url, section.tenant) == (("China", "Worldwide"), "https://mirror.example", "contoso")
    assert FeedSection(url="http://127.0.0.1:9", proxy="http://proxy.example:3128").proxy


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://endpoints.office.com"}, "is not an https address"),
        ({"instances": []}, "at least 1"),
        ({"instances": ["Germany"]}, "Worldwide"),
        ({"proxy": "proxy.example:3128"}, "write http://proxy.contoso.com:3128"),
        ({"tenant": "a b"}, "is no tenant's name"),
        ({"hours": 2}, "Extra inputs"),
    ],
)
def test_what_is_wrong(fields: dict[str, object], words: str) -> None:
    """Each is refused with what to write."""
    with pytest.raises(ValidationError, match=words):
        FeedSection.model_validate(fields)
