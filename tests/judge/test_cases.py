"""Walks `tests/cases/`: each folder is a recorded situation (report, roots, policy) and the findings it must lead to.

`MIDDLEWATCH_RECORD=report pytest tests/judge/test_cases.py -k made_again` writes the situations of `tests/fakes/situations.py` again;
`MIDDLEWATCH_RECORD=expected pytest tests/judge/test_cases.py` also what the judge says of all, for a person to read before it is
committed. Folders called `lab-...` hold what a real agent saw among real intermediaries (`scripts/test --lab --record`).
"""

import base64
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from judge.chain import Roots
from judge.finding import Judgement
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import parse_policy
from judge.signals import NAMES
from tests.fakes.kinds import facts_of, observation_of
from tests.fakes.meddling_situations import ALL as MEDDLING
from tests.fakes.path_situations import ALL as PATHS
from tests.fakes.situation import CASES, expected
from tests.fakes.situations import ALL as CHAINS
from wire.codec import content_id, facts_bytes
from wire.vocabulary import VERDICTS

KEPT = {"h2": "h2_kept", "tls": "tls_kept", "mss": "mss_full"}
"""What says that an aspect is in order: it has no finding of its own then."""
ALL = [*CHAINS, *PATHS, *MEDDLING]
_FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())
_knowledge = load_knowledge()


def is_recorded(folder: Path) -> bool:
    """Return whether a report was recorded in the laboratory (`scripts/test --lab --record`) and not made by a description."""
    return folder.name.startswith("lab-")


def judge_case(folder: Path) -> Judgement:
    """Return what the judge says of a recorded situation."""
    given, report = (json.loads((folder / name).read_text()) for name in ("given.json", "report.json"))
    knowledge = replace(_knowledge, roots=Roots.from_pem((folder / "roots.pem").read_bytes()))
    certificates = {key: base64.b64decode(body) for key, body in report.get("certificates", {}).items()}
    judge = Judge(knowledge, parse_policy(given["policy"]))
    facts = {key: facts_of(plain) for key, plain in report["facts"].items()}
    pairs: list[Any] = [(observation_of(one), facts[one["facts"]]) for one in report["cycle"]["observations"]]
    return judge.judge(judge.look(pairs), certificates, report["cycle"]["started_ns"])


def write_expected(folder: Path, judgement: Judgement) -> None:
    """Write what the judge says as what is expected; for a person to read before it is committed."""
    plain = [expected(finding) for finding in judgement.findings]
    (folder / "expected.json").write_text(json.dumps(plain, indent=1) + "\n")


def _expected(folder: Path) -> list[dict[str, object]]:
    plain = json.loads((folder / "expected.json").read_text())
    assert isinstance(plain, list)
    return plain


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    """A recorded situation leads to exactly the findings written beside it."""
    assert [expected(finding) for finding in judge_case(folder).findings] == _expected(folder)


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_case_is_what_the_wire_carries(folder: Path) -> None:
    """A recorded report's ids are the content ids of its bodies, and its certificates outlive this code."""
    plain = json.loads((folder / "report.json").read_text())
    assert all(content_id(facts_bytes(facts_of(body))) == key for key, body in plain["facts"].items())
    assert all(content_id(base64.b64decode(body)) == key for key, body in plain.get("certificates", {}).items())
    assert plain["cycle"]["started_ns"] > datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_near_miss(folder: Path) -> None:
    """A case that claims to be a near miss of a verdict or signal lacks it (a verdict may stand on its other hosts)."""
    findings = _expected(folder)
    for claim in json.loads((folder / "given.json").read_text())["near_miss_of"]:
        kind, _, word = claim.partition(":")
        held = [finding["verdict"] == word if kind == "verdict" else word in str(finding["signals"]) for finding in findings]
        assert not all(held), f"{folder.name} claims to miss {claim}"
        assert kind == "verdict" or not any(held), f"{folder.name} claims to miss {claim}"


def test_every_verdict_and_signal_has_a_case_and_a_near_miss() -> None:
    """Nothing the judge can say is without a recorded situation in which it says so and one in which it nearly would."""
    findings = [finding for folder in _FOLDERS for finding in _expected(folder)]
    verdicts = {finding["verdict"] for finding in findings}
    signals = {signal for finding in findings for signal in finding["signals"]}  # type: ignore[attr-defined]
    signals |= {KEPT[str(aspect)] for finding in findings for aspect in finding["fine"]}  # type: ignore[attr-defined]
    near = {claim for folder in _FOLDERS for claim in json.loads((folder / "given.json").read_text())["near_miss_of"]}
    assert verdicts == set(VERDICTS)
    assert signals == set(NAMES)
    assert near >= {f"verdict:{word}" for word in VERDICTS} | {f"signal:{word}" for word in NAMES}


def test_recorded_situations_can_be_made_again(tmp_path: Path) -> None:
    """The committed reports are, byte for byte, what the described situations lead to."""
    record = os.environ.get("MIDDLEWATCH_RECORD", "")
    for situation in ALL:
        place = situation.write(CASES if record else tmp_path)
        if record == "expected":
            write_expected(place, judge_case(place))
        for name in ("given.json", "report.json", "roots.pem"):
            assert (place / name).read_bytes() == (CASES / situation.name / name).read_bytes(), f"{situation.name}/{name}"
    assert {situation.name for situation in ALL} == {folder.name for folder in _FOLDERS if not is_recorded(folder)}


def test_laboratory_reports_are_judged_anew() -> None:
    """A report of the laboratory names its scenario; what the judge says of it is written again where a person asks for it."""
    for folder in filter(is_recorded, _FOLDERS):
        if os.environ.get("MIDDLEWATCH_RECORD") == "expected":
            write_expected(folder, judge_case(folder))
        assert json.loads((folder / "given.json").read_text())["origin"] == f"laboratory: {folder.name.removeprefix('lab-')}"
