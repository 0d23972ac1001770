"""`middlewatch-demo insert | remove`: asks the running demo over its page, as the buttons do. Answers are sentences."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Literal

SECONDS = 45.0
"""The world answers within milliseconds; it may be busy making keys, and just after the start the stage waits up to 30 s (`stage.py`)."""
_DONE = {
    "insert": "the device is in the path of {site} from the next connection on; the page tells of it by the second report from now",
    "remove": "the device is out of the path of {site}; the page tells of it by the second report from now",
}


class NotDone(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The demo did not do it; the text says why and what to do."""


def act(what: Literal["insert", "remove"], site: str, port: int) -> str:
    """Return what was done, in a sentence. Raises NotDone."""
    body = urllib.parse.urlencode({"site": site}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/demo/{what}", body, {"Accept": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=SECONDS):
            return _DONE[what].format(site=site)
    except urllib.error.HTTPError as error:
        raise NotDone(f"demo: {_sentence(error.read(2000)) or f'the page on port {port} answers {error.code}'}") from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise NotDone(
            f"demo: no demo answers on port {port} ({reason}); start it with scripts/demo, or give its port with --port"
        ) from None


def _sentence(body: bytes) -> str:
    """Return what the page said, or nothing when another program answers there."""
    try:
        plain = json.loads(body)
        return str(plain["sentence"]) if isinstance(plain, dict) else ""
    except (ValueError, KeyError, RecursionError):
        return ""
