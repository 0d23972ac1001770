"""The page as text: every section there, every value escaped, and only what changed is another text."""

import re
from dataclasses import replace

import pytest

from server.console.assets import Assets
from server.console.picture import Picture
from server.console.rendering import SECTIONS, Around, Choice, Renderer
from server.console.words import moment
from server.fleet.registry import Place
from tests.fakes import pictures
from tests.fakes.stage import FakeStage

EVIL = "<script>alert('x')</script>\"&"


def renderer(stage: FakeStage | None = None, *, lab: bool = True) -> Renderer:
    """Return a renderer."""
    return Renderer(Around(lab, "127.0.0.1", local=True, stage=stage), Assets().addresses)


def sections(picture: Picture, choice: Choice | None = None) -> dict[str, str]:
    """Return the sections of a picture with a timeline."""
    return renderer().sections(picture, pictures.timeline(), choice or Choice(), None).sections


def test_all_sections_are_there() -> None:
    """The page answers, in this order: the worst, true, changed, where, sites, devices, over time."""
    page = renderer().sections(pictures.picture(), pictures.timeline(), Choice(), None)
    text = renderer().page(page, Choice(), "2026-11-18T12:20:00+00:00")
    places = [text.index(f'id="{name}" data-live') for name in SECTIONS if name != "stage"]
    assert places == sorted(places)
    for heading in ("Is the picture true?", "What changed?", "Where?", "Sites, worst first", "Devices in the way", "One site, over time"):
        assert heading in text


def test_the_page_says_by_which_list_it_judges() -> None:
    """Below the tiles, when it is known."""
    for lists, shown in (("Worldwide: the shipped list of 2026-08-14, 103 days old", True), ("", False)):
        picture = replace(pictures.picture(), lists=lists)
        text = renderer().page(renderer().sections(picture, pictures.timeline(), Choice(), None), Choice(), "now")
        assert ("Endpoint list: Worldwide: the shipped list of 2026-08-14, 103 days old." in text) is shown


def test_what_a_stranger_names_is_escaped() -> None:
    """A site, an agent, a host, an event and a device named like a script are text, everywhere."""
    site = pictures.site(EVIL, "inspected", place=Place(1, 1), egress_name=EVIL, egress_place=Place(2, 2))
    picture = Picture(
        (),
        pictures.NOW,
        [pictures.agent(EVIL, EVIL, "silent")],
        [site],
        [pictures.event(1, scope=EVIL)],
        [pictures.card(0, [EVIL], vendor=EVIL)],
        history=EVIL,
    )
    text = renderer().page(renderer().sections(picture, pictures.timeline(EVIL), Choice(EVIL), None), Choice(EVIL), "now")
    assert "<script>" not in text
    assert "alert(&#39;x&#39;)" in text
    assert 'href="/?site=%3Cscript%3Ealert' in text


def test_simulated_sites_are_marked_wherever_they_are_named() -> None:
    """In what changed, in the table, and where a device stands."""
    (name,) = (one.site for one in pictures.simulated(1))
    seen = Picture((), pictures.NOW, [], pictures.simulated(1), [pictures.event(1, scope=name)], [pictures.card(0, [name])])
    sections = renderer().sections(seen, None, Choice(), None).sections
    for part in ("events", "sites", "devices"):
        assert re.search(rf'{name}(</a>)? <span class="sim">simulated</span>', sections[part]), part


def test_same_picture_is_the_same_text() -> None:
    """Drawing again gives the same text; another site's verdict changes what shows it and nothing else."""
    picture = pictures.picture(sites=3)
    calm = sections(picture, Choice("Porto"))
    assert calm == sections(picture, Choice("Porto"))
    lyon = [replace(one, total_ms=99.0) if one.site == "Lyon" else one for one in picture.sites]
    changed = sections(replace(picture, sites=lyon), Choice("Porto"))
    assert [name for name in SECTIONS if changed[name] != calm[name]] == ["sites"]


def test_hundred_of_a_thousand_and_a_link_to_all() -> None:
    """The worst hundred are rows, the rest is counted and one link away."""
    some = sections(pictures.picture(sites=1000))["sites"]
    assert some.count("<tr data-key=") == 100
    assert "903 more are not" in some
    assert "all=1" in some
    everything = sections(pictures.picture(sites=1000), Choice(everything=True))
    assert everything["sites"].count("<tr data-key=") == 1003
    assert everything["map"].count('class="marker') == 1003


def test_state_is_shape_and_word() -> None:
    """Each row says its verdict in words beside its shape."""
    rows = sections(pictures.picture())["sites"]
    assert re.search(r'<use href="#s-broken"/></svg> inspected</span>', rows)


def test_production_has_no_demo_parts() -> None:
    """Without a stage there is no button and no word of a lab."""
    page = renderer(lab=False)
    text = page.page(page.sections(pictures.picture(), None, Choice(), None), Choice(), "now")
    assert "/demo/" not in text
    assert "<strong>Lab.</strong>" not in text
    assert "This page has no sign-in and listens on this machine only." in text


async def test_demo_has_its_buttons_and_says_what_is_simulated() -> None:
    """Each stage site has a form: insert, or remove where a device is."""
    stage = FakeStage()
    await stage.insert("Lyon")
    page = renderer(stage)
    text = page.page(page.sections(pictures.picture(), None, Choice(), None), Choice(), "now")
    assert "Insert an inspection device at Frankfurt" in text
    assert "Remove it at Lyon" in text
    assert text.count('action="/demo/insert"') == 2
    assert stage.simulated in text.replace("&#39;", "'")


def test_state_database_away() -> None:
    """The page says since when the database does not answer, and from when the picture is."""
    told = renderer().sections(pictures.picture(), None, Choice(), moment(pictures.NOW, pictures.NOW, seconds=True)).sections["headline"]
    assert 'role="alert"' in told
    assert "does not answer since" in told


@pytest.mark.parametrize("picture", [Picture(), Picture(at_ns=pictures.NOW)])
def test_empty_centre(picture: Picture) -> None:
    """A centre that has heard of nobody has a page, with words in every section."""
    drawn = renderer().sections(picture, None, Choice(), None).sections
    assert all(drawn[name] for name in SECTIONS if name != "stage")
