"""Holds agent/child.py: its answers, and that every line gets one."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import child
from tests.fakes.pki import END, NOW, Authority, Style, name

HOST = "outlook.office365.com"
ROOT = Authority(name(CN="Child Root"), "child root")
DEVICE = Authority(name(CN="Child Device"), "child device", plain=True)
AT = int(NOW.timestamp()) * 10**9
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEYS = {"fleet": base64.b64encode(KEY.public_key().public_bytes_raw()).decode()}


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, str]:
    """Return bundles of a machine that trusts the device, and of public roots that do not."""
    (tmp_path / "os.pem").write_bytes(ROOT.pem + DEVICE.pem)
    (tmp_path / "public.pem").write_bytes(ROOT.pem)
    return {"os_roots": str(tmp_path / "os.pem"), "public_roots": str(tmp_path / "public.pem")}


def chain(*ders: bytes) -> dict[str, Any]:
    """Return a chain request."""
    return {"op": "chain", "chain": [base64.b64encode(der).decode() for der in ders], "host": HOST, "at_ns": AT}


def envelope(body: str, key: Ed25519PrivateKey = KEY, key_id: str = "fleet") -> dict[str, Any]:
    """Return a plan request, signed."""
    signed = {"body": body, "key_id": key_id, "signature": base64.b64encode(key.sign(body.encode())).decode()}
    return {"op": "plan", "envelope": signed, "keys": KEYS}


def test_clean_and_inspected(roots: dict[str, str]) -> None:
    """A public chain is trusted twice; a device's is trusted by the machine alone, also when it sends nothing but the leaf."""
    clean = child.answer(chain(ROOT.leaf(HOST)) | roots)
    assert (clean["os"], clean["public"], clean["engine"]) == ("trusted", "trusted", "openssl")
    minted = child.answer(chain(DEVICE.leaf(HOST, Style(("SAN",)))) | roots)
    assert (minted["os"], minted["public"]) == ("trusted", "no_root")
    assert len(str(clean["os_roots"])) == len(str(clean["public_roots"])) == 16
    assert clean["os_roots"] != clean["public_roots"]


def test_time_is_the_requests(roots: dict[str, str]) -> None:
    """Validity is judged at the time of measurement, not of checking, request by request."""
    late = chain(ROOT.leaf(HOST)) | roots | {"at_ns": int(END.timestamp() + 1) * 10**9}
    assert child.answer(late)["os"] == "expired"
    assert child.answer(chain(ROOT.leaf(HOST)) | roots)["os"] == "trusted"


def test_default_roots() -> None:
    """Without overrides the machine's bundle and certifi's are used, and refuse a laboratory's root."""
    answer = child.answer(chain(ROOT.leaf(HOST), ROOT.der))
    assert answer["public"] == "no_root"
    assert answer["public_roots"]


def test_directory_of_roots(roots: dict[str, str]) -> None:
    """A directory of PEM files is a bundle too."""
    folder = str(Path(roots["os_roots"]).parent)
    assert child.answer(chain(DEVICE.leaf(HOST)) | roots | {"os_roots": folder})["os"] == "trusted"


def test_unreadable_bundle(roots: dict[str, str], tmp_path: Path) -> None:
    """A bundle that is not there is told by name and remedy."""
    answer = child.answer(chain(ROOT.leaf(HOST)) | roots | {"os_roots": str(tmp_path / "none.pem")})
    assert "none.pem: No such file or directory; name a readable PEM file in [trust]" in str(answer["error"])


def test_good_plan() -> None:
    """A plan signed by a trusted key is good, to the last character of any alphabet."""
    assert child.answer(envelope('{"version": 1, "site": "Zürich"}')) == {"ok": True}


def test_bad_plans() -> None:
    """A changed body, another key, an unknown key, an unreadable signature and a broken key are each told."""
    good = envelope("{}")
    changed = good | {"envelope": good["envelope"] | {"body": "{ }"}}
    garbled = good | {"envelope": good["envelope"] | {"signature": "?"}}
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    for request in (changed, garbled, envelope("{}", other)):
        assert "does not match the plan" in str(child.answer(request)["error"])
    assert "key 'old', which is not trusted here; trusted keys in [plan] keys: fleet" in str(
        child.answer(envelope("{}", key_id="old"))["error"]
    )
    assert "plan.keys.fleet: not an Ed25519 public key" in str(child.answer(good | {"keys": {"fleet": "AAAA"}})["error"])


def test_rubbish_is_answered() -> None:
    """Unknown operations and requests without their parts are answered with a sentence, not a traceback."""
    assert "is no operation" in str(child.answer({"op": "reboot"})["error"])
    assert "KeyError in a chain request" in str(child.answer({"op": "chain"})["error"])


def test_one_answer_for_each_line(roots: dict[str, str]) -> None:
    """The program answers line by line, rubbish too, and ends with its input."""
    lines = [json.dumps(chain(ROOT.leaf(HOST)) | roots), "rubbish", "[]", json.dumps(envelope("{}"))]
    done = subprocess.run(
        [sys.executable, "-m", "agent.child"], input="\n".join(lines).encode(), capture_output=True, timeout=60, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [("public" in one, "error" in one, one.get("ok")) for one in answers] == [
        (True, False, None),
        (False, True, None),
        (False, True, None),
        (False, False, True),
    ]
    assert done.stderr == b""
