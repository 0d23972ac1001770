"""The state machine of one device at one place. Pure: turns in, presence and events out; time is an argument.

Two tables say everything: `PRESENCE` (what evidence does) and `DISPOSITION` (what people do). `decide` replays turns from the
stored presence on, in measured time: each round speaks when it was measured, so when anybody looks, and the order, repetition and
lateness of inbox rows, change nothing; only what had arrived when it was decided does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from server.watcher.turns import Path, Run, Said, Turn
from wire.vocabulary import Category, Disposition, Presence

Change = Literal["confirmed", "hinted", "cleared", "expired"]
Kind = Literal["appeared", "discovered", "returned", "left", "retired"]
Act = Literal["acknowledge", "approve", "withdraw", "lapse"]
Priority = Literal["P1", "P2", "P3", "P4", "none"]
"""Alert priorities as operators use them (facts, users-ask §5); `none` is recorded and not told."""

PRESENCE: Mapping[Presence, Mapping[Change, tuple[Presence, Kind | None]]] = {
    "candidate": {"confirmed": ("present", "appeared"), "expired": ("retired", None)},
    "present": {"cleared": ("absent", "left")},
    "absent": {"confirmed": ("present", "returned"), "expired": ("retired", "retired")},
    "retired": {"confirmed": ("present", "appeared"), "hinted": ("candidate", None)},
}
"""State and change to next state and event. A pair that is not here changes nothing. `appeared` without enough clean rounds before
is `discovered`: no storm on the first day."""

DISPOSITION: Mapping[Disposition, Mapping[Act, Disposition]] = {
    "undecided": {"acknowledge": "known", "approve": "approved"},
    "known": {"approve": "approved", "withdraw": "undecided"},
    "approved": {"acknowledge": "known", "withdraw": "undecided", "lapse": "undecided"},
}
"""What people decide; `lapse` is an approval whose time has passed."""

PRIORITY: Mapping[Disposition, Mapping[Kind, Priority]] = {
    "undecided": {"appeared": "P2", "discovered": "P4", "returned": "P4", "left": "P4", "retired": "none"},
    "known": {"appeared": "P4", "discovered": "P4", "returned": "P4", "left": "P4", "retired": "none"},
    "approved": {"appeared": "none", "discovered": "none", "returned": "none", "left": "none", "retired": "none"},
}
"""`returned` and `left` are informational (facts, interception §5.2 rule 4)."""

_SEEN: frozenset[Said] = frozenset({"confirmed", "hinted"})
_STRENGTH: Sequence[Presence] = ("retired", "candidate", "absent", "present")
CLEAN_ROUNDS = 2
"""Earlier clean rounds that make a first sighting an appearance (design §6)."""
RETIRE_NS = 90 * 86_400 * 10**9
SILENT_NS = 3600 * 10**9
"""A path not heard for an hour holds no device back from leaving. Runs are extended every ten minutes at most, and a cycle may add its
cadence: six times that precision. Cadences above 50 minutes therefore count as silent between cycles; then others decide alone."""
SITE_AGENTS, SITE_SHARE = 2, 0.3
"""Statistical evidence speaks for a place by two agents or 30 % of those reporting there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The stored presence of one device at one place. `since_ns` is when `state` began, `seen_ns` the last sighting."""

    state: Presence = "candidate"
    episode: int = 0
    since_ns: int = 0
    seen_ns: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """What people decided about a device. `until_ns` 0 is without end, empty `categories` are all."""

    disposition: Disposition = "undecided"
    until_ns: int = 0
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """One event of one device at one place.

    `at_ns`: since when it is so; `decided_ns`: when there were enough rounds to say it. `runs` are the sightings (or, for `left`, the runs
    without it); `since_ns` is when the state before it began. `origins_own`: the same was seen at other sites at the same time, and names
    nobody. `part_of`: the device at the same place that is likely the same box.
    """

    kind: Kind
    at_ns: int
    episode: int
    since_ns: int
    runs: tuple[Run, ...]
    decided_ns: int = 0
    origins_own: bool = False
    part_of: str = ""

    @property
    def categories(self) -> frozenset[Category]:
        """Return the categories of the targets it is about."""
        return frozenset(run.category for run in self.runs)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one path says at a moment: since which turn, by which run, and the run it was last heard with."""

    said: Said
    began: Turn
    proof: Run
    last: Run


def decide(before: Standing | None, turns: Sequence[Turn], agents: int, now_ns: int) -> tuple[Standing | None, list[Told]]:
    """Return the presence after these turns (oldest first) and the events to tell; None stays None without any sighting.

    `agents` is how many report at the place now. The same call again, with its own result as `before`, tells nothing.
    """
    standing = before
    told: list[Told] = []
    if before is None and not turns:
        return None, told
    from_ns = before.since_ns if before else 0
    paths: dict[Path, Voice] = {}
    until_ns = max([now_ns, *(turn.at_ns for turn in turns)])
    heard_ns = max((turn.run.last_ns for turn in turns), default=0)
    fallen_silent = {turn.run.path: turn.run.last_ns + SILENT_NS + 1 for turn in turns}
    later = {at_ns for at_ns in (*(turn.opens_ns for turn in turns), *fallen_silent.values()) if at_ns <= until_ns}
    moments = sorted({from_ns, until_ns, *(turn.at_ns for turn in turns), *later})
    waiting = list(reversed(turns))
    for at_ns in moments:
        while waiting and waiting[-1].at_ns <= at_ns:
            turn = waiting.pop()
            paths[turn.run.path] = _hear(paths.get(turn.run.path), turn)
        if at_ns >= from_ns:
            standing = _settle(standing, paths, agents, at_ns, heard_ns, told)
    if standing is None:
        return None, told
    seen_ns = max([standing.seen_ns, *(turn.run.last_ns for turn in turns if turn.run.sighting)])
    return replace(standing, seen_ns=seen_ns), told


def said_at(turns: Iterable[Turn], at_ns: int) -> dict[Path, Voice]:
    """Return what each path had said by a moment; `turns` oldest first."""
    voices: dict[Path, Voice] = {}
    for turn in turns:
        if turn.at_ns <= at_ns:
            voices[turn.run.path] = _hear(voices.get(turn.run.path), turn)
    return voices


def join(older: Standing, younger: Standing) -> Standing:
    """Return one presence for two devices that turn out to be one: the stronger state, and an episode neither has told."""
    stronger = max((older, younger), key=lambda one: _STRENGTH.index(one.state))
    seen_ns = max(older.seen_ns, younger.seen_ns)
    return replace(stronger, episode=older.episode + younger.episode, seen_ns=seen_ns)


def priority(kind: Kind, approval: Approval, at_ns: int, categories: Iterable[str]) -> Priority:
    """Return how loudly to tell. An approval that has passed, or does not cover all categories, is as if undecided."""
    disposition = approval.disposition
    if disposition == "approved":
        lapsed = bool(approval.until_ns) and at_ns >= approval.until_ns
        covered = not approval.categories or approval.categories.issuperset(categories)
        disposition = DISPOSITION["approved"]["lapse"] if lapsed or not covered else disposition
    return PRIORITY[disposition][kind]


def _hear(voice: Voice | None, turn: Turn) -> Voice:
    """Return what a path says after a turn. A hint undoes no confirmation, which keeps the hint's date; one round against undoes a hint."""
    if voice is None or (turn.said == "cleared" and voice.said != "cleared"):
        return Voice(turn.said, turn, turn.run, turn.run)
    if voice.said == "hinted" and turn.said == "heard" and turn.run.speaks_against:
        return Voice("heard", turn, turn.run, turn.run)  # or it would date an opening only for who looks before it is cleared
    if turn.said in {"confirmed", "hinted"} and voice.proof.counts_from_ns > turn.at_ns:
        return Voice(turn.said, turn, turn.run, turn.run)  # what is still held back neither dates nor proves what comes after it
    if turn.said in {"heard", voice.said} or (turn.said == "hinted" and voice.said == "confirmed"):
        return replace(voice, last=turn.run)
    began = voice.began if voice.said == "hinted" else turn
    return Voice(turn.said, began, turn.run, turn.run)


def _settle(
    standing: Standing | None, paths: Mapping[Path, Voice], agents: int, at_ns: int, heard_ns: int, told: list[Told]
) -> Standing | None:
    """Bring the presence in line with what the paths say at `at_ns`; add the event, if any. `heard_ns`: when any of them was heard last.

    A path that holds a device is silent only beside one that was heard an hour after it: a watcher's clock that is ahead ends nothing.
    """
    present = standing is not None and standing.state == "present"
    since_ns = (min(at_ns, heard_ns) if present else at_ns) - SILENT_NS
    if present and any(voice.said in _SEEN and voice.last.last_ns >= since_ns for voice in paths.values()):
        return standing  # one path that sees it keeps it
    speaking = [voice for voice in paths.values() if voice.last.last_ns >= since_ns]
    if not present:  # guards hold back what would open a presence, not what keeps one
        speaking = [voice for voice in speaking if voice.proof.counts_from_ns <= at_ns]
    change = _change(speaking, agents)
    if standing is None:
        if change not in {"hinted", "confirmed"}:
            return None
        standing = Standing(since_ns=at_ns)
    standing = expire(standing, at_ns, told)
    if standing.state == "retired":  # what was said until then has been weighed; only news brings it back
        speaking = [voice for voice in speaking if voice.last.last_ns > standing.since_ns]
        change = _change(speaking, agents)
    if change is None:
        return standing
    held = [voice.began for voice in speaking if voice.said in _SEEN]
    # The first sighting dates and names an opening, confirmed or not yet: so it is the same whichever path is confirmed first.
    began_ns = max(standing.since_ns, min((turn.opens_ns for turn in held), default=at_ns))
    after, kind = _apply(standing, change, began_ns)
    if kind is not None:
        if kind == "appeared" and not any(is_news(turn.run) for turn in held if turn.opens_ns <= began_ns):
            kind = "discovered"
        runs = tuple(voice.proof for voice in speaking if voice.said == change)
        so_ns = _gone_since(paths.values(), standing, at_ns) if kind == "left" else began_ns
        told.append(Told(kind, so_ns, after.episode, standing.since_ns, runs, at_ns))
    return after


def _gone_since(voices: Iterable[Voice], standing: Standing, at_ns: int) -> int:
    """Return since when what left was not there: the first round without it of whoever saw it last, or the last that anybody saw of it."""
    since = (voice.proof.first_ns if voice.said == "cleared" else voice.last.last_ns for voice in voices if voice.said != "heard")
    return min(at_ns, max([standing.since_ns, *since]))


def expire(standing: Standing, at_ns: int, told: list[Told]) -> Standing:
    """Retire what was absent, or a mere candidate, for too long; at the moment it became so, whenever anybody looks."""
    over_ns = standing.since_ns + RETIRE_NS
    if standing.state not in {"candidate", "absent"} or at_ns <= over_ns:
        return standing
    after, kind = _apply(standing, "expired", over_ns)
    if kind is not None:
        told.append(Told(kind, over_ns, after.episode, standing.since_ns, (), over_ns))
    return after


def is_news(run: Run) -> bool:
    """Return whether there is enough to compare with: clean rounds before, an agent that knows the place, a baseline for statistics."""
    return run.clean_before >= CLEAN_ROUNDS and not run.stranger and (run.deterministic or run.ready)


def _apply(standing: Standing, change: Change, at_ns: int) -> tuple[Standing, Kind | None]:
    step = PRESENCE[standing.state].get(change)
    if step is None:
        return standing, None
    state, kind = step
    opens = state == "present"
    return replace(standing, state=state, since_ns=at_ns, episode=standing.episode + opens), kind


def _change(speaking: Sequence[Voice], agents: int) -> Change | None:
    """Return what the paths that report say together: one sighting is enough to stay, all must be clear of it to leave."""
    confirmed = [voice.proof for voice in speaking if voice.said == "confirmed"]
    voices = {run.path.agent for run in confirmed}
    certain = any(run.deterministic for run in confirmed)
    if confirmed and (certain or len(voices) >= SITE_AGENTS or len(voices) >= SITE_SHARE * agents):
        return "confirmed"
    if confirmed or any(voice.said == "hinted" for voice in speaking):
        return "hinted"
    return "cleared" if any(voice.said == "cleared" for voice in speaking) else None
