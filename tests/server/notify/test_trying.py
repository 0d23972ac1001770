"""Holds server/notify/trying.py: a test letter goes at once, and its answer comes back."""

from server.notify.sending import Outlet
from server.notify.trying import try_target
from tests.fakes.notices import START, Fake


async def test_a_test_letter() -> None:
    """It says that it is one, and what the target answered is told; a bug is a trouble without its text."""
    fine = Fake()
    assert await try_target(Outlet("noc", fine, 1), START, "https://console") == ""
    assert fine.got[0].subject.startswith("Test")
    assert fine.got[0].plain["links"] == ["https://console"]
    assert await try_target(Outlet("noc", Fake("it answered 404"), 1), START) == "it answered 404"

    def broken() -> None:
        raise RuntimeError("secret")

    assert await try_target(Outlet("noc", Fake(then=broken), 1), START) == "unexpected RuntimeError"
