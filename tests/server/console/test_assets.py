"""The page's own files: nothing from elsewhere, nothing inline, and colours that can be read in light and in dark."""

import re
from pathlib import Path

import pytest

from server.console.assets import TYPES, Assets

FOLDER = Path("server/console/static")
TEXT = ("ink", "muted", "accent", "good", "bad")
GROUNDS = ("ground", "surface", "raised")


def tokens(theme: str) -> dict[str, str]:
    """Return the colour tokens of a theme: those of `:root`, with the dark ones over them."""
    css = (FOLDER / "page.css").read_text()
    blocks = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)]
    return blocks[0] | (blocks[1] if theme == "dark" else {})


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", TEXT)
def test_text_can_be_read(theme: str, text: str) -> None:
    """Each text colour has 4.5 : 1 on each ground, in both themes."""
    known = tokens(theme)
    assert {ground: ratio for ground in GROUNDS if (ratio := contrast(known[text], known[ground])) < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_other_pairs_can_be_read(theme: str) -> None:
    """So have the alarm on its ground, the words on an accent, and the dark words on each segment of the timeline."""
    known = tokens(theme)
    pairs = [(known["bad"], known["bad-ground"]), (known["surface"], known["accent"]), (known["surface"], known["ink"])]
    pairs += [("#0b0f13", known[look]) for look in ("clean", "sanctioned", "passing", "broken")]
    assert {pair: ratio for pair in pairs if (ratio := contrast(*pair)) < 4.5} == {}


def test_nothing_from_elsewhere() -> None:
    """No file names another host, but for the name spaces of SVG."""
    for name in TYPES:
        text = (FOLDER / name).read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn|@import", text), name


def test_nothing_inline_in_templates() -> None:
    """No template holds a script, a style or an event handler: the content policy would refuse them."""
    for template in Path("server/console/templates").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src)|javascript:", text), template.name


def test_outlines_are_small_and_their_origin_is_noted() -> None:
    """The world costs less than 120 kB, and says where it is from."""
    assert (FOLDER / "world.svg").stat().st_size < 120_000
    assert "public domain" in (FOLDER / "ORIGIN.md").read_text()


def test_addresses_carry_the_content() -> None:
    """Each address has a hash of its content."""
    assert all(re.fullmatch(rf"/static/{name}\?v=[0-9a-f]{{12}}", address) for name, address in Assets().addresses.items())
