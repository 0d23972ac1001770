"""Chain verification by Windows and macOS, through truststore's private verifier. The only file that makes that call.

NOT TESTED where this was written (Linux only): the error codes are those of Microsoft's `winerror.h` and Apple's `SecBase.h`.
truststore is pinned below 0.11 in pyproject.toml because the call is private. On Linux nothing here is used.
"""

import importlib
import ssl
import sys
from collections.abc import Sequence

from wire.vocabulary import Trust

_WINDOWS: dict[int, Trust] = {
    0x800B0109: "no_root",  # CERT_E_UNTRUSTEDROOT
    0x800B010A: "incomplete",  # CERT_E_CHAINING
    0x800B0101: "expired",  # CERT_E_EXPIRED, also for not yet valid
    0x800B010F: "name",  # CERT_E_CN_NO_MATCH
}
_MACOS: dict[int, Trust] = {
    -67843: "no_root",  # errSecNotTrusted
    -25318: "incomplete",  # errSecCreateChainFailed
    -67818: "expired",  # errSecCertificateExpired
    -67819: "expired",  # errSecCertificateNotValidYet
    -67602: "name",  # errSecHostNameMismatch
}


def available() -> bool:
    """Return whether this platform's own verifier is to be used instead of OpenSSL."""
    return sys.platform in {"win32", "darwin"}


def verify_by_platform(chain: Sequence[bytes], host: str) -> Trust:
    """Return what the operating system makes of `chain` (DER, leaf first) for `host`, now. Never raises; may fetch a missing issuer."""
    if not chain:
        return "unchecked"
    name = "truststore._windows" if sys.platform == "win32" else "truststore._macos"
    try:
        verifier = importlib.import_module(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        verifier._verify_peercerts_impl(context, list(chain), host)  # noqa: SLF001 - no public call takes a captured chain
    except ssl.SSLCertVerificationError as error:
        code = int(getattr(error, "verify_code", 0))
        return _WINDOWS.get(code & 0xFFFF_FFFF, _MACOS.get(code, "policy"))
    except Exception:  # noqa: BLE001 - a missing package, a missing system library: the check could not run
        return "unchecked"
    return "trusted"
