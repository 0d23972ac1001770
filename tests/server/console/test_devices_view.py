"""Devices in plain words: make, place, agreement, evidence, job, chain."""

from dataclasses import replace

from server.console.devices_view import views
from server.console.picture import DeviceCard, Picture
from server.state.devices import DeviceRow
from tests.fakes.pictures import NOW, card, chain, finding, picture, site


def of(*cards: DeviceCard) -> Picture:
    """Return a picture with these devices at Lyon and Porto."""
    return Picture(at_ns=NOW, sites=[site("Lyon", "inspected", reporting=3), site("Porto")], devices=cards)


def test_present_device() -> None:
    """It says what it is, by what, since when, where, on which hosts, who agrees and whose job it is."""
    (seen,) = views(of(card(0, ["Lyon"])))
    assert (seen.headline, seen.kind, seen.make) == ("Zscaler", "Secure web gateway", "Zscaler, by its certificate (certain).")
    assert (seen.present, seen.state, seen.mark.word, seen.job) == (True, "at 1 site now", "inspected", "the owner of the device")
    assert [(one.site, one.present, one.agents) for one in seen.places] == [("Lyon", True, "2 of 3 agents agree")]
    assert len(seen.hosts) == 4


def test_evidence_is_strongest_first_and_keeps_what_speaks_against() -> None:
    """All evidence is told with how well it is known; what speaks against is marked."""
    (seen,) = views(of(card(0, ["Lyon"])))
    assert [one.speaks for one in seen.proofs] == ["for", "for", "for", "against"]
    assert seen.proofs[0].grade == "measured in our laboratory"
    assert seen.why_not.startswith("Not spliced")


def test_unknown_make() -> None:
    """A device nobody can name is said to be that."""
    (seen,) = views(of(card(0, ["Lyon"], vendor=None)))
    assert (seen.headline, seen.make) == ("Unknown make", "Whose make it is, is not known.")


def test_device_that_left() -> None:
    """It stays with what proved it, and is nobody's job any more."""
    (seen,) = views(of(card(0, ["Lyon"], left=True)))
    assert (seen.present, seen.state, seen.job) == (False, "left", "nobody; there is nothing to do")
    assert (seen.places[0].present, seen.places[0].agents) == (False, "")
    assert seen.proofs


def test_many_places_are_counted() -> None:
    """Eight places are named, the rest is counted."""
    (seen,) = views(of(card(0, [f"Site {number}" for number in range(20)])))
    assert (len(seen.places), seen.more_places) == (8, 12)


def test_chain_in_words() -> None:
    """The chain says how it verified; a certificate that cannot be read says so, with its hash."""
    (seen,) = views(of(replace(card(0, ["Lyon"]), chain=chain())))
    assert seen.trust.startswith("Against the machine's own roots it passes. Against the public roots it fails")
    (leaf,) = seen.chain
    assert (leaf.role, leaf.validity, leaf.key, len(leaf.sha256)) == ("Leaf, for the host", "cannot be read", "cannot be read", 64)


def test_device_without_a_finding() -> None:
    """A device whose finding cannot be read is still shown, as inconclusive."""
    (seen,) = views(of(DeviceCard(DeviceRow("x"), [], [], None, None)))
    assert (seen.mark.word, seen.proofs, seen.confidence) == ("inconclusive", [], "no data")


def test_order_is_the_pictures() -> None:
    """The picture's order is kept."""
    assert [one.id for one in views(picture(sites=60))] == ["device-0", "device-1"]
    assert finding().device is not None
