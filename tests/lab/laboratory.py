"""`scripts/test --lab [--record] [--keep] [--show] [NAME ...]` tries scenarios, two at a time, and tells what came of them.

Exit status: 0 the bar is met, 1 it is not, 2 it could not run. `--record` writes each scenario that came out right into `tests/cases/`;
`--keep` keeps the report of each, right or wrong, in `.middlewatch/lab/`; `--show` prints every finding.
Arguments, workers and printing only.
"""

import asyncio
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from tests.fakes.situation import CASES, expected
from tests.judge.test_cases import judge_case, write_expected
from tests.lab import isolation, telling
from tests.lab.nodes import Nodes
from tests.lab.rows import BadRow, Scenario, load
from tests.lab.scoring import Score, score
from tests.tree import ROOT

KEPT = ROOT / ".middlewatch" / "lab"
_LINE = 1 << 22
"""A trial's findings as one line: some 20 kB."""


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    if arguments[:1] == ["row"]:
        asyncio.run(_row(int(arguments[1])))
        return 0
    options = {one for one in arguments if one.startswith("--")}
    names = [one for one in arguments if one not in options]
    try:
        chosen = _chosen(names, options)
        if not isolation.inside():
            isolation.requirements()
            return isolation.enter(arguments)
        isolation.prepare([Path(isolation.programs()["mitmdump"]).parents[1]])
    except (BadRow, isolation.CannotRun) as reason:
        _say(str(reason))
        return 2
    began = time.monotonic()
    scores = asyncio.run(_all(chosen, options))
    _say(f"{len(scores)} scenarios in {time.monotonic() - began:.0f} s\n")
    _say("\n".join(telling.summary(scores)))
    return 0 if telling.passed(scores) else 1


def _chosen(names: Sequence[str], options: set[str]) -> list[Scenario]:
    if not options <= {"--record", "--keep", "--show"}:
        raise BadRow(f"lab: {' '.join(options)}: not known; write --record, --keep, --show or names of scenarios")
    every = load()
    known = {one.name for one in every}
    for name in names:
        if name not in known:
            raise BadRow(f"lab: there is no scenario {name!r}; there are {', '.join(sorted(known))}")
    return [one for one in every if not names or one.name in names]


async def _all(scenarios: Sequence[Scenario], options: set[str]) -> list[Score]:
    """Try all, on as many rows of machines as there are processors, at most two: a third only makes the clocks doubtful."""
    waiting = asyncio.Queue[Scenario]()
    for one in scenarios:
        waiting.put_nowait(one)
    scores: list[Score] = []
    async with asyncio.TaskGroup() as group:
        for number in range(min(2, os.cpu_count() or 1, len(scenarios))):
            group.create_task(_work(number, waiting, scores, options), name=f"row {number}")
    order = {one.name: place for place, one in enumerate(scenarios)}
    return sorted(scores, key=lambda one: order[one.scenario.name])


async def _work(number: int, waiting: "asyncio.Queue[Scenario]", scores: list[Score], options: set[str]) -> None:
    """Give one row scenario after scenario."""
    pipe = asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(*isolation.OWN, "row", str(number), stdin=pipe, stdout=pipe, limit=_LINE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    while not waiting.empty():
        one = waiting.get_nowait()
        worker.stdin.write(one.name.encode() + b"\n")
        line = await worker.stdout.readline()
        if not line:
            raise RuntimeError(f"row {number} ended in {one.name}")
        scores.append(_scored(one, json.loads(line), options))
    worker.stdin.close()
    await worker.wait()


def _scored(one: Scenario, told: dict[str, Any], options: set[str]) -> Score:
    if "error" in told:
        found = Score(one, pairs=[("(a trial)", "(none)")], faults=[told["error"]], class_right=False)
    else:
        found = score(one, told["findings"], told["seconds"])
        if "--keep" in options:
            _keep(Path(told["case"]), KEPT / one.name)
        if "--record" in options and found.verdict_right and not found.false_devices:
            _keep(Path(told["case"]), CASES / f"lab-{one.name}")
    mark = "ok   " if found.verdict_right and found.class_right and not found.false_devices else "WRONG"
    _say(f"{mark} {one.name} ({told.get('seconds', 0.0):.1f} s)")
    if "--show" in options:
        _say("\n".join(f"    {line}" for line in telling.findings(told.get("findings", []))))
    return found


def _keep(source: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place)
    write_expected(place, judge_case(place))


async def _row(number: int) -> None:
    """Be a worker: try each scenario named by a line of standard input, answer with a line."""
    from tests.lab.trial import Bench  # noqa: PLC0415 - only workers need the machinery

    scenarios = {one.name: one for one in load()}
    nodes = Nodes(number)
    async with nodes.standing():
        bench = Bench(nodes, isolation.programs())
        async for name in _lines():
            _say(json.dumps(await _tried(bench, scenarios[name])))


async def _tried(bench: Any, scenario: Scenario) -> dict[str, Any]:
    try:
        trial = await bench.attempt(scenario)
    except Exception as error:  # noqa: BLE001 - one scenario that cannot be tried must not cost the others
        return {"error": "the trial failed: " + "".join(traceback.format_exception(error))[-3000:]}
    return {"findings": [expected(one) for one in trial.findings], "seconds": trial.seconds, "case": str(trial.case)}


async def _lines() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        yield line.strip()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
