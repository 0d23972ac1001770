"""What the person asked for, read from the command line."""

import pytest

from agent.check.wish import Wish
from agent.cli import parser, read_place


def test_nothing_asked_is_a_table_on_the_screen() -> None:
    """By default no file is written and no place is known."""
    assert Wish() == Wish(as_json=False, html=None, markdown=None, place=None)


def test_a_place_is_degrees() -> None:
    """Latitude and longitude; what is none is refused with a sentence that says what to write."""
    assert read_place("50.11,8.68") == (50.11, 8.68)
    assert read_place("-33.9, 151.2") == (-33.9, 151.2)
    assert parser().parse_args(["check", "--place", "1,2"]).place == (1.0, 2.0)


@pytest.mark.parametrize("text", ["", "Frankfurt", "91,0", "0,181", "1,2,3", "nan,0"])
def test_no_place_is_told(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, out of range, not numbers."""
    with pytest.raises(SystemExit):
        parser().parse_args(["check", "--place", text])
    assert "write latitude and longitude in degrees, such as 50.11,8.68" in capsys.readouterr().err
