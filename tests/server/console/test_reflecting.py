"""The reflector's three places, opened as configured."""

import asyncio
import contextlib
import ssl
import urllib.request
from pathlib import Path

import pytest
import trustme

from server.config import BadConfiguration, ReflectorSection
from server.console.reflecting import Reflecting, reflecting
from server.fleet.plans import make_key


async def test_off_by_default() -> None:
    """Without a configuration nothing is open and nothing is signed."""
    async with contextlib.AsyncExitStack() as stack:
        assert await reflecting(ReflectorSection(), stack) == Reflecting()


@pytest.fixture
def section(tmp_path: Path) -> ReflectorSection:
    """Return a configuration with all of it, on loopback."""
    leaf = trustme.CA().issue_cert("localhost")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    make_key(tmp_path / "sign.pem")
    (tmp_path / "networks.csv").write_text("127.0.0.0/8,64496\n")
    return ReflectorSection(
        listen="127.0.0.1:0",
        secure_listen="127.0.0.1:0",
        certificate=tmp_path / "both.pem",
        key=tmp_path / "both.pem",
        signing_key=tmp_path / "sign.pem",
        networks=tmp_path / "networks.csv",
        whoami_listen="127.0.0.1:0",
        whoami_zone="whoami.example",
    )


async def test_http_and_https_at_once(section: ReflectorSection) -> None:
    """Both answer at the same time, HTTPS in HTTP/1.1 only; the key's public half is told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with contextlib.AsyncExitStack() as stack:
        opened = await reflecting(section, stack)
        assert len({opened.port, opened.secure_port, opened.whoami_port, 0}) == 4
        assert len(opened.key) == 44

        for url, tls in ((f"http://127.0.0.1:{opened.port}", None), (f"https://127.0.0.1:{opened.secure_port}", context)):
            told = await asyncio.to_thread(_fetch, f"{url}/reflect?nonce=abc", tls)
            assert b'"asn": 64496' in told
        _, writer = await asyncio.open_connection("127.0.0.1", opened.secure_port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()
        with contextlib.suppress(ssl.SSLError):
            await writer.wait_closed()


def _fetch(url: str, context: ssl.SSLContext | None) -> bytes:
    with urllib.request.urlopen(url, timeout=5, context=context) as answer:  # noqa: S310 - loopback
        body: bytes = answer.read()
    return body


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signing_key": "none.pem"}, r"reflector\.signing_key: .* cannot be read"),
        ({"signing_key": "networks.csv"}, r"reflector\.signing_key: .* holds no PEM private key"),
        ({"key": "sign.pem"}, r"reflector\.certificate: .* cannot be used together"),
        ({"certificate": "none.pem"}, r"reflector\.certificate: .* cannot be used together \(No such file"),
    ],
)
async def test_files_that_cannot_be_used(section: ReflectorSection, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    """Each is one sentence that names the setting and the remedy."""
    bad = section.model_copy(update={name: tmp_path / file for name, file in changes.items()})
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(BadConfiguration, match=said):
            await reflecting(bad, stack)
