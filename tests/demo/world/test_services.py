"""What the services answer: the fields that name a front door, in the spelling that agents read; the same for the same seed."""

import pytest

from agent.probes.headers import front_door, stable
from demo.world.services import FrontDoor, service_of
from tests.demo.world.conftest import CONTROL, HOSTS, NOW

WANTED = {
    "outlook.office365.com": {"X-FirstHopCafeEFZ", "X-FEEFZInfo", "X-FEServer", "request-id", "Alt-Svc", "Report-To", "NEL"},
    "microsoft.sharepoint.com": {"SPRequestGuid", "X-SharePointHealthScore", "SPRequestDuration", "MicrosoftSharePointTeamServices"},
    "teams.microsoft.com": {"X-MSEdge-Ref", "MS-CV"},
    "login.microsoftonline.com": {"x-ms-request-id", "x-ms-ests-server"},
    CONTROL: {"Server"},
}


@pytest.mark.parametrize("host", WANTED)
def test_fields(host: str) -> None:
    """Each service sends the fields its answers are known by."""
    names = {name for name, _ in FrontDoor("FRA", 1).answer(host, NOW).headers}
    assert names >= WANTED[host]


@pytest.mark.parametrize("host", [*HOSTS, "office.live.com"])
def test_front_door(host: str) -> None:
    """An agent reads the code from each of Microsoft's answers, and none from the control's."""
    door = FrontDoor("CDG", 2)
    assert {front_door(door.answer(host, NOW).headers) for _ in range(50)} == {None if host == CONTROL else "CDG"}


@pytest.mark.parametrize("host", HOSTS)
def test_stable_fields_stay(host: str) -> None:
    """What an agent keeps as facts is the same in every answer, though ids differ."""
    door = FrontDoor("FRA", 1)
    first, second = (door.answer(host, NOW).headers for _ in range(2))
    assert stable(first) == stable(second)
    assert (first == second) == (host == CONTROL)


def test_nel_names_the_code() -> None:
    """Exchange's reporting address holds the code too, where an intermediary strips the first field."""
    headers = FrontDoor("LIS", 3).answer(HOSTS[0], NOW).headers
    assert front_door(tuple(one for one in headers if one[0] != "X-FirstHopCafeEFZ")) == "LIS"


def test_seeded() -> None:
    """The same site repeats itself, another does not; thinking takes some milliseconds."""
    first, again, other = (FrontDoor(*one) for one in (("FRA", 1), ("FRA", 1), ("CDG", 2)))
    times = [first.think_s(HOSTS[0]) for _ in range(100)]
    assert times == [again.think_s(HOSTS[0]) for _ in range(100)]
    assert times != [other.think_s(HOSTS[0]) for _ in range(100)]
    assert 0.001 < min(times) < max(times) < 0.03
    assert service_of("anything.example").name == "edge"
