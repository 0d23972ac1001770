"""Categories of names as runs have them, by the shipped endpoint lists."""

from judge.knowledge.loader import load_knowledge
from server.watcher.categories import Categories


def test_a_name_has_the_category_of_its_list() -> None:
    """Optimize, Allow and Default by name and port; what no list has is a plan's control."""
    category = Categories(load_knowledge())
    names = ("outlook.office365.com:443", "login.microsoftonline.com:443", "contoso.sharepoint.com:443", "www.example.org:443", "[::1]:x")
    assert [category(name) for name in names] == ["Optimize", "Allow", "Optimize", "Control", "Control"]
    assert category("outlook.office365.com:443") == "Optimize"
