"""Opens the reflector's three places, HTTP, HTTPS and DNS, as the configuration says, with key and table. Only wiring lives here."""

import contextlib
import ssl
from dataclasses import dataclass
from pathlib import Path

from server.config import BadConfiguration, ReflectorSection
from server.console.listening import listen
from server.console.origins import load_origins
from server.console.reflector import Reflector, Sign
from server.console.whoami import listen_whoami
from server.fleet.plans import BadKey, private_key, public_text


@dataclass(frozen=True, slots=True)
class Reflecting:
    """The ports it is open on, 0 where it is not; `key` is the public half agents check with, 32 bytes in base64, empty without one."""

    port: int = 0
    secure_port: int = 0
    whoami_port: int = 0
    key: str = ""


async def reflecting(section: ReflectorSection, stack: contextlib.AsyncExitStack) -> Reflecting:
    """Open what is configured until the stack ends. Raises BadConfiguration."""
    sign, key = _signing(section.signing_key)
    reflector = Reflector(sign, load_origins(section.networks) if section.networks else None)
    tls = _tls(section) if section.secure_listen else None
    return Reflecting(
        await listen("reflector.listen", section.listen, stack, reflector.add),
        await listen("reflector.secure_listen", section.secure_listen, stack, reflector.add, tls=tls),
        await listen_whoami(section.whoami_listen, section.whoami_zone, stack),
        key,
    )


def _signing(file: Path | None) -> tuple[Sign | None, str]:
    if file is None:
        return None, ""
    try:
        key = private_key(file.read_bytes())
    except OSError as error:
        raise BadConfiguration([f"config: reflector.signing_key: {file} cannot be read ({error.strerror}); name an Ed25519 key"]) from None
    except BadKey as error:
        raise BadConfiguration([f"config: reflector.signing_key: {file} {error}"]) from None
    return key.sign, public_text(key)


def _tls(section: ReflectorSection) -> ssl.SSLContext:
    """Return the context that shows our certificate: HTTP/1.1 alone, for only there header names keep their case."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(str(section.certificate), str(section.key))
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "reason", None) or error.strerror or "unusable"
        sentence = (
            f"config: reflector.certificate: {section.certificate} and reflector.key {section.key} cannot be used together ({why}); "
            "write a PEM certificate chain and its own PEM key without a password"
        )
        raise BadConfiguration([sentence]) from None
    return context
