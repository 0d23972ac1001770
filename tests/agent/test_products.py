"""Known local products by what runs."""

import re

import pytest

from agent.platform.port import MarkKind
from agent.products import Mark, marks, products
from judge.knowledge.loader import load_knowledge


def test_the_agents_copy_is_the_judges_knowledge() -> None:
    """`products.csv` holds the marks that are switched on; run scripts/agent_data.py when this fails."""
    known = [one for one in load_knowledge().local if one.enabled and one.product]
    assert [(one.product, one.kind, one.system, one.name.pattern) for one in marks()] == [
        (one.product, one.kind, one.system, one.name) for one in known
    ]


@pytest.mark.parametrize(
    ("system", "kind", "name", "found"),
    [
        ("windows", "process", "zsatunnel.EXE", ["zscaler"]),
        ("windows", "process", "ZSATunnel.exe.bak", []),
        ("linux", "process", "ZSATunnel.exe", []),
        ("windows", "service", "ZSATunnel.exe", []),
        ("windows", "driver", "stadrv6x64", ["netskope"]),
        ("macos", "service", "com.netskope.client.auxsvc", ["netskope"]),
    ],
)
def test_names(system: str, kind: MarkKind, name: str, found: list[str]) -> None:
    """The whole name in any case, of the right kind, on the right system."""
    assert products(system, {kind: frozenset({name, "other"})}) == found


def test_linux_cuts_names() -> None:
    """A process of more than 15 characters is known by its first 15."""
    known = (Mark("secure", "process", "linux", re.compile("secure-web-gateway-agent")),)
    assert products("linux", {"process": frozenset({"secure-web-gate"})}, known) == ["secure"]
    assert products("linux", {"process": frozenset({"secure-web-gat"})}, known) == []
