"""What a picture answers about itself."""

from tests.fakes import pictures


def test_site_by_name() -> None:
    """A site is found by its name, or is not there."""
    picture = pictures.picture(sites=1)
    site = picture.site("Lyon")
    assert site is not None
    assert site.site == "Lyon"
    assert picture.site("Atlantis") is None


def test_present_places() -> None:
    """A device is present where its presence says so, nowhere once it has left."""
    assert [one.place for one in pictures.card(1, ["Lyon", "Porto"]).present] == ["Lyon", "Porto"]
    assert not pictures.card(1, ["Lyon"], left=True).present
