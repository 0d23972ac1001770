"""Letters by Apprise: mail, Teams workflow, Slack, PagerDuty, ServiceNow and a hundred more, each by one address. The only user of it.

One object per target, one thread per letter, one letter at a time: Apprise blocks, and who hangs holds only its own. An address holds
secrets, so nothing Apprise logs is passed on, and what it says of a failure is shown without any part of the address.
"""

import asyncio
import logging
import re
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import apprise
from apprise.manager_plugins import NotificationManager

from server.notify.channel import Outcome, Parcel

TIMEOUT_S: Final = 30.0
"""Below the claim of a letter (60 s). Apprise's own time limits are 4 s to connect and 4 s to read unless the address says otherwise."""
_CUT: Final = "…"

for _name in ("apprise", "urllib3", "requests"):  # they log addresses with their secrets; we log our own sentence
    logging.getLogger(_name).setLevel(logging.WARNING)
    logging.getLogger(_name).propagate = False
    logging.getLogger(_name).addHandler(logging.NullHandler())


class BadAddress(Exception):  # noqa: N818 - an outcome, named as the outcome
    """Apprise cannot use this address; the text says why and does not repeat it."""


class ByApprise:
    """A channel. Raises BadAddress when Apprise does not know the address' scheme, or finds it incomplete."""

    def __init__(self, name: str, url: str, timeout_s: float = TIMEOUT_S) -> None:
        scheme = url.partition("://")[0].strip().lower()
        known: Any = NotificationManager  # a singleton whose making has no types
        if "://" not in url or scheme not in known():
            raise BadAddress(f"{scheme[:20]!r} is no service Apprise knows; write mailtos://, workflows://, slack://, pagerduty:// ...")
        asset = apprise.AppriseAsset(app_id="Middlewatch", app_desc="Middlewatch", app_url="", image_url_mask="", async_mode=False)
        self._service = apprise.Apprise(asset=asset)
        if not self._service.add(url):
            raise BadAddress(f"the address of {scheme}:// is incomplete or wrong; compare it with Apprise's page of that service")
        self._secrets = _pieces(url, scheme)
        self._timeout_s = timeout_s
        self._name = name
        self._last: Future[Outcome] | None = None

    async def send(self, parcel: Parcel) -> Outcome:
        """Hand one letter to the service. Its key stands at the end of the text: services keep no keys, people can see a repetition."""
        if self._last is not None and not self._last.done():
            return Outcome("the letter before has not come to an end")
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"notify-{self._name}")
        self._last = thread.submit(self._notify, parcel)
        thread.shutdown(wait=False)  # it ends with its letter, so that nothing is left when the centre stops
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.wrap_future(self._last)
        except TimeoutError:
            return Outcome(f"no answer within {self._timeout_s:g} s")

    def _notify(self, parcel: Parcel) -> Outcome:
        result = self._service.notify(
            body=f"{parcel.text}\n\nLetter:       {parcel.key}",
            title=parcel.subject,
            notify_type=_type(parcel),
            body_format=apprise.NotifyFormat.TEXT,
        )
        if result:
            return Outcome()
        said = [entry.message for entry in result.logs()]
        return Outcome(self._scrubbed(said[-1]) if said else "the service did not take it")

    def _scrubbed(self, text: str) -> str:
        for piece in self._secrets:
            text = text.replace(piece, _CUT)
        return text[:200]

    async def close(self) -> None:
        """Hold nothing: a thread ends with its letter."""


def _pieces(url: str, scheme: str) -> list[str]:
    """Return the parts of an address that must not be shown, longest first. Three characters and less hide nothing and are everywhere."""
    parts = re.split(r"[/:@?&=,]+", url.partition("://")[2])
    return sorted({part for part in parts if len(part) > 3 and part != scheme}, key=len, reverse=True)


def _type(parcel: Parcel) -> apprise.NotifyType:
    if parcel.plain.get("what") == "closed":
        return apprise.NotifyType.SUCCESS
    kinds = {"P1": apprise.NotifyType.FAILURE, "P2": apprise.NotifyType.WARNING, "P3": apprise.NotifyType.WARNING}
    return kinds.get(str(parcel.plain.get("severity")), apprise.NotifyType.INFO)
