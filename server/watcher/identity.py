"""Which device a finding's keys belong to: find, attach, merge. Pure; sources: facts, interception §5.3.

A *certain* key names one device. A *weak* key (headers, path, egress, engine) is shared by all boxes of a make, so it names a device only
as long as nothing stronger does.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from judge.finding import Device, DeviceKey, KeyKind, Scope
from wire.codec import content_id

CERTAIN: Mapping[Scope, frozenset[KeyKind]] = {
    "endpoint": frozenset({"product", "local"}),  # one root per machine: only the product is shared
    "device": frozenset({"instance"}),  # one root per box: two boxes of a make share the product key
    "global": frozenset({"instance", "product"}),  # one root for all: a new one under the same name is a rollover
    "tenant": frozenset({"instance", "product"}),
    "unknown": frozenset({"instance", "product"}),
}
FIRM: frozenset[KeyKind] = frozenset({"instance", "product", "local"})
"""A device that has one of these is not found again by a weak key of a finding that shows another."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has a key: `firm` says whether that device has any key of a firm kind."""

    device: str
    first_seen_ns: int
    firm: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The device a finding is about (`new` when it must be made), devices to merge into it, keys to give it."""

    device: str
    new: bool
    merge: tuple[str, ...]
    attach: tuple[DeviceKey, ...]


def certain(device: Device) -> tuple[DeviceKey, ...]:
    """Return the keys that name it. The first key always does: it is the device's name in runs."""
    return tuple(key for index, key in enumerate(device.keys) if index == 0 or key.kind in CERTAIN[device.scope])


def choose(device: Device, owners: Mapping[DeviceKey, Owner]) -> Choice:
    """Return what to do with a device that has at least one key, given who owns its keys now. The oldest device is kept."""
    naming = certain(device)
    found = {owners[key].device: owners[key] for key in naming if key in owners}
    if not found:
        weak = (owners[key] for key in device.keys if key in owners)
        found = {owner.device: owner for owner in weak if not owner.firm}
        found = dict(list(found.items())[:1])
    kept, *others = sorted(found, key=lambda name: (found[name].first_seen_ns, name)) or [name_of(device.keys[0])]
    skipped = frozenset({"instance"}) if device.scope == "endpoint" else frozenset()
    attach = tuple(key for key in device.keys if key not in owners and (key in naming or key.kind not in skipped))
    return Choice(kept, new=not found, merge=tuple(others), attach=attach)


def is_same_post(before: Device, after: Device) -> bool:
    """Return whether two devices, one straight after the other on one path, are one under a new key.

    A box that renews its authority keeps the name and changes the key (interception §5.3, rollover). Where a connection is ended is
    counted in hops, and a hop more or less is a change of the network before it. Only devices told apart by such keys are asked about.
    """
    names = [{key.value for key in one.keys if key.kind == "product"} for one in (before, after)]
    if names[0] & names[1]:
        return True
    return all(
        one.keys and not any(key.kind in FIRM for key in one.keys) and one.keys[0].value.startswith("ends ") for one in (before, after)
    )


SAME_BOX_NS = 3600 * 10**9
"""What one box does on its several ports is found within an hour: probes that are not of every cycle take turns within it."""


def is_firm(names: Collection[str]) -> bool:
    """Return whether a device of these keys (`kind:value`) is known by more than what all boxes of a make share."""
    return any(name.partition(":")[0] in FIRM for name in names)


def is_same_box(names: Collection[str], vendors: Collection[str], others: Collection[str], vendor: str, apart_ns: int) -> bool:
    """Return whether a device is likely another side of one at the same place: a proxy's token beside its certificates.

    One of them must be known by weak keys only, and their makes must not contradict. Two that came together within the hour are one;
    one that comes later only when both are of one named make.
    """
    if (is_firm(names) and is_firm(others)) or not others:
        return False
    if vendors and vendor:
        return vendor in vendors
    return apart_ns <= SAME_BOX_NS


def name_of(key: DeviceKey) -> str:
    """Return the id of a device first seen by this key: the same after any restart."""
    return f"d-{content_id(f'{key.kind}:{key.value}'.encode())}"
