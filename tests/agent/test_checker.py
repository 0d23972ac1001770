"""Holds agent/checker.py: one child for a round, answers kept for a day, and no failure of the child is more than `unchecked`."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.checker import Checker
from tests.fakes.pki import NOW, Authority, name
from wire.facts import ChainTrust
from wire.plan import Envelope

HOST = "outlook.office365.com"
ROOT = Authority(name(CN="Checker Root"), "checker root")
CHAIN = [ROOT.leaf(HOST)]
UNCHECKED = ChainTrust(os="unchecked", public="unchecked")
DAY = 86_400.0


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """Return the path of a bundle with the laboratory's root."""
    path = tmp_path / "roots.pem"
    path.write_bytes(ROOT.pem)
    return str(path)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still until a test moves it."""
    return Clock()


@pytest.fixture
async def checker(bundle: str, clock: Clock) -> AsyncIterator[Checker]:
    """Return a checker with a real child."""
    made = Checker(bundle, bundle, timeout_s=60, idle_s=600, now=clock, now_ns=lambda: int(NOW.timestamp()) * 10**9)
    yield made
    await made.close()


def scripted(code: str, clock: Clock, timeout_s: float = 60) -> Checker:
    """Return a checker whose child is a few lines of Python."""
    return Checker(timeout_s=timeout_s, idle_s=600, now=clock, command=(sys.executable, "-c", code))


async def test_one_child_for_concurrent_requests(checker: Checker) -> None:
    """Requests of one round share a child, and equal ones are asked once."""
    hosts = [HOST, HOST, "other.example", HOST]
    results = await asyncio.gather(*(checker.check(CHAIN, host) for host in hosts))
    assert [one.os for one in results] == ["trusted", "trusted", "name", "trusted"]
    assert results[0].os_roots == results[0].public_roots == checker.overrides().os
    assert checker.started == 1


async def test_answers_hold_for_a_day(bundle: str, clock: Clock) -> None:
    """Within a day an answer is not asked for again; after it, it is."""
    echo = 'import sys\nfor n, _ in enumerate(sys.stdin):\n print(\'{"os":"trusted","public":"trusted","engine":"%d"}\' % n, flush=True)'
    checker = scripted(echo, clock)
    first = await checker.check(CHAIN, HOST)
    clock.now += DAY - 1
    assert await checker.check(CHAIN, HOST) == first
    clock.now += 1
    assert (await checker.check(CHAIN, HOST)).engine == "1" != first.engine
    await checker.close()


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(1)",
        "input(); print('rubbish', flush=True); input()",
        "input(); print('[]', flush=True); input()",
        'input(); print(\'{"os": "splendid"}\', flush=True); input()',
    ],
)
async def test_a_broken_child_is_unchecked(code: str, clock: Clock) -> None:
    """A child that ends, talks rubbish or invents words costs the word `unchecked`, and is told as a sentence."""
    checker = scripted(code, clock)
    assert await checker.check(CHAIN, HOST) == UNCHECKED
    await checker.close()


async def test_a_silent_child_is_given_up_and_rested_from(clock: Clock) -> None:
    """A child that never answers is ended at the time limit; for a minute no other is started, then one is."""
    checker = scripted("import time; time.sleep(600)", clock, timeout_s=0.05)
    assert await checker.check(CHAIN, HOST) == UNCHECKED
    assert "TimeoutError while checking" in checker.failure
    assert await checker.check(CHAIN, HOST) == UNCHECKED
    assert checker.started == 1
    clock.now += 60
    assert await checker.check(CHAIN, HOST) == UNCHECKED
    assert checker.started == 2
    await checker.close()


async def test_no_such_program(clock: Clock) -> None:
    """A child that cannot be started is the same as one that does not answer."""
    checker = Checker(now=clock, command=("/nonexistent/python",))
    assert await checker.check(CHAIN, HOST) == UNCHECKED


async def test_unreadable_bundle_is_told(tmp_path: Path, clock: Clock) -> None:
    """A missing bundle leaves chains unchecked and says which file and setting."""
    checker = Checker(str(tmp_path / "none.pem"), None, timeout_s=60, now=clock)
    assert await checker.check(CHAIN, HOST) == UNCHECKED
    assert "none.pem" in checker.failure
    with pytest.raises(OSError, match=r"none\.pem"):
        checker.overrides()
    await checker.close()


async def test_empty_chain_starts_nothing(checker: Checker) -> None:
    """Without certificates there is nothing to check and no child is started."""
    assert await checker.check([], HOST) == UNCHECKED
    assert checker.started == 0


async def test_plans(checker: Checker) -> None:
    """A signed plan is good; a changed one comes back as a sentence."""
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    keys = {"fleet": base64.b64encode(key.public_key().public_bytes_raw()).decode()}
    good = Envelope(body="{}", key_id="fleet", signature=base64.b64encode(key.sign(b"{}")).decode())
    assert await checker.check_plan(good, keys) is None
    assert "does not match the plan" in str(await checker.check_plan(good.model_copy(update={"body": "{ }"}), keys))
    assert "not trusted here" in str(await checker.check_plan(good, {}))


def test_no_cryptography_is_imported() -> None:
    """The checker stays small: none of the heavy packages come with it."""
    code = "import sys, agent.checker; sys.exit(any(m.split('.')[0] in {'cryptography','OpenSSL','judge','certifi'} for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_reflectors_signature(bundle: str) -> None:
    """Good, bad and absent are told apart; a statement known to be signed is not checked for an hour; without a key nothing is."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    clock = Clock()
    checker = Checker(bundle, bundle, now=clock)
    signature = base64.b64encode(key.sign(b"body")).decode()
    try:
        assert await checker.check_answer(public, b"same", b"other body", signature) == "bad"
        assert await checker.check_answer(public, b"same", b"body", "nonsense") == "bad"
        assert await checker.check_answer("nonsense", b"same", b"body", signature) == "bad"
        assert await checker.check_answer(public, b"same", b"body", signature) == "ok"
        assert await checker.check_answer(public, b"same", b"other body", signature) == "ok"
        clock.now += 3600.0
        assert await checker.check_answer(public, b"same", b"other body", signature) == "bad"
        assert await checker.check_answer(public, b"same", b"body", "") == "absent"
        assert await checker.check_answer("", b"same", b"body", signature) == ""
    finally:
        await checker.close()
