"""Plans: the shipped one, good and refused envelopes, the last good one over a restart. The checker is a fake."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.config import PlanSource
from agent.config_reader import ConfigError
from agent.planning import Planning, default_plan
from judge.coverage import bypass_names
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import default_targets, optimize_prefixes
from wire.plan import Envelope, Plan


async def accept(_envelope: Envelope, keys: Mapping[str, str]) -> str | None:
    """Stand in for a checker that finds every signature of key `ops` good."""
    return None if _envelope.key_id in keys else f"plan: signed by key {_envelope.key_id!r}, which is not trusted here"


def envelope(version: int, key: str = "ops", **changes: object) -> bytes:
    """Return a plan in its envelope."""
    body = Plan(version=version, targets=default_plan().targets[:1]).model_copy(update=changes).model_dump_json(exclude_defaults=True)
    return Envelope(body=body, key_id=key, signature="x").dump()


def planning(folder: Path, file: bytes | None = None) -> Planning:
    """Return planning with a state folder and perhaps a file."""
    source = PlanSource(None, {"ops": bytes(32)})
    if file is not None:
        (folder / "given.json").write_bytes(file)
        source = PlanSource(folder / "given.json", {"ops": bytes(32)})
    return Planning(source, folder, accept)


def test_the_shipped_plan_is_the_judges_targets() -> None:
    """`default_plan.json` equals what the judge's knowledge gives; run scripts/default_plan.py when this fails."""
    assert default_plan().targets == default_targets(load_knowledge())
    assert default_plan().prefixes == optimize_prefixes(load_knowledge())
    assert default_plan().names == bypass_names(load_knowledge().endpoints)
    assert default_plan().targets[-1].category == "Control"


async def test_without_a_file_the_shipped_plan_is_in_force(tmp_path: Path) -> None:
    """No file, nothing kept: the shipped plan, told as version 0."""
    one = planning(tmp_path)
    await one.start()
    assert (one.plan, one.version, one.refused) == (default_plan(), 0, None)
    assert not await one.refresh()


async def test_a_good_plan_is_taken_up_and_kept(tmp_path: Path) -> None:
    """A signed newer plan is in force, and still is after a restart without its file."""
    one = planning(tmp_path, envelope(5))
    await one.start()
    assert (one.version, len(one.plan.targets), one.refused) == (5, 1, None)
    again = planning(tmp_path)
    await again.start()
    assert again.version == 5


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"{", "unreadable"),
        (envelope(9, key="mallory"), "signature"),
        (envelope(4), "older"),
        (envelope(9, cadence_s=1.0), "cadence"),
        (envelope(9, schema_major=2), "schema"),
        (envelope(9, targets=[]), "schema"),
    ],
)
async def test_a_refused_plan_leaves_the_good_one_in_force(
    tmp_path: Path, payload: bytes, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Bad signature, older version, unknown schema, absurd cadence, rubbish: refused with a word and a sentence, never in part."""
    one = planning(tmp_path, envelope(5))
    await one.start()
    assert not await one.offer(payload)
    assert (one.version, one.refused) == (5, word)
    assert "version 5 stays in force" in caplog.text
    assert await one.offer(envelope(10))
    assert one.refused is None


async def test_the_same_version_again_is_no_refusal(tmp_path: Path) -> None:
    """The plan in force arriving again changes nothing and is no fault."""
    one = planning(tmp_path, envelope(5))
    await one.start()
    assert not await one.offer(envelope(5))
    assert one.refused is None


async def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """The file is read again when it changed, and only then; gone, the plan in force stays."""
    one = planning(tmp_path, envelope(5))
    await one.start()
    assert not await one.refresh()
    (tmp_path / "given.json").write_bytes(envelope(16))
    assert await one.refresh()
    (tmp_path / "given.json").unlink()
    assert not await one.refresh()
    assert one.version == 16


async def test_a_plan_from_the_centre_is_taken_alike(tmp_path: Path) -> None:
    """What arrives on the plan topic goes through the same checks."""
    one = planning(tmp_path)
    await one.start()
    await one.take(envelope(3))
    await one.take(envelope(2))
    assert (one.version, one.refused) == (3, "older")


async def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    """A configured plan that is not there stops the start."""
    one = Planning(PlanSource(tmp_path / "none.json", {"ops": bytes(32)}), tmp_path, accept)
    with pytest.raises(ConfigError, match=r"^config: plan.file: .* cannot be read \(No such file or directory\); write "):
        await one.start()


async def test_a_state_folder_that_is_full_costs_the_copy_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When the plan cannot be kept it is in force all the same, and that is said."""
    one = Planning(PlanSource(None, {"ops": bytes(32)}), tmp_path / "not there", accept)
    assert await one.offer(envelope(3))
    assert "cannot be kept" in caplog.text
