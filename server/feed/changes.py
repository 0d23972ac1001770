"""What changed from one endpoint list to the next: names, their categories, prefixes. Pure.

Compared are our two lists, not the service's `changes`: that one speaks of sets, and a name that moved from one set to another of the
same category has not changed for anybody's firewall.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from judge.knowledge.endpoints import EndpointList, EndpointSet
from wire.vocabulary import Category, Workload

ORDER: tuple[Category, ...] = ("Optimize", "Allow", "Default")
"""The first of a name's categories is the one that counts."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One name, pattern or prefix as a list has it: by its set of the highest category."""

    name: str
    category: Category
    workload: Workload
    required: bool
    endpoint_set: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A name whose category changed. `now` is how the new list has it."""

    before: Category
    now: Listed


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed, Optimize first, then by name."""

    added: tuple[Listed, ...] = ()
    removed: tuple[Listed, ...] = ()
    moved: tuple[Moved, ...] = ()
    prefixes_added: tuple[Listed, ...] = ()
    prefixes_removed: tuple[Listed, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything changed."""
        return bool(self.added or self.removed or self.moved or self.prefixes_added or self.prefixes_removed)


def difference(old: EndpointList, new: EndpointList) -> Difference:
    """Return what a firewall, a proxy and a plan must follow."""
    before, now = _names(old.sets), _names(new.sets)
    moved = [Moved(before[name].category, one) for name, one in now.items() if name in before and before[name].category != one.category]
    return Difference(
        _only(now, before),
        _only(before, now),
        tuple(sorted(moved, key=lambda one: _key(one.now))),
        _only(_prefixes(new.sets), _prefixes(old.sets)),
        _only(_prefixes(old.sets), _prefixes(new.sets)),
    )


def _names(sets: Iterable[EndpointSet]) -> dict[str, Listed]:
    return _best((url.lower(), one) for one in sets for url in one.urls)


def _prefixes(sets: Iterable[EndpointSet]) -> dict[str, Listed]:
    return _best((str(prefix), one) for one in sets for prefix in one.ips)


def _best(named: Iterable[tuple[str, EndpointSet]]) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for name, one in named:
        listed = Listed(name, one.category, one.workload, one.required, one.id)
        if name not in found or _key(listed) < _key(found[name]):
            found[name] = listed
    return found


def _only(these: dict[str, Listed], those: dict[str, Listed]) -> tuple[Listed, ...]:
    return tuple(sorted((one for name, one in these.items() if name not in those), key=_key))


def _key(one: Listed) -> tuple[int, bool, str, int]:
    return ORDER.index(one.category) if one.category in ORDER else len(ORDER), not one.required, one.name, one.endpoint_set
