"""Which device a finding is about; each rule of the key table with a near miss."""

import pytest

from judge.finding import Device, DeviceKey
from server.watcher.identity import Owner, certain, choose, name_of
from tests.fakes.sightings import device

I1, I2, PRODUCT, HEADER = (DeviceKey("instance", "1"), DeviceKey("instance", "2"), DeviceKey("product", "p"), DeviceKey("header", "h"))
OLD, YOUNG = Owner("d-old", 1, firm=True), Owner("d-young", 2, firm=True)
SOFT = Owner("d-soft", 1, firm=False)


@pytest.mark.parametrize(
    ("seen", "owners", "chosen"),
    [
        (device("instance:1"), {}, name_of(I1)),
        (device("instance:1", "product:p"), {I1: OLD}, "d-old"),
        (device("instance:2", "product:p", scope="tenant"), {I1: OLD, PRODUCT: OLD}, "d-old"),  # rollover
        (device("instance:2", "product:p", scope="device"), {I1: OLD, PRODUCT: OLD}, name_of(I2)),  # a second box of the make
        (device("instance:2", "product:p", scope="endpoint"), {I1: OLD, PRODUCT: OLD}, "d-old"),  # one root per machine
        (device("instance:1", "header:h"), {HEADER: SOFT}, "d-soft"),  # known by its headers until now
        (device("instance:1", "header:h"), {HEADER: OLD}, name_of(I1)),  # those headers are another box's
    ],
)
def test_the_device_of_a_finding(seen: Device, owners: dict[DeviceKey, Owner], chosen: str) -> None:
    """Certain keys name a device, by scope; weak ones only a device that has nothing stronger."""
    choice = choose(seen, owners)
    assert choice.device == chosen
    assert choice.new == (chosen == name_of(seen.keys[0]))


def test_two_devices_that_share_a_finding_become_the_older() -> None:
    """Two certain keys of two devices in one finding: the older is kept, the younger merged."""
    choice = choose(device("instance:1", "product:p"), {I1: YOUNG, PRODUCT: OLD})
    assert (choice.device, choice.merge, choice.attach) == ("d-old", ("d-young",), ())


def test_two_boxes_do_not_merge_by_a_weak_key() -> None:
    """Headers shared by two boxes of a make do not make them one."""
    choice = choose(device("instance:2", "header:h"), {I2: YOUNG, HEADER: OLD})
    assert (choice.device, choice.merge) == ("d-young", ())


def test_keys_of_machines_are_not_collected() -> None:
    """An endpoint product on ten thousand machines does not gather ten thousand roots, unless runs are named by them."""
    assert choose(device("product:p", "instance:1", scope="endpoint"), {}).attach == (PRODUCT,)
    assert choose(device("instance:1", "product:p", scope="endpoint"), {}).attach == (I1, PRODUCT)


def test_the_first_key_is_always_certain() -> None:
    """Runs carry the first key, so it must find the device whatever its kind."""
    assert certain(device("egress:as1", "engine:e")) == (DeviceKey("egress", "as1"),)
