"""Facts and samples hold no meaning (style rule 5)."""

import re
from typing import get_args

import pytest

from wire.facts import ChainTrust, DnsFacts, EgressFacts, WebFacts
from wire.model import Message
from wire.observation import DnsObservation, EgressObservation, WebObservation
from wire.target import Target
from wire.vocabulary import FAILURES, VERDICTS, Trust

FACTS = (WebFacts, DnsFacts, EgressFacts, ChainTrust)
SAMPLES = (WebObservation, DnsObservation, EgressObservation)
MEANING = {*VERDICTS, "verdict", "severity", "confidence", "device", "vendor"}


@pytest.mark.parametrize("model", [*FACTS, *SAMPLES])
def test_no_field_is_a_verdict(model: type[Message]) -> None:
    """No field is named after a verdict, a severity or a device, and none can hold a verdict's word (`unreachable` is a failure too)."""
    assert not [name for name in model.model_fields if MEANING & {name, *name.split("_")}]
    words = set(re.findall(r'"([a-z_]+)"', str(model.model_json_schema()).replace("'", '"')))
    assert words & set(VERDICTS) <= {"unreachable"}


def test_failures_and_trust_are_not_verdicts() -> None:
    """What a probe says of a failure or of a chain is a fact: the lists share no word with verdicts, save one."""
    assert set(FAILURES) & set(VERDICTS) == {"unreachable"}
    assert not set(get_args(Trust)) & set(VERDICTS)


@pytest.mark.parametrize("model", [WebFacts, DnsFacts, EgressFacts])
def test_facts_name_target_and_route(model: type[WebFacts]) -> None:
    """A judgement needs nothing beside the facts: each kind names its target and route."""
    target = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
    facts = model(target=target)
    assert (facts.target, facts.route, facts.failure, facts.stage) == (target, "direct", None, None)
