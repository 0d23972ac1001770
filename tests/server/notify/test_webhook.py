"""Holds server/notify/webhook.py: signed, repeatable, and every failure is an outcome without a secret."""

import asyncio
import json

import pytest

from server.notify.channel import Parcel
from server.notify.webhook import Webhook, is_signed, signature
from tests.fakes.notices import Receiver, receiving

SECRET = b"not a real secret"
PARCEL = Parcel("key-1", "Subject", "Text", {"key": "key-1", "subject": "Subject", "text": "Tëxt"})
NOW_S = 1_772_359_200


async def test_what_a_receiver_gets() -> None:
    """JSON, its key, and a signature the receiver can check; another secret, body or time does not fit."""
    receiver = Receiver()
    async with receiving(receiver):
        assert (await Webhook(receiver.url, SECRET, lambda: NOW_S * 10**9).send(PARCEL)).trouble == ""
    ((headers, body),) = receiver.got
    assert json.loads(body) == PARCEL.plain
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "key-1"
    signed = headers["Middlewatch-Signature"]
    assert is_signed(SECRET, signed, body, NOW_S + 299)
    assert not is_signed(b"another", signed, body, NOW_S)
    assert not is_signed(SECRET, signed, body + b" ", NOW_S)
    assert not is_signed(SECRET, signed, body, NOW_S + 301)
    assert not is_signed(SECRET, signed.replace(str(NOW_S), str(NOW_S + 1)), body, NOW_S)


@pytest.mark.parametrize("header", ["", "t=", "t=x,v1=", "v1=00", "t=1772359200", "t=1772359200,v1=zz", "t=-1,v1=00", "=,=,="])
def test_forged_headers(header: str) -> None:
    """Nothing that is not a signature is one."""
    assert not is_signed(SECRET, header, b"body", NOW_S)


def test_the_signature_is_plain_hmac() -> None:
    """By the example of docs/notifications.md, so that any language can check it."""
    assert signature(b"secret", 1, b"{}") == "t=1,v1=" + "1122767b193110cfec322b6f199b599edbf608ed087f2d27afb0b97d99523908"


@pytest.mark.parametrize(("status", "trouble", "wait"), [(201, "", 0), (302, "it answered 302", 0), (429, "it answered 429", 7)])
async def test_what_it_answers(status: int, trouble: str, wait: float) -> None:
    """Any 2xx took it; a redirect is not followed; Retry-After is passed on."""
    receiver = Receiver(answers=(status,))
    async with receiving(receiver):
        outcome = await Webhook(receiver.url, SECRET, lambda: 0).send(PARCEL)
    assert (outcome.trouble, outcome.retry_after_s) == (trouble, wait)


async def test_what_does_not_answer() -> None:
    """Nobody there, a server that hangs, one that closes: a sentence each, without the address."""
    receiver = Receiver(gate=asyncio.Event().wait)
    async with receiving(receiver):
        slow = await Webhook(receiver.url, SECRET, lambda: 0, timeout_s=0.05).send(PARCEL)
    gone = await Webhook(receiver.url, SECRET, lambda: 0).send(PARCEL)
    assert slow.trouble == "no answer within 0.05 s"
    assert gone.trouble.startswith("cannot be reached (")
