"""Words, shapes and colours: one set for Grafana and the console, never colour alone."""

from dashboards.states import AGENT_STATES, FAMILIES, INK, KINDS, SEVERITIES, STATES, by_rank, by_table, by_word, yes_or_no
from server.console import words
from wire.vocabulary import VERDICTS


def test_every_verdict_has_its_state_with_the_consoles_shape_and_rank() -> None:
    """A word means the same on every screen."""
    assert {one.word for one in STATES} == {*VERDICTS, "silent"}
    assert {one.word: (one.shape, one.rank) for one in STATES} == {
        one.word: (words.mark(one.word).shape, words.rank(one.word)) for one in STATES
    }


def test_worst_comes_first_and_each_state_is_in_one_family_of_its_shape() -> None:
    """What the map and the chart draw together shares shape and colour."""
    assert [one.rank for one in STATES] == [*range(11, -1, -1)]
    assert sorted(rank for one in FAMILIES for rank in one.ranks) == [*range(12)]
    for family in FAMILIES:
        found = [one for one in STATES if one.rank in family.ranks]
        assert {(one.shape, one.colour) for one in found} == {(family.name[0], family.colour)}
        assert all(one.word in family.name for one in found)


def test_mappings_always_say_a_shape_and_colour_only_where_it_fills() -> None:
    """A word in the page's own ink has no colour; a rank has its shape."""
    assert by_word()[0]["options"]["inspected"] == {"text": "▲ inspected", "index": 1, "color": "#D55E00"}
    assert "color" not in by_word(colour=False)[0]["options"]["inspected"]
    assert by_rank()[0]["options"]["11"] == {"text": "■", "index": 0, "color": INK}
    assert by_rank(words=True)[0]["options"]["0"]["text"] == "● clean"
    assert by_table((("late", "◔ late"),))[0]["options"] == {"late": {"text": "◔ late", "index": 0}}
    assert yes_or_no()[0]["options"]["true"]["text"] == "yes"


def test_other_words_are_those_of_the_watcher() -> None:
    """Agents' states, kinds of events and priorities are spelled as stored; each kind is called what the console calls it."""
    assert [word for word, _ in AGENT_STATES] == ["reporting", "late", "silent"]
    assert {word: text.partition(" ")[2] for word, text in KINDS} == dict(words.EVENT_WORDS)
    assert {word: text.removeprefix(f"{word} ") for word, text in SEVERITIES if word != "none"} == dict(words.SEVERITY_WORDS)
