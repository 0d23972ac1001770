"""Holds judge/sentence.py: what people are told, and whom it blames."""

from typing import get_args

import pytest

from judge.finding import Device, Evidence
from judge.sentence import responsible, sentence, why_not
from wire.target import Target
from wire.vocabulary import Responsible, Verdict

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")


def note(*signals: str) -> list[Evidence]:
    """Return evidence without weight, each in the family its name suggests."""
    return [Evidence(one, "trust" if "c" in one.split("_")[0] else "reach", 0.0, "L", f"{one}.") for one in signals]


def test_vendor_is_named_only_by_its_certificate() -> None:
    """A vendor is named with how sure it is; a guess is called possible; an unknown device by what it signs as."""
    named = Device((), "swg", "Zscaler", "Zscaler Internet Access", None, 0.95)
    guessed = Device((), "proxy", None, None, "Squid", 0.4, "unknown", "O=Contoso, CN=Contoso CA")
    assert sentence("inspected", TARGET, [], named).endswith("Zscaler Internet Access, by its certificate (certain).")
    assert sentence("inspected", TARGET, [], guessed).endswith("signs as Contoso CA; its vendor is not known, possibly Squid.")
    assert sentence("inspected", TARGET, [], None).endswith("By what is not known.")


def test_no_false_blame_when_nothing_answers() -> None:
    """When the control fails too, nobody is blamed, least of all Microsoft."""
    evidence = note("connect_failure", "all_failed")
    assert "not Microsoft 365" in sentence("unreachable", TARGET, evidence, None)
    assert responsible("unreachable", evidence, None, microsoft=True) == "unclear"


@pytest.mark.parametrize(
    ("verdict", "signals", "device_class", "job"),
    [
        ("clean", (), None, "nobody"),
        ("sanctioned", (), "swg", "nobody"),
        ("inspected", (), "swg", "intermediary"),
        ("inspected", (), "endpoint-security", "client"),
        ("inspected", (), None, "intermediary"),
        ("unreachable", ("dns_failure", "control_answered"), None, "network"),
        ("unreachable", ("dns_failure", "all_failed"), None, "unclear"),
        ("unreachable", ("proxy_failure",), None, "network"),
        ("unreachable", ("connect_failure", "control_answered"), None, "unclear"),
        ("inconclusive", ("clock_suspect",), None, "client"),
        ("inconclusive", ("expired_chain",), None, "microsoft"),
        ("inconclusive", (), None, "unclear"),
    ],
)
def test_whose_job(verdict: Verdict, signals: tuple[str, ...], device_class: str | None, job: Responsible) -> None:
    """Each verdict has someone who must act, or says that it is not clear."""
    device = Device((), device_class) if device_class else None  # type: ignore[arg-type]
    assert responsible(verdict, note(*signals), device, microsoft=True) == job


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_no_word_of_attack(verdict: Verdict) -> None:
    """Every verdict has a sentence and a why-not, and none speaks of attacks."""
    for text in (sentence(verdict, TARGET, note("connect_failure"), None), why_not(verdict, note("connect_failure"))):
        assert text
        assert "attack" not in text.lower()
