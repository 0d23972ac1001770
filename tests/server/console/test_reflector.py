"""The reflector on a real socket: what it tells is what was sent, byte for byte, in order and case."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.console.listening import listen
from server.console.origins import Origin, Origins
from server.console.reflector import MAX_HEADERS, PATH, SIGNATURE, Reflector


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Give the port of a running reflector."""
    async with contextlib.AsyncExitStack() as stack:
        yield await listen("reflector.listen", "127.0.0.1:0", stack, Reflector().add)


async def asked(port: int, *lines: str, path: str = PATH) -> tuple[str, dict[str, object]]:
    """Send a request with these header lines as they are; return the answer's head and JSON."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""])
    writer.write(request.encode("latin-1"))
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, json.loads(body) if body.startswith("{") else {}


async def test_order_and_case(port: int) -> None:
    """Names keep their case, repeated ones their place, and bytes that are not ASCII arrive as Latin-1."""
    lines = ["hOsT: reflect.example", "X-mW-cAnArY: one", "Accept-Encoding: identity", "X-mW-cAnArY: two", "x-none:", "X-L: caf\xe9"]
    head, answer = await asked(port, *lines)
    assert head.startswith("HTTP/1.1 200 ")
    assert "no-store" in head
    assert answer == {"address": "127.0.0.1", "headers": [*lines[:4], "x-none: ", lines[5], "Connection: close"]}


async def test_bounds(port: int) -> None:
    """It tells at most so many headers, each cut at 256 characters, whatever was sent."""
    many = [f"X-{number}: {number}" for number in range(MAX_HEADERS + 10)]
    _, answer = await asked(port, "Host: a", *many)
    assert answer["headers"] == ["Host: a", *many][:MAX_HEADERS]
    _, answer = await asked(port, "Host: a", f"X-Long: {'x' * 4000}")
    assert isinstance(answer["headers"], list)
    assert [len(line) for line in answer["headers"]] == [7, 256, 17]


async def test_nothing_else_is_there(port: int) -> None:
    """Another path is not found; the reflector's port serves no page of the centre."""
    for path in ("/", "/healthz", "/metrics"):
        head, _ = await asked(port, "Host: a", path=path)
        assert head.startswith("HTTP/1.1 404 "), path


async def test_signed_for_who_asks() -> None:
    """With a key the body is signed with the asker's nonce in it, and says who announces the address; a nonce of other letters is none."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    reflector = Reflector(key.sign, Origins([("127.0.0.0/8", Origin(64496, "Example"))]))
    async with contextlib.AsyncExitStack() as stack:
        port = await listen("reflector.listen", "127.0.0.1:0", stack, reflector.add)
        head, answer = await asked(port, "Host: a", path=f"{PATH}?nonce=abc-_9")
        signature = next(line.partition(": ")[2] for line in head.splitlines() if line.startswith(SIGNATURE))
        key.public_key().verify(base64.b64decode(signature), json.dumps(answer).encode())
        assert (answer["nonce"], answer["asn"], answer["as_name"]) == ("abc-_9", 64496, "Example")
        _, answer = await asked(port, "Host: a", path=f"{PATH}?nonce=%3Cscript%3E")
        assert "nonce" not in answer
