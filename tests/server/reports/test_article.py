"""Holds server/reports/article.py: the article's seven classes are the first seven of our vocabulary, in its order."""

from typing import get_args

from server.reports.article import CLASSES, DUTIES
from wire.vocabulary import DeviceClass


def test_classes_and_duties() -> None:
    """Seven classes; disclose, disable and bypass, ask the vendor, wherever it runs."""
    assert set(CLASSES) == set(get_args(DeviceClass)[:7])
    assert [title for title, _ in DUTIES][:4] == [
        "Say so",
        "Take them out while it is open",
        "Ask their vendor about them",
        "Wherever they run",
    ]
