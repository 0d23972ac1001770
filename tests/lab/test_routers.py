"""The `path` probe's trace against three real routers and what may stand between them. Needs root on Linux: network namespaces."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lab.routers import BOX, SERVER, SERVER6, SPLITTER
from tests.tree import ROOT

Ask = Callable[..., dict[str, Any]]
SPLIT = f"type nat hook prerouting priority -100; tcp dport 443 redirect to :{SPLITTER}"
FORWARD = "type filter hook forward priority 0; "
WAY = ["10.0.1.2", "10.0.2.2", "203.0.113.2", SERVER]
NOWHERE = "192.0.2.1:443"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="network namespaces need root on Linux"),
    pytest.mark.programs,
]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Build the row of routers once; give a function that sets it up and traces."""
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-P", "tests/lab/routers.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, env=environment, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        given, told = process.stdin, process.stdout
        assert told.readline() == "ready\n"

        def one(**asked: Any) -> dict[str, Any]:
            given.write(json.dumps({"settings": {"control_port": 80}} | asked) + "\n")
            given.flush()
            answer: dict[str, Any] = json.loads(told.readline())
            assert "broken" not in answer, answer
            return answer

        yield one
        given.close()


def test_clean_path(ask: Ask) -> None:
    """Four hops on both ports, each router by name, the kernel's round trips, and nobody at the address nobody owns."""
    seen = ask(settings={"control_port": 80, "unroutable": NOWHERE})
    assert (seen["ends_at"], seen["control_ends_at"], seen["hops"]) == (4, 4, WAY)
    assert (seen["unroutable"], seen["failure"], seen["method"]) == ("silent", None, "linux-ttl")
    assert (seen["mss"], seen["sack"], seen["timestamps"], seen["scaling"]) == (1448, True, True, True)
    assert all(seen[name] is not None for name in ("connect_ms", "control_ms", "icmp_ms"))
    assert set(seen["hop_ms"]) == set(WAY[:3])


def test_splitter(ask: Ask) -> None:
    """Whoever takes 443 at the second hop is nearer than the control port's end, is named, and accepts for an address nobody owns."""
    seen = ask(box=SPLIT, settings={"control_port": 80, "unroutable": NOWHERE})
    assert (seen["ends_at"], seen["control_ends_at"], seen["hops"]) == (2, 4, WAY)
    assert seen["unroutable"] == "accepted"
    assert seen["unroutable_ms"] < 100
    assert seen["failure"] is None


def test_closed_control_port(ask: Ask) -> None:
    """A control port where nobody listens still tells how far away its refusal comes from; a filtered one tells nothing."""
    seen = ask(settings={"control_port": 8081})
    assert (seen["ends_at"], seen["control_port"], seen["control_ends_at"]) == (4, 8081, 4)
    assert seen["control_ms"] is not None
    seen = ask(box=FORWARD + "tcp dport 8081 drop", settings={"control_port": 8081})
    assert (seen["ends_at"], seen["control_ends_at"], seen["control_ms"], seen["failure"]) == (4, None, None, None)


def test_clamped_segments(ask: Ask) -> None:
    """A router that rewrites the segment size is seen in what the handshake agreed on; taken options likewise."""
    assert ask(box=FORWARD + "tcp flags syn tcp option maxseg size set 1360")["mss"] == 1348
    seen = ask(box=FORWARD + "tcp flags syn reset tcp option timestamp; tcp flags syn reset tcp option sack-perm")
    assert (seen["sack"], seen["timestamps"], seen["scaling"]) == (False, False, True)


def test_silent_router(ask: Ask) -> None:
    """A router that sends no ICMP is an empty hop and moves nothing."""
    seen = ask(r1="type filter hook output priority 0; icmp type time-exceeded drop")
    assert (seen["ends_at"], seen["control_ends_at"], seen["hops"]) == (4, 4, ["", *WAY[1:]])


def test_lost_packet(ask: Ask) -> None:
    """A SYN lost at the last hop does not move the end: the hop below is asked again."""
    # The first SYN that would just reach the server (3 hops left behind r1) is dropped, and none after it.
    seen = ask(r1=FORWARD + "ip ttl 3 tcp dport 443 tcp flags syn limit rate 1/hour burst 1 packets drop")
    assert (seen["ends_at"], seen["hops"]) == (4, WAY)


def test_blocked(ask: Ask) -> None:
    """A port that is dropped on its way is a timeout that shows how far packets came; one that is refused there tells the hop."""
    seen = ask(box=FORWARD + "tcp dport 443 drop", limit_s=1.0)
    assert (seen["failure"], seen["stage"], seen["ends_at"], seen["control_ends_at"]) == ("timeout", "connect", None, 4)
    assert seen["hops"][:2] == WAY[:2]
    seen = ask(box=FORWARD + "tcp dport 443 reject with tcp reset")
    assert (seen["failure"], seen["ends_at"], seen["control_ends_at"]) == ("refused", 3, 4)
    seen = ask(box=FORWARD + "tcp dport 443 reject with icmpx admin-prohibited")
    assert (seen["failure"], seen["ends_at"], seen["hops"][:2]) == ("unreachable", None, WAY[:2])


def test_control_port_where_a_device_takes_only_that(ask: Ask) -> None:
    """A device on the control port alone is nearer there, and the target's own end is further."""
    seen = ask(box=SPLIT.replace("443", "80"))
    assert (seen["ends_at"], seen["control_ends_at"], seen["hops"]) == (4, 2, WAY)


def test_ipv6(ask: Ask) -> None:
    """The same over IPv6: distance, routers, splitter."""
    seen = ask(address=SERVER6)
    assert (seen["ends_at"], seen["control_ends_at"]) == (4, 4)
    assert seen["hops"] == ["fd00:1::2", "fd00:2::2", "2001:db8:113::2", SERVER6]
    assert (seen["mss"], seen["icmp_ms"] is None) == (1428, False)
    seen = ask(address=SERVER6, box=SPLIT)
    assert (seen["ends_at"], seen["control_ends_at"]) == (2, 4)


def test_its_own_router(ask: Ask) -> None:
    """A target on a router itself ends there."""
    seen = ask(address=BOX, port=SPLITTER)
    assert (seen["ends_at"], seen["hops"]) == (2, ["10.0.1.2", BOX])
