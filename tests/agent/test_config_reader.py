"""One section read value by value: every getter returns something usable and notes what was wrong."""

from pathlib import Path

from agent.config_reader import ConfigError, Section


def section(table: object) -> tuple[Section, list[str]]:
    """Return a section and the list its problems go to."""
    problems: list[str] = []
    return Section("part", table, Path("/etc"), problems), problems


def test_good_values_are_returned() -> None:
    """Text, number, flag, choice, path, table and list as written, nothing noted."""
    one, problems = section({"t": "x", "n": 3, "f": True, "c": "b", "p": "q", "w": {"k": "v"}, "l": ["y"]})
    assert one.text("t", example="e") == "x"
    assert one.number("n", default=1, low=0, high=5) == 3.0
    assert one.flag("f", default=False)
    assert one.choice("c", ("a", "b")) == "b"
    assert one.path("p") == Path("/etc/q")
    assert one.words("w") == {"k": "v"}
    assert one.texts("l") == ("y",)
    one.refuse_unknown()
    assert problems == []


def test_absent_values_have_their_defaults() -> None:
    """What is absent and not needed is its default, nothing noted."""
    one, problems = section({})
    assert one.text("t", example="e", default="d") == "d"
    assert one.number("n", default=2, low=0, high=5) == 2
    assert not one.flag("f", default=False)
    assert one.path("p") is None
    assert one.path("p", example="e", default=Path("d")) == Path("d")
    assert one.words("w") == {}
    assert one.texts("l") == ()
    assert problems == []


def test_unknown_keys_are_refused_with_the_nearest_name() -> None:
    """A misspelt key is named beside the nearest real one, a foreign one beside all."""
    one, problems = section({"resend": 1, "zzz": 2})
    one.number("resend_s", default=1, low=0, high=5)
    one.number("window", default=1, low=0, high=5)
    one.refuse_unknown()
    assert problems == [
        "config: part.resend: no such setting; write resend_s",
        "config: part.zzz: no such setting; write one of resend_s, window",
    ]


def test_an_error_lists_its_problems() -> None:
    """The error's text is its problems, one a line."""
    error = ConfigError(["a", "b"])
    assert (str(error), error.problems) == ("a\nb", ("a", "b"))
