"""When people work at a site: local days and times of day. Pure; whoever knows the zone makes the local time.

Written as `Mon-Fri 08:00-18:00`; days may be listed (`Mon-Thu,Sat`), a span may cross midnight (`22:00-06:00`: it belongs to the day it
begins on) and `00:00-24:00` is the whole day.
"""

import re
from dataclasses import dataclass
from datetime import datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WHOLE = re.compile(r"\s*([A-Za-z,\- ]+?)\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_DAY_MINUTES = 24 * 60


class BadHours(ValueError):  # noqa: N818 - an outcome, named as the outcome
    """These are no business hours; the text says what is wrong and how to write them."""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """`days`: 0 is Monday. `start` and `end`: minutes after local midnight, `end` not included, 1440 is midnight."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    start: int = 8 * 60
    end: int = 18 * 60

    def holds(self, local: datetime) -> bool:
        """Return whether people work at this local time (the wall clock's, whatever the clocks did that night)."""
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        yesterday = (day - 1) % 7
        return (day in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)

    def __str__(self) -> str:
        """Return them as `hours_of` reads them."""
        spans: list[list[int]] = []
        for day in self.days:
            if spans and day == spans[-1][-1] + 1:
                spans[-1].append(day)
            else:
                spans.append([day])
        days = ",".join(DAYS[span[0]] if len(span) == 1 else f"{DAYS[span[0]]}-{DAYS[span[-1]]}" for span in spans)
        return f"{days} {_clock(self.start)}-{_clock(self.end)}"


WORK_WEEK = BusinessHours()
"""Monday to Friday, 08:00 to 18:00: what a site has of which nobody said otherwise."""


def hours_of(text: str) -> BusinessHours:
    """Return what is written. Raises BadHours."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise BadHours(f"{text[:64]!r} is not days and a span of time; write Mon-Fri 08:00-18:00")
    start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (2, 4))
    if max(int(found[3]), int(found[5])) > 59 or start >= _DAY_MINUTES or end > _DAY_MINUTES or start == end:
        raise BadHours(f"{text[:64]!r} has no span of time within a day; write Mon-Fri 08:00-18:00, or 00:00-24:00 for all day")
    return BusinessHours(_days(found[1], text), start, end)


def _days(listed: str, text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for span in listed.replace(" ", "").split(","):
        first, _, last = span.partition("-")
        try:
            one, other = (DAYS.index(name[:3].capitalize()) for name in (first, last or first))
        except ValueError:
            raise BadHours(f"{text[:64]!r} names a day that is none; write Mon, Tue, Wed, Thu, Fri, Sat, Sun") from None
        days |= {(one + step) % 7 for step in range((other - one) % 7 + 1)}
    return tuple(sorted(days))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
