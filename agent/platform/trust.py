"""Chain verification by Windows and macOS, through truststore's private verifier. The only file that makes that call.

NOT RUN where this was written (Linux only): see `docs/platforms.md`. What the systems' error codes mean is in their own files.
truststore is pinned below 0.11 in pyproject.toml because the call is private. On Linux nothing here is used.
"""

import importlib
import ssl
import sys
from collections.abc import Sequence

from agent.platform import macos, windows
from wire.vocabulary import Trust


def available() -> bool:
    """Return whether this platform's own verifier is to be used instead of OpenSSL."""
    return sys.platform in {"win32", "darwin"}


def verify_by_platform(chain: Sequence[bytes], host: str) -> Trust:
    """Return what the operating system makes of `chain` (DER, leaf first) for `host`, now. Never raises; may fetch a missing issuer."""
    if not chain:
        return "unchecked"
    name = windows.VERIFIER if sys.platform == "win32" else macos.VERIFIER
    try:
        verifier = importlib.import_module(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        verifier._verify_peercerts_impl(context, list(chain), host)  # noqa: SLF001 - no public call takes a captured chain
    except ssl.SSLCertVerificationError as error:
        code = int(getattr(error, "verify_code", 0))
        return (windows.TRUST_CODES | macos.TRUST_CODES).get(code & 0xFFFF_FFFF, "policy")
    except Exception:  # noqa: BLE001 - a missing package, a missing system library: the check could not run
        return "unchecked"
    return "trusted"
