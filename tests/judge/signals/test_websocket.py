"""Holds judge/signals/websocket.py: the upgrade, and the idle minute."""

from dataclasses import replace
from typing import Any

from judge.signals.websocket import signal
from tests.fakes.examined import M365, Round, leaf
from wire.facts import WebFacts, WebsocketFacts
from wire.vocabulary import Trust


def said(centre: Trust | None, *, plain: bool = False, **fields: Any) -> list[str]:
    """Return what is said of an upgrade under a chain the centre says this of."""
    made = Round().see(WebFacts(target=M365)) if plain else Round()
    facts = WebsocketFacts(target=M365.model_copy(update={"protocol": "wss"}), **fields)
    if centre is None:
        made.see(facts)
    else:
        made.chain(leaf(M365.host), centre)
        made.seen[-1] = replace(made.seen[-1], facts=facts)
    return [name for _, name in made.names(signal)]


def test_up() -> None:
    """A valid 101 got through; losing it in an idle minute is told beside it."""
    assert said("trusted", upgraded=True, status=101, idle="alive") == ["websocket_up"]
    assert said("trusted", upgraded=True, status=101, idle="lost") == ["websocket_up", "websocket_idle_lost"]


def test_refused() -> None:
    """Under its own certificate the server refuses itself; under another's it is blocked."""
    assert said("trusted", status=401) == ["websocket_declined"]
    assert said("no_root", status=426) == ["websocket_blocked"]


def test_cut() -> None:
    """Cut at the upgrade is the path's where plain requests are answered; else nobody knows."""
    cut: dict[str, Any] = {"failure": "reset", "stage": "first_byte"}
    assert said("trusted", plain=True, **cut) == ["websocket_blocked"]
    assert said("trusted", **cut) == ["websocket_cut"]


def test_before_the_upgrade_it_is_reach() -> None:
    """What failed before the upgrade is told by `reach`."""
    assert said(None, failure="refused", stage="connect") == []
