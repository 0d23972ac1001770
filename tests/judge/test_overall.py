"""Holds judge/overall.py: a target in one word, for one report."""

from judge.finding import Aspect, Finding
from judge.overall import overall, told
from tests.fakes.examined import OUTLOOK, TEAMS
from wire.target import Target
from wire.vocabulary import Verdict


def finding(target: Target, verdict: Verdict, aspect: Aspect = "path", route: str = "direct") -> Finding:
    """Return a finding."""
    return Finding(target, route, verdict, "none", 0.9, "nobody", "", "", aspect=aspect)


def test_spliced_takes_the_place_of_a_clean_answer() -> None:
    """Of the same target and route only; a worse answer stays what it is."""
    found = [
        finding(OUTLOOK, "clean"),
        finding(OUTLOOK, "spliced", "tcp"),
        finding(OUTLOOK, "clean", route="system"),
        finding(TEAMS, "inspected"),
        finding(TEAMS, "spliced", "tcp"),
    ]
    assert [(one.target.host, one.route, one.verdict) for one in overall(found)] == [
        (OUTLOOK.host, "direct", "spliced"),
        (OUTLOOK.host, "system", "clean"),
        (TEAMS.host, "direct", "inspected"),
    ]


def test_what_is_not_about_the_answer_is_left_out() -> None:
    """A lost protocol or a whole path changes nothing."""
    found = [
        finding(OUTLOOK, "clean"),
        finding(OUTLOOK, "clean", "tcp"),
        finding(OUTLOOK, "altered", "h2"),
        finding(TEAMS, "altered", "request"),
    ]
    assert overall(found) == found[:1]


def test_a_person_is_told_what_was_found() -> None:
    """Answers with their splitters, then what was lost beside them; not that an aspect is in order or could not be compared."""
    lost, altered = finding(OUTLOOK, "altered", "h2"), finding(TEAMS, "altered", "request")
    found = [finding(OUTLOOK, "clean"), finding(OUTLOOK, "spliced", "tcp"), lost, altered, finding(TEAMS, "clean")]
    found += [finding(TEAMS, "inconclusive", "tcp"), finding(TEAMS, "clean", "request")]
    assert [(one.target.host, one.verdict) for one in told(found)] == [
        (OUTLOOK.host, "spliced"),
        (TEAMS.host, "clean"),
        (OUTLOOK.host, "altered"),
        (TEAMS.host, "altered"),
    ]
