"""Makes letters of what is due in a book: one for each alert and target, and one for all whose maintenance is over. Pure.

A letter says what is new in its alert. Its key is made of its target and the events it tells, so it is the same whoever makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from server.watcher.notices.alert import END, MAINTENANCE, NOTE, SITE, Alert, Part, louder
from server.watcher.notices.book import QUIET_NS, Book
from server.watcher.notices.routing import Rule, concerns, route
from wire.codec import content_id

What = Literal["opened", "update", "closed", "maintenance", "digest", "test"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One letter before its words. `parts` is what is new, `still` the alert's problems that are so now."""

    target: str
    what: What
    key: str
    made_ns: int
    parts: tuple[Part, ...]
    still: tuple[Part, ...] = ()
    alert: Alert | None = None
    before_ns: int = 0


def letter_key(target: str, what: What, parts: Sequence[Part], more: str = "") -> str:
    """Return the idempotency key of a letter."""
    told = "|".join(sorted(part.event.identity for part in parts))
    return content_id(f"{target}|{what}|{more}|{told}".encode())


def release(book: Book, rules: Sequence[Rule], now_ns: int) -> list[Draft]:
    """Return the letters that are due, and mark in the book what they tell."""
    drafts: list[Draft] = []
    after: list[Part] = []
    for alert in sorted(book.alerts.values(), key=lambda one: (one.opened_ns, one.id)):
        if not alert.release_ns or alert.release_ns > now_ns:
            continue
        book.touched.add(alert.id)
        waiting = [part for part in alert.parts if not part.released]
        later = _under_maintenance(book, waiting, now_ns, after)
        new = [part for part in waiting if part.mute != MAINTENANCE]
        for part in new:
            if part.mute == SITE and part.open and not book.is_inhibited(part.event):
                part.mute = ""
        drafts += [draft for rule in rules if (draft := _draft(rule, alert, new, now_ns)) is not None]
        for part in new:
            part.released = True
        if new:
            alert.told_ns = now_ns
            for part in new:
                alert.told_severity = louder(alert.told_severity, part.event.severity if not part.mute else "none")
        alert.release_ns = later or _quiet(alert, now_ns)
    return drafts + [draft for rule in rules if (draft := _after_maintenance(rule, after, now_ns)) is not None]


def _under_maintenance(book: Book, waiting: Sequence[Part], now_ns: int, after: list[Part]) -> int:
    """Sort out parts muted by maintenance: those whose window is over go to `after`. Return when the others' is, 0 for none."""
    later = 0
    for part in waiting:
        if part.mute != MAINTENANCE:
            continue
        until_ns = max(book.terms.muting(part.event.site, now_ns), 0)
        if until_ns > now_ns:
            part.mute_until_ns = until_ns
            later = min(later, until_ns) if later else until_ns
        else:
            part.released = True
            after.append(part)
    return later


def _draft(rule: Rule, alert: Alert, new: Sequence[Part], now_ns: int) -> Draft | None:
    told = alert.told.get(rule.name, 0)
    still = tuple(part for part in alert.parts if part.open and concerns(rule, part.event))
    last = bool(told and alert.closed_ns and not still)
    parts = tuple(part for part in new if route(rule, part) == "tell" or (last and _is_last_word(rule, part)))
    if not parts:
        return None
    what: What = "opened" if not told else "update"
    if alert.closed_ns and not still and any(part.what != NOTE for part in parts):
        what = "closed"
    alert.told[rule.name] = told + 1
    return Draft(rule.name, what, letter_key(rule.name, what, parts), now_ns, parts, still, alert)


def _is_last_word(rule: Rule, part: Part) -> bool:
    """Return whether an end tells whoever heard of an alert that all of it is over, though what it ended was too quiet by itself."""
    return part.what == END and not part.mute and part.event.severity != "none" and concerns(rule, part.event)


def _quiet(alert: Alert, now_ns: int) -> int:
    """Close an alert of notes that nothing was added to for long; return when to look at it again otherwise."""
    if alert.closed_ns or any(part.open for part in alert.parts):
        return 0
    if alert.changed_ns + QUIET_NS > now_ns:
        return alert.changed_ns + QUIET_NS
    alert.closed_ns = now_ns
    return 0


def _after_maintenance(rule: Rule, parts: Sequence[Part], now_ns: int) -> Draft | None:
    """Return what maintenance kept from a target: what began, what ended, what is still so. A window of all sites is one letter."""
    mine = tuple(part for part in parts if route(rule, part) == "tell")
    if not mine:
        return None
    still = tuple(part for part in mine if part.open)
    return Draft(rule.name, "maintenance", letter_key(rule.name, "maintenance", mine), now_ns, mine, still)
