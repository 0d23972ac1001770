"""The rules of a bypass case: from "please bypass" to "proved bypassed", and what breaks it. Pure: stored runs in, lines and events out.

A case is lines, one for each host at each site. `look` says what the runs say of a line now; `settle` brings the case in line with that
and returns what must be told. The same call again, with its own result, tells nothing: a restart, a second watcher or a replay changes
nothing. What people do to a case (open, note, close, reopen) is `casekeeping.py`'s.

Routes that count are those users' programs take: `direct` and `system`. A proxy named in the plan is measured to compare with.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from server.watcher import beside
from server.watcher.devices import SILENT_NS
from server.watcher.turns import DETERMINISTIC_ROUNDS, SATURATED, SIGHTINGS, STATISTICAL_CLEAR_NS

LineState = Literal["unknown", "held", "clearing", "bypassed"]
"""`held`: something stands before the host. `clearing`: no longer seen, not often enough or not by enough agents. `unknown`: no data."""
CaseState = Literal["open", "proved", "broken", "closed"]
Told = Literal["case-proved", "case-broken", "case-reminder"]
Where = tuple[str, str]
"""Site and host."""
ROUTES = frozenset({"direct", "system"})
CLEAN = frozenset({"clean", "sanctioned"})
"""`sanctioned`: decryption of sign-in hosts that Microsoft itself supports, with tenant restrictions declared (facts, m365 §6)."""
ENOUGH_ROUNDS = DETERMINISTIC_ROUNDS
"""Rounds without the device that a path needs, as a device needs to have left (design §6)."""
ENOUGH_AGENTS = 2
"""Agents that must agree on a line, all where fewer report, and at least half of them: as many as confirm a device at a site."""
DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Seen:
    """One stored run as a case sees it. `target` is a finding's name; `id` rises in the order of storing."""

    id: int
    agent: str
    target: str
    route: str
    verdict: str
    first_ns: int
    last_ns: int
    rounds: int
    deterministic: bool = False
    device_key: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What the runs say of one host at one site now: `agree` of `reporting` agents say that it is as `state` has it.

    `held_ns`, `until_ns`: the last stretch in which something stood before it (until 0: it does now). `clean_ns`: since when every path
    is without. `waiting`: agents that saw it held, are silent since, and so prove nothing. `verdict`, `device_key`: of what held it last.
    """

    state: LineState = "unknown"
    verdict: str = ""
    held_ns: int = 0
    until_ns: int = 0
    clean_ns: int = 0
    agree: int = 0
    reporting: int = 0
    waiting: tuple[str, ...] = ()
    device_key: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One host at one site, as stored: its last look; `cleared` since it was bypassed; how often it returned."""

    site: str
    host: str
    look: Look = Look()
    cleared: bool = False
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """What decides about a case. `changed_ns`: when a line was bypassed or returned last, or a person spoke.

    Agents that sleep at night change nothing. Counters number what was told.
    """

    state: CaseState
    opened_ns: int
    changed_ns: int
    reminded_ns: int = 0
    proofs: int = 0
    returns: int = 0
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """When to remind: after so long without a change, then again and again."""

    first_ns: int = DAY_NS
    again_ns: int = 7 * DAY_NS


@dataclass(frozen=True, slots=True)
class News:
    """What must be told. `episode` is its number within the case; `lines` are those it is about."""

    kind: Told
    episode: int
    at_ns: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one path says: `rounds` of it, since `began_ns`; when something held it last, and when anything at all was heard."""

    agent: str
    own: bool
    said: Literal["held", "hinted", "clean", "nothing"]
    rounds: int
    began_ns: int
    held: Seen | None
    held_from_ns: int
    heard_ns: int


def look(runs: Iterable[Seen], now_ns: int) -> Look:
    """Return what the runs of one host at one site say now. Runs of other routes, and a protocol lost beside the answer, have no say."""
    voices = list(_voices(run for run in runs if run.route in ROUTES and not beside.is_lost(run.target, run.verdict)))
    speaking = [one for one in voices if one.heard_ns >= now_ns - SILENT_NS and one.said != "nothing"]
    reporting = {one.agent for one in voices if one.heard_ns >= now_ns - SILENT_NS}
    waiting = {one.agent for one in voices if one.said in {"held", "hinted"} and one not in speaking}
    held = [one for one in speaking if one.said == "held"]
    before = [one for one in voices if one.held is not None]
    last = max((one.held for one in before if one.held), key=lambda run: run.last_ns, default=None)
    found = Look(
        verdict=last.verdict if last else "clean" if speaking else "",
        held_ns=min((one.held_from_ns for one in held or before), default=0),
        until_ns=0 if held or last is None else last.last_ns,
        reporting=len(reporting),
        waiting=tuple(sorted(waiting)),
        device_key=last.device_key if last else "",
    )
    if held:
        return replace(found, state="held", agree=len({one.agent for one in held}))
    if not speaking:
        return found
    clean, open_ones = _agents(speaking)
    enough = len(clean) >= max(min(ENOUGH_AGENTS, len(reporting)), (len(reporting) + 1) // 2)
    sure = enough and not open_ones and not waiting
    return replace(found, state="bypassed" if sure else "clearing", agree=len(clean), clean_ns=0 if open_ones else _clean_since(voices))


def _agents(speaking: Sequence[_Voice]) -> tuple[set[str], set[str]]:
    """Return the agents that are sure that nothing stands before the host, and those that saw too little since it was held, or a hint."""
    open_ones = {one.agent for one in speaking if (one.held is not None or one.own) and not _enough(one)}
    return {one.agent for one in speaking if one.own and one.said == "clean"} - open_ones, open_ones


def _enough(voice: _Voice) -> bool:
    """Return whether a path has been clean often enough, by the same measure as a device has left it (`turns.py`)."""
    if voice.said != "clean":
        return False
    if voice.held is None or voice.held.deterministic:
        return voice.rounds >= ENOUGH_ROUNDS
    return voice.rounds >= SATURATED and voice.heard_ns - voice.began_ns >= STATISTICAL_CLEAR_NS


def _clean_since(voices: Sequence[_Voice]) -> int:
    """Return when the last path that was held became clean; where none was held, when the first was seen clean."""
    clean = [one for one in voices if one.said == "clean"]
    return max((one.began_ns for one in clean if one.held), default=min((one.began_ns for one in clean if one.own), default=0))


def _voices(runs: Iterable[Seen]) -> Iterable[_Voice]:
    ordered = sorted(runs, key=lambda run: (run.agent, run.target, run.route, run.first_ns))
    for _, mine in groupby(ordered, key=lambda run: (run.agent, run.target, run.route)):
        yield _voice(_live(list(mine)))


def _live(runs: Sequence[Seen]) -> list[Seen]:
    """Return one path's runs oldest first, without those stored after a newer one: they came late and amend history only."""
    kept: list[Seen] = []
    for run in reversed(runs):
        if not kept or run.id < kept[-1].id:
            kept.append(run)
    return kept[::-1]


def _voice(runs: Sequence[Seen]) -> _Voice:
    said: Literal["held", "hinted", "clean", "nothing"] = "nothing"
    rounds, began_ns, held_from_ns, held = 0, 0, 0, None
    for run in runs:
        if run.verdict in SIGHTINGS:
            held_from_ns = held_from_ns if said in {"held", "hinted"} else run.first_ns
            enough = run.rounds >= (DETERMINISTIC_ROUNDS if run.deterministic else SATURATED)
            said = "held" if enough or said == "held" else "hinted"
            held, rounds, began_ns = run, run.rounds, run.first_ns
        elif run.verdict in CLEAN:
            more = said == "clean"
            rounds, began_ns = run.rounds + (rounds if more else 0), began_ns if more else run.first_ns
            said = "clean"
    return _Voice(runs[-1].agent, not beside.kind_of(runs[-1].target), said, rounds, began_ns, held, held_from_ns, runs[-1].last_ns)


def settle(
    case: Case, lines: Sequence[Line], looks: Mapping[Where, Look], now_ns: int, pace: Pace = Pace()
) -> tuple[Case, list[Line], list[News]]:
    """Return case and lines brought in line with what is seen now, and what must be told. A closed case is left as it is."""
    if case.state == "closed":
        return case, list(lines), []
    already = {line.site for line in lines if _returned(line)}
    after = [_moved(line, looks.get((line.site, line.host), Look())) for line in lines]
    news: list[News] = []
    changed = any((one.cleared, one.returns) != (line.cleared, line.returns) for one, line in zip(after, lines, strict=True))
    case = replace(case, changed_ns=now_ns) if changed else case
    back = tuple(line for line in after if _returned(line) and line.site not in already)
    if back:
        case = replace(case, returns=case.returns + 1)
        news.append(News("case-broken", case.returns, max(line.look.held_ns for line in back), back))
    state = state_of(after)
    if state == "proved" and case.state != "proved":
        case = replace(case, proofs=case.proofs + 1)
        news.append(News("case-proved", case.proofs, max(line.look.clean_ns for line in after), tuple(after)))
    case = replace(case, state=state)
    if now_ns >= due_ns(case, pace):
        case = replace(case, reminders=case.reminders + 1, reminded_ns=now_ns)
        news.append(News("case-reminder", case.reminders, now_ns, tuple(after)))
    return case, after, news


def due_ns(case: Case, pace: Pace) -> int:
    """Return when the next reminder is due, if nothing changes until then."""
    return case.reminded_ns + pace.again_ns if case.reminded_ns > case.changed_ns else case.changed_ns + pace.first_ns


def _moved(line: Line, now: Look) -> Line:
    """Return the line with what is seen now. Held after it was bypassed is a return, however often it was doubted in between.

    Until it is clean again `clean_ns` says since when it was clean before.
    """
    seen = replace(now, clean_ns=now.clean_ns or line.look.clean_ns)
    if now.state == "held":
        return replace(line, look=seen, cleared=False, returns=line.returns + line.cleared)
    return replace(line, look=seen, cleared=line.cleared or now.state == "bypassed")


def _returned(line: Line) -> bool:
    return line.returns > 0 and not line.cleared


def state_of(lines: Sequence[Line]) -> CaseState:
    """Return the case's state: a line that returned breaks it until it is bypassed again; proved is every line bypassed.

    A line stays proved while it is doubted, or while nobody reports: only what holds it again undoes a proof, so it is told once.
    """
    if any(_returned(line) for line in lines):
        return "broken"
    return "proved" if lines and all(line.cleared for line in lines) else "open"
