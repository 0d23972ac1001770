"""A value that is believed when it is steady: one pure state machine for all that may move at a site. Time is an argument."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Word:
    """What is believed, since when, after how many changes; and what may replace it (empty: nothing), seen since `next_ns`."""

    value: str
    since_ns: int
    number: int = 0
    next: str = ""
    next_ns: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """One change: from one value to another, seen since `at_ns`. `number` names it, for ever."""

    before: str
    before_ns: int
    after: str
    at_ns: int
    number: int


def settle(before: Word | None, seen: str | None, now_ns: int, steady_ns: int) -> tuple[Word | None, Changed | None]:
    """Return the word after a look, and a change that is believed now. The first value is no change; None and empty say nothing.

    A clock set back may not make it wait for ever: a beginning in the future begins now.
    """
    if not seen:
        return before, None
    if before is None:
        return Word(seen, now_ns), None
    if seen == before.value:
        return (before if not before.next else replace(before, next="", next_ns=0)), None
    if seen != before.next or before.next_ns > now_ns:
        before = replace(before, next=seen, next_ns=now_ns)
    if now_ns - before.next_ns < steady_ns:
        return before, None
    after = Word(seen, before.next_ns, before.number + 1)
    return after, Changed(before.value, before.since_ns, seen, before.next_ns, after.number)
