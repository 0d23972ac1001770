"""The laboratory's results as text: faults, confusion matrix, which signal fired where, and the last line. Pure: scores in, lines out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.lab.scoring import Score


def summary(scores: Sequence[Score]) -> list[str]:
    """Return everything that is printed after the run."""
    return [*faults(scores), *matrix(scores), "", *methods(scores), "", last_line(scores)]


def last_line(scores: Sequence[Score]) -> str:
    """Return the line that is promised."""
    verdicts, classes = sum(one.verdict_right for one in scores), sum(one.class_right for one in scores)
    false = sum(one.false_devices for one in scores)
    return f"scenarios: {len(scores)}, right verdict: {verdicts}, right class: {classes}, false device: {false}"


def passed(scores: Sequence[Score]) -> bool:
    """Return whether the bar is met: every verdict right, classes at least 95 %, no false device."""
    right = sum(one.class_right for one in scores)
    return (
        bool(scores)
        and all(one.verdict_right for one in scores)
        and right >= 0.95 * len(scores)
        and not any(one.false_devices for one in scores)
    )


def findings(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each finding of a trial as a line: target, route, verdict, device, signals."""
    return [
        f"{one['name']} by {one['route']}: {one['verdict']}, {one['class'] or 'no device'}, "
        f"{one['vendor'] or one['possible'] or 'no vendor'} ({', '.join(one['signals'])})"
        for one in told
    ]


def faults(scores: Sequence[Score]) -> list[str]:
    """Return what came out wrong, scenario by scenario."""
    lines = []
    for one in scores:
        if one.faults:
            lines += [f"{one.scenario.name}: {one.scenario.what}", *(f"    {fault}" for fault in dict.fromkeys(one.faults)), ""]
    return lines


def matrix(scores: Sequence[Score]) -> list[str]:
    """Return the confusion matrix: rows are what is true, columns what was said, cells count findings."""
    cells = Counter(pair for one in scores for pair in one.pairs)
    columns = sorted({said for _, said in cells} | {true for true, _ in cells})
    rows = [["true \\ said", *columns]]
    rows += [[true, *(str(cells[true, said] or ".") for said in columns)] for true in sorted({true for true, _ in cells})]
    return ["confusion matrix (findings)", *_table(rows)]


def methods(scores: Sequence[Score]) -> list[str]:
    """Return in how many scenarios of each kind each signal fired; the kind is the most telling verdict a scenario expects."""
    kinds: dict[str, list[Score]] = {}
    for one in scores:
        kinds.setdefault(telling_verdict(one), []).append(one)
    columns = sorted(kinds)
    rows = [["signal", *(f"{kind} ({len(kinds[kind])})" for kind in columns)]]
    rows += [
        [signal, *(str(sum(signal in one.signals for one in kinds[kind]) or ".") for kind in columns)]
        for signal in sorted({signal for one in scores for signal in one.signals})
    ]
    return ["signals by kind of scenario (scenarios in which each fired)", *_table(rows)]


def telling_verdict(one: Score) -> str:
    """Return the verdict a scenario is about: of those it expects the first that is not a plain one."""
    expected = [true.verdict for true in one.scenario.expect.values()]
    return next((verdict for verdict in expected if verdict != "clean"), "clean")


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
