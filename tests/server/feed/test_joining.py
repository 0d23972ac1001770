"""What a change means here: new names against standing findings and PAC files, and the sentence a person reads."""

from typing import Any

from judge.coverage import Decision
from server.feed.changes import difference
from server.feed.joining import Joined, PacFile, Said, join, sentence, told
from tests.fakes.endpoint_service import NEW, OLD, edited, recorded, sets_of

SITES = [f"site-{number:02d}" for number in range(14)]


def newer(*names: str, set_id: int = 1) -> bytes:
    """Return the recorded list with more names in a set."""

    def edit(sets: dict[int, dict[str, Any]]) -> None:
        sets[set_id]["urls"] = [*sets[set_id]["urls"], *names]

    return edited(recorded(), edit)


def joined(body: bytes, said: list[Said], pac_files: list[PacFile] | None = None) -> tuple[Joined, ...]:
    """Join a newer list with what is known."""
    listed = sets_of(body)
    return join(difference(sets_of(recorded()), listed), {"mail.example": "2026-10-01"}, listed, said, pac_files or [])


def pac(number: int, **decisions: Decision) -> PacFile:
    """Return a PAC file; names are written with underscores."""
    return PacFile(f"digest-{number}", 3, {name.replace("_", "."): way for name, way in decisions.items()})


def test_new_names_inspected_at_sites_and_missing_in_pac_files() -> None:
    """The sentence names the name, its day, the sites that have it inspected of those that measure it, and the PAC files without it."""
    said = [Said(site, "mail.example", "inspected" if number < 12 else "clean") for number, site in enumerate(SITES)]
    files = [pac(number, mail_example="proxied") for number in range(9)] + [pac(9, mail_example="direct"), pac(10, other_example="direct")]
    body = newer("mail.example")
    (one,) = joined(body, said, files)
    assert (one.basis, one.inspected, len(one.sites)) == ("name", tuple(SITES[:12]), 14)
    assert (one.proxied, one.direct, one.unasked, one.from_day) == (9, 1, 1, "2026-10-01")
    text = sentence("Worldwide", "2026090100", difference(sets_of(recorded()), sets_of(body)), [one])
    assert text == (
        "Microsoft's endpoint list (Worldwide) has changed to version 2026090100: 1 new name. "
        "mail.example (Optimize, used from 2026-10-01): inspected at 12 of 14 sites that measure it, not direct in 9 of 10 PAC files, "
        "1 PAC file not asked about it yet. "
        "Network team: take the new entries into the bypass lists of proxies, firewalls and VPNs."
    )


def test_what_is_not_known_is_said_to_be_so() -> None:
    """A name nobody measures is judged by the names of its category, and says so; without those nothing is claimed."""
    said = [Said("Porto", "outlook.office365.com", "inspected"), Said("Oslo", "outlook.office365.com", "clean")]
    (one,) = joined(newer("mail.example"), said)
    assert (one.basis, one.sites, one.inspected) == ("category", ("Oslo", "Porto"), ("Porto",))
    (other,) = joined(newer("x.example", set_id=184), said)
    assert (other.basis, other.sites, other.from_day) == ("nothing", (), "")
    changed = difference(sets_of(recorded()), sets_of(newer("mail.example")))
    text = sentence("Worldwide", "2026090100", changed, [one, other])
    assert "not measured yet, names of its category are inspected at 1 of 2 sites." in text
    assert "x.example (Default): not measured yet, nor is anything of its category." in text
    assert "PAC" not in text


def test_a_new_pattern_is_held_against_every_name_below_it() -> None:
    """A pattern's sites are those that measure any name it covers; its PAC decision is that of the name that stands for it."""
    said = [Said("Porto", "a.fresh.example", "inspected"), Said("Oslo", "b.fresh.example", "clean"), Said("Bonn", "fresh.example", "clean")]
    (one,) = joined(newer("*.fresh.example", set_id=12), said, [pac(1, middlewatch_fresh_example="proxied")])
    assert (one.category, one.basis, one.sites, one.inspected, one.proxied) == ("Allow", "name", ("Oslo", "Porto"), ("Porto",), 1)


def test_the_worst_names_are_spelled_out() -> None:
    """Three of them, those inspected at most sites first; the body has all, with what was removed and what moved."""
    said = [Said("Porto", "n4.example", "inspected"), Said("Porto", "n2.example", "clean")]
    body = newer(*(f"n{number}.example" for number in range(6)))
    changed, found = difference(sets_of(recorded()), sets_of(body)), joined(body, said)
    text = sentence("Worldwide", "2026090100", changed, found)
    assert "6 new names. n4.example (Optimize): inspected at 1 of 1 site that measure it." in text
    assert "And 3 more." in text
    plain = told("Worldwide", "2026090100", NEW, changed, found)
    assert [one["name"] for one in plain["names"]] == [f"n{number}.example" for number in range(6)]
    assert (plain["before"], plain["removed"], plain["moved"], plain["prefixes_added"]) == (NEW, [], [], [])


def test_removals_alone() -> None:
    """Eight months of the real list: nine names gone, nothing to add anywhere."""
    changed = difference(sets_of(recorded(OLD)), sets_of(recorded()))
    text = sentence("Worldwide", NEW, changed, join(changed, {}, sets_of(recorded()), [], []))
    assert text == (
        "Microsoft's endpoint list (Worldwide) has changed to version 2026081400: 9 names removed. "
        "Network team: removed entries may leave the bypass lists."
    )
    assert len(told("Worldwide", NEW, OLD, changed, ())["removed"]) == 9
