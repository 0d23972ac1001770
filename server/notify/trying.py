"""Sends one test letter to a target, at once and beside its queue: whoever asks waits for the answer."""

from server.notify.channel import Outcome, Parcel
from server.notify.sending import Outlet
from server.watcher.notices.wording import test_words
from wire.codec import content_id


async def try_target(outlet: Outlet, now_ns: int, console_url: str = "") -> str:
    """Return what went wrong, or nothing when the target took the letter. A channel's bug is a trouble, without its text."""
    key = content_id(f"{outlet.name}|test|{now_ns}".encode())
    words = test_words(outlet.name, key, now_ns, console_url)
    try:
        outcome = await outlet.channel.send(Parcel(key, words.subject, words.text, words.plain))
    except Exception as error:  # noqa: BLE001 - as `sending.deliver`
        outcome = Outcome(f"unexpected {type(error).__name__}")
    finally:
        await outlet.channel.close()
    return outcome.trouble
