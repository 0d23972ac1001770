"""Holds judge/sentence.py: what people are told, and whom it blames."""

from typing import get_args

import pytest

from judge.finding import Device, Evidence
from judge.sentence import About, responsible, sentence, why_not
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
    assert sentence(About("inspected", TARGET, device=named)).endswith("Zscaler Internet Access, by its certificate (certain).")
    assert sentence(About("inspected", TARGET, device=guessed)).endswith("signs as Contoso CA; its vendor is not known, possibly Squid.")
    assert sentence(About("inspected", TARGET)).endswith("By what is not known.")


def test_no_false_blame_when_nothing_answers() -> None:
    """When the control fails too, nobody is blamed, least of all Microsoft."""
    evidence = note("connect_failure", "all_failed")
    assert "not Microsoft 365" in sentence(About("unreachable", TARGET, evidence=evidence))
    assert responsible(About("unreachable", TARGET, evidence=evidence, microsoft=True)) == "unclear"


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
        ("proxied", (), "proxy", "network"),
        ("spliced", (), "wan-acceleration", "intermediary"),
        ("altered", (), "proxy", "intermediary"),
        ("redirected", (), "dns-filter", "network"),
        ("captive", (), "captive-portal", "client"),
        ("blocked", (), "proxy", "intermediary"),
        ("blocked", (), None, "network"),
        ("unreachable", ("proxy_login", "proxy_failure"), None, "client"),
    ],
)
def test_whose_job(verdict: Verdict, signals: tuple[str, ...], device_class: str | None, job: Responsible) -> None:
    """Each verdict has someone who must act, or says that it is not clear."""
    device = Device((), device_class) if device_class else None  # type: ignore[arg-type]
    assert responsible(About(verdict, TARGET, evidence=note(*signals), device=device, microsoft=True)) == job


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_no_word_of_attack(verdict: Verdict) -> None:
    """Every verdict has a sentence and a why-not, and none speaks of attacks."""
    about = About(verdict, TARGET, evidence=note("connect_failure"))
    for text in (sentence(about), why_not(about)):
        assert text
        assert "attack" not in text.lower()
