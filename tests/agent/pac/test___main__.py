"""The child as a program: an answer to every line, and what it gave up before it read the first script."""

import json
import subprocess
import sys

import pytest

from agent.pac.__main__ import ASKED, Child
from tests.tree import ROOT

REQUEST = {"op": "pac", "url": "https://a.test/", "host": "a.test", "names": {}, "mine": [], "now": [0, 0]}


def told(*lines: bytes) -> tuple[list[dict[str, object]], bytes]:
    """Return the program's answers to these lines, and what it wrote to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "agent.pac"], input=b"\n".join(lines), capture_output=True, timeout=60, check=True, cwd=ROOT
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_one_answer_for_each_line() -> None:
    """Rubbish is answered too, and the script stays until the next."""
    script = json.dumps({"script": "function FindProxyForURL() { return 'DIRECT'; }"}).encode()
    question = json.dumps(REQUEST).encode()
    answers, errors = told(b"rubbish", b"[]", b"{}", b'{"op": "pac"}', question, script, question, question)
    assert [sorted(one) for one in answers[:4]] == [["error", "text"]] * 4
    assert answers[4:] == [{"error": "no_function"}, {"kept": True}, {"found": "DIRECT"}, {"found": "DIRECT"}]
    assert errors == b""


def test_faults_are_answers() -> None:
    """A request without its parts is a fault by name, not a traceback."""
    assert Child().answer({"op": "pac"}) == {"error": "fault", "text": "KeyError"}


def test_engines_are_renewed() -> None:
    """After so many questions, after a failure and with another script a file is read anew."""
    child = Child()
    child.answer({"script": "var n = 0; function FindProxyForURL(url, host) { if (host == 'bad') throw 1; return '' + ++n; }"})
    assert [child.answer(REQUEST)["found"] for _ in range(ASKED + 1)] == [*map(str, range(1, ASKED + 1)), "1"]
    assert child.answer(REQUEST | {"host": "bad"})["error"] == "threw"
    assert child.answer(REQUEST)["found"] == "1"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits of this kind")
def test_what_the_process_gave_up() -> None:
    """After its limits the process can open no file and no socket, and CPU has an end."""
    code = """
import resource, socket
from agent.pac.__main__ import allow_cpu, limit_this_process
limit_this_process()
allow_cpu()
print(resource.getrlimit(resource.RLIMIT_CPU)[0] in (1, 2, 3), resource.getrlimit(resource.RLIMIT_AS)[0] >> 20)
for act in (lambda: open('/etc/hostname'), socket.socket):
    try:
        act()
    except OSError as error:
        print(error.errno)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["True 256", "24", "24"]  # EMFILE
