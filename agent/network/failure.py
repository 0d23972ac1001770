"""From whatever went wrong to one closed word and a text that names no address, machine or user. The one place that does so."""

import contextlib
import errno
import getpass
import re
import socket
import ssl
from functools import cache

import dns.exception
import h2.exceptions
import h11

from wire.vocabulary import Failure

MAX_TEXT = 200
"""Below the cap of `wire.model.Text` with room for a stage's own words."""
SCRUBBED = 1000
"""What is looked at of a text: the patterns take time by its square, 64 kB from a peer took two minutes (measured), these 1 ms."""

UNREACHABLE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,  # no address of that family on this machine
        errno.EAFNOSUPPORT,
        errno.EPERM,  # a local packet filter refused the packet (netfilter, OUTPUT chain)
        errno.EACCES,
    }
)
# Alerts whose OpenSSL reason does not hold the word ALERT (sslerr.h, reasons from 1000 are alerts).
ALERTS_BY_OTHER_NAMES = (
    "TLSV1_UNRECOGNIZED_NAME",
    "TLSV1_UNSUPPORTED_EXTENSION",
    "TLSV1_CERTIFICATE_UNOBTAINABLE",
    "TLSV1_BAD_CERTIFICATE",
)

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f.]*(?:%\w+)?")
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_PERSON = re.compile(r"[^\s=,;]+@[^\s,;]+(?:\s*\([^)]*\))?")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.$-]+){2,}")


class Failed(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A stage saw for itself what went wrong. `text` is ours and names nobody."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure: Failure = failure


def classify(exc: BaseException) -> tuple[Failure, str]:  # noqa: PLR0911 - one line for each kind
    """Return the failure's word and a scrubbed text; what has no name here is `unknown`."""
    if isinstance(exc, Failed):
        return exc.failure, str(exc)[:MAX_TEXT]
    if isinstance(exc, ssl.SSLError):
        return _tls(exc)
    if isinstance(exc, TimeoutError):
        return "timeout", "no answer within the stage's time limit"
    if isinstance(exc, OSError) and exc.errno is not None:
        return _from_errno(exc.errno), errno.errorcode.get(exc.errno, str(exc.errno))
    if isinstance(exc, h11.ProtocolError | h2.exceptions.ProtocolError):
        return "http_protocol", _described(exc)
    if isinstance(exc, dns.exception.DNSException):
        return "dns_malformed", _described(exc)
    return "unknown", _described(exc)


def scrub(text: str) -> str:
    """Return `text` without addresses, dotted names, paths, and the names of this machine and user."""
    text = text[:SCRUBBED]
    for pattern in (_PATH, _ADDRESS, _NAME, _own_names()):
        text = pattern.sub("*", text)
    return text[:MAX_TEXT]


def without_people(text: str) -> str:
    """Return `text` without e-mail addresses, what is in brackets behind one, and the names of this machine and user.

    Roots that developer tools make hold them: `mkcert anna@LAPTOP-17 (Anna Example)`, `Charles Proxy CA (19 Apr 2026, LAPTOP-17)`.
    """
    return _own_names().sub("*", _PERSON.sub("*", text))


def _from_errno(number: int) -> Failure:
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}:
        return "reset"
    if number in UNREACHABLE:
        return "unreachable"
    return "unknown"


def _tls(exc: ssl.SSLError) -> tuple[Failure, str]:
    """Name a TLS error by OpenSSL's reason, which says nothing of machines or people."""
    if isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "closed", "closed within TLS"
    reason: str = getattr(exc, "reason", None) or type(exc).__name__
    alert = "ALERT" in reason or reason.startswith(ALERTS_BY_OTHER_NAMES)
    return ("tls_alert" if alert else "tls_protocol"), reason[:MAX_TEXT]


def _described(exc: BaseException) -> str:
    return scrub(f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)


@cache
def _own_names() -> re.Pattern[str]:
    """Return what matches the names of this machine and user as whole words."""
    names = {socket.gethostname()}
    with contextlib.suppress(OSError, KeyError, ImportError):
        names.add(getpass.getuser())
    words = "|".join(re.escape(name) for name in names if name)
    return re.compile(rf"\b(?:{words or '(?!)'})\b")
