"""Asking about PAC files with the real child: hostile ones cost a reason, and the next request works."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import pytest

from agent.pac.asking import GIVE_UP, MAX_NAMES, Evaluator, PacAnswer, PacFile
from tests.tree import ROOT

URL, HOST = "https://www.a.test/", "www.a.test"


def file(body: str) -> PacFile:
    """Return a file with this body of FindProxyForURL."""
    return PacFile(f"function FindProxyForURL(url, host) {{ {body} }}")


class Names:
    """A table of names that keeps what was asked."""

    def __init__(self, **names: str) -> None:
        self._names = names
        self.asked: list[str] = []

    async def __call__(self, name: str) -> Sequence[str]:
        """Return the name's one address, or none."""
        self.asked.append(name)
        return [self._names[name]] if name in self._names else []


@pytest.fixture
async def evaluator() -> AsyncIterator[Evaluator]:
    """Return an evaluator with the real child."""
    made = Evaluator()
    yield made
    await made.close()


async def ask(evaluator: Evaluator, one: PacFile, names: Names | None = None) -> PacAnswer:
    """Ask about the usual URL."""
    return await evaluator.find(one, URL, HOST, ["10.10.2.20"], names or Names())


async def test_answers(evaluator: Evaluator) -> None:
    """Two files in turn are told apart by one child."""
    one, two = file("return 'PROXY a.test:1'"), file("return 'DIRECT'")
    assert [(await ask(evaluator, each)).found for each in (one, two, one)] == ["PROXY a.test:1", "DIRECT", "PROXY a.test:1"]
    assert evaluator._child.started == 1


async def test_names_on_demand(evaluator: Evaluator) -> None:
    """Only the names a file really asks for are looked up, each once, and its answer follows from them."""
    names = Names(**{"www.a.test": "10.1.2.3"})
    wanted = file("if (isInNet(host, '10.0.0.0', '255.0.0.0') && !isResolvable('b.test')) return 'DIRECT'; return 'PROXY p.test:1'")
    assert await ask(evaluator, wanted, names) == PacAnswer("DIRECT")
    assert sorted(names.asked) == ["b.test", "www.a.test"]


@pytest.mark.parametrize(
    "body", ["for (var i = 0; ; i++) dnsResolve('n' + i)", "for (var i = 0; i < 9; i++) if (!dnsResolve(Math.random() + '')) break"]
)
async def test_too_many_names(evaluator: Evaluator, body: str) -> None:
    """A file that asks for ever other names is given up, after a bounded number of lookups."""
    names = Names()
    assert (await ask(evaluator, file(body), names)).failure == "too_many_names"
    assert len(names.asked) <= MAX_NAMES


@pytest.mark.parametrize(
    ("body", "failures"),
    [
        ("for (;;);", {"loop", "killed"}),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", {"killed"}),
        ("throw {toString() { for (;;); }}", {"killed"}),
        ("for (var a = []; ; ) a.push('x'.repeat(1000))", {"memory", "killed"}),
        ("return FindProxyForURL(url, host)", {"recursion"}),
        ("return 'x'.repeat(1e7)", {"too_long"}),
        ("throw 'x'.repeat(1e7)", {"threw"}),
    ],
)
async def test_hostile_files(evaluator: Evaluator, body: str, failures: set[str]) -> None:
    """Whatever a file does it is a reason, and the next file is answered. On a busy machine the kill may come before the engine's limit."""
    assert (await ask(evaluator, file(body))).failure in failures
    assert await ask(evaluator, file("return 'DIRECT'")) == PacAnswer("DIRECT")


async def test_a_hopeless_file_is_given_up(evaluator: Evaluator) -> None:
    """After a few killed runs no child is started for that file any more; another file is not concerned."""
    hopeless = file("/^(a+)+$/.test('a'.repeat(40) + 'b')")
    hopeless.hopeless = GIVE_UP - 1
    assert (await ask(evaluator, hopeless)).failure == "killed"
    started = evaluator._child.started
    assert "given up" in (await ask(evaluator, hopeless)).text
    assert evaluator._child.started == started
    assert (await ask(evaluator, file("return 'DIRECT'"))).found == "DIRECT"


@pytest.mark.parametrize(
    "code", ["raise SystemExit(1)", "input(); print('{}', flush=True); input(); print('{\"need\": 5}', flush=True); input()"]
)
async def test_a_broken_child(code: str) -> None:
    """A child that does not start or talks nonsense is a reason too."""
    evaluator = Evaluator((sys.executable, "-c", code))
    assert (await ask(evaluator, file("return 'DIRECT'"))).failure in {"fault", "too_many_names"}
    await evaluator.close()


def test_digest() -> None:
    """Files are told apart by their text, any text."""
    assert PacFile("a").digest != PacFile("b").digest
    assert len(PacFile("\ud800").digest) == 16


def test_no_engine_is_imported() -> None:
    """The engine's megabytes and its faults stay with the child."""
    code = "import sys, agent.pac.asking; print([name for name in ('quickjs', 'agent.pac.engine') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
